//! Whether a service could serve, and since when: what the bars of a status board are made of.
//!
//! A service's health is one of five words, and only its changes are kept. A start, a scale to zero and the time in
//! which nobody watched count neither for nor against it.

use serde::{Deserialize, Serialize};

use crate::time::UnixMillis;

/// How long a day is. Days are those of UTC.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A day with less time than this below the minimum is not a day with trouble: a scale out takes a moment, too.
const WORTH_A_MARK_MS: i64 = 60 * 1000;

/// How a service stands, by its running tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// It has as many running tasks as its minimum healthy percent asks for.
    Up,
    /// It runs, with fewer than that.
    Degraded,
    /// None of the tasks that it wants runs.
    Down,
    /// It wants none, or has not been up yet.
    Idle,
    /// Nobody watched.
    Unknown,
}

impl Health {
    /// The word that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Idle => "idle",
            Self::Unknown => "unknown",
        }
    }

    /// The health of a service that wants `desired` tasks, of which `minimum_percent` are to run at any time, and of
    /// which `running` do. What it was before decides whether few tasks are a start or a loss.
    #[must_use]
    pub fn of_service(before: Self, running: u32, desired: u32, minimum_percent: u32) -> Self {
        let needed = (u64::from(desired) * u64::from(minimum_percent)).div_ceil(100).max(1);
        match (desired, running) {
            (0, _) => Self::Idle,
            _ if u64::from(running) >= needed => Self::Up,
            _ if before == Self::Idle => Self::Idle,
            (_, 0) => Self::Down,
            _ => Self::Degraded,
        }
    }
}

/// From when on a service was how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthChange {
    pub at: UnixMillis,
    pub health: Health,
}

/// The last days of a service, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HealthHistory {
    /// The worst of each day; [`Health::Idle`] where it was neither up nor down, [`Health::Unknown`] where nobody
    /// watched all day.
    pub days: Vec<Health>,
    /// Hundredths of a percent of the time in which it was to serve and did; `None` when it never was to.
    pub availability: Option<u32>,
}

/// Reads the last `days` days, today among them, from `changes`, which are in the order of time.
#[must_use]
pub fn history(changes: &[HealthChange], now: UnixMillis, days: usize) -> HealthHistory {
    let today = now.0.div_euclid(DAY_MS);
    let first = today - i64::try_from(days).unwrap_or(0) + 1;
    let of_days: Vec<Times> =
        (first..=today).map(|day| Times::between(changes, day * DAY_MS, ((day + 1) * DAY_MS).min(now.0))).collect();
    let sum = of_days.iter().fold(Times::default(), |sum, day| sum.plus(*day));
    HealthHistory { days: of_days.into_iter().map(Times::worst).collect(), availability: sum.availability() }
}

/// Milliseconds in each health.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    up: i64,
    degraded: i64,
    down: i64,
    idle: i64,
}

impl Times {
    fn between(changes: &[HealthChange], from: i64, to: i64) -> Self {
        let mut times = Self::default();
        for (i, change) in changes.iter().enumerate() {
            let until = changes.get(i + 1).map_or(to, |next| next.at.0);
            let lasted = (until.min(to) - change.at.0.max(from)).max(0);
            match change.health {
                Health::Up => times.up += lasted,
                Health::Degraded => times.degraded += lasted,
                Health::Down => times.down += lasted,
                Health::Idle => times.idle += lasted,
                Health::Unknown => {}
            }
        }
        times
    }

    fn plus(self, other: Self) -> Self {
        Self {
            up: self.up + other.up,
            degraded: self.degraded + other.degraded,
            down: self.down + other.down,
            idle: self.idle + other.idle,
        }
    }

    fn worst(self) -> Health {
        if self.down > 0 {
            Health::Down
        } else if self.degraded >= WORTH_A_MARK_MS {
            Health::Degraded
        } else if self.up + self.degraded > 0 {
            Health::Up
        } else if self.idle > 0 {
            Health::Idle
        } else {
            Health::Unknown
        }
    }

    /// Rounded down, so that a lost second never reads as 100 %.
    fn availability(self) -> Option<u32> {
        let served = self.up + self.degraded;
        let wanted = served + self.down;
        (wanted > 0).then(|| u32::try_from(i128::from(served) * 10_000 / i128::from(wanted)).unwrap_or(10_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 60 * 60 * 1000;

    fn at(millis: i64, health: Health) -> HealthChange {
        HealthChange { at: UnixMillis(millis), health }
    }

    #[test]
    fn a_service_is_judged_by_its_minimum_healthy_percent() {
        for (before, running, desired, minimum, expected) in [
            (Health::Up, 4, 4, 100, Health::Up),
            (Health::Up, 2, 4, 50, Health::Up),
            (Health::Up, 2, 3, 50, Health::Up),
            (Health::Up, 1, 3, 50, Health::Degraded),
            (Health::Up, 0, 3, 50, Health::Down),
            (Health::Up, 0, 1, 0, Health::Down),
            (Health::Up, 0, 0, 100, Health::Idle),
            (Health::Idle, 0, 2, 100, Health::Idle),
            (Health::Idle, 1, 2, 100, Health::Idle),
            (Health::Idle, 2, 2, 100, Health::Up),
            (Health::Unknown, 0, 2, 100, Health::Down),
            (Health::Down, 1, 2, 100, Health::Degraded),
        ] {
            let found = Health::of_service(before, running, desired, minimum);
            assert_eq!(found, expected, "{before:?}, {running} of {desired} at {minimum} %");
        }
    }

    #[test]
    fn a_day_is_as_bad_as_its_worst_hour() {
        let changes = [
            at(0, Health::Up),
            at(DAY_MS + HOUR, Health::Down),
            at(DAY_MS + 2 * HOUR, Health::Up),
            at(2 * DAY_MS + HOUR, Health::Degraded),
            at(2 * DAY_MS + 2 * HOUR, Health::Up),
        ];
        let history = history(&changes, UnixMillis(3 * DAY_MS + HOUR), 4);
        assert_eq!(history.days, [Health::Up, Health::Down, Health::Degraded, Health::Up]);
        assert_eq!(history.availability, Some(9863), "72 of 73 hours");
    }

    #[test]
    fn an_outage_over_midnight_marks_both_days() {
        let changes = [at(0, Health::Up), at(DAY_MS - 1, Health::Down), at(DAY_MS + 1, Health::Up)];
        let history = history(&changes, UnixMillis(2 * DAY_MS - 1), 2);
        assert_eq!(history.days, [Health::Down, Health::Down]);
        assert_eq!(history.availability, Some(9999), "two milliseconds never read as 100 %");
    }

    #[test]
    fn a_moment_below_the_minimum_leaves_no_mark() {
        let changes = [at(0, Health::Up), at(HOUR, Health::Degraded), at(HOUR + 59_999, Health::Up)];
        assert_eq!(history(&changes, UnixMillis(2 * HOUR), 1).days, [Health::Up]);
    }

    #[test]
    fn time_that_nobody_watched_counts_neither_way() {
        let changes = [at(0, Health::Up), at(HOUR, Health::Unknown), at(2 * DAY_MS, Health::Up)];
        let history = history(&changes, UnixMillis(2 * DAY_MS + HOUR), 3);
        assert_eq!(history.days, [Health::Up, Health::Unknown, Health::Up]);
        assert_eq!(history.availability, Some(10_000));
    }

    #[test]
    fn a_service_that_never_was_to_serve_has_no_availability() {
        let idle = history(&[at(0, Health::Idle)], UnixMillis(HOUR), 2);
        assert_eq!(idle, HealthHistory { days: vec![Health::Unknown, Health::Idle], availability: None });
    }

    #[test]
    fn a_health_is_stored_as_it_is_serialised() {
        for health in [Health::Up, Health::Degraded, Health::Down, Health::Idle, Health::Unknown] {
            assert_eq!(serde_json::to_value(health).unwrap(), health.as_str());
        }
    }
}
