//! Ninety days as bars: high where there was trouble, low where there was none, a stub where nobody watched.

use std::fmt::Write as _;

use gantry_model::health::{Health, HealthHistory};
use leptos::prelude::*;

use crate::format::count;
use crate::state::State;

const STEP: usize = 4;

/// The bars with their figure; nothing for a service that was never watched.
#[component]
#[expect(clippy::needless_pass_by_value, reason = "a component owns its props")]
pub fn Days(
    /// The days, the oldest first.
    history: HealthHistory,
) -> impl IntoView {
    if history.days.is_empty() {
        return ().into_any();
    }
    let width = history.days.len() * STEP - 1;
    let bars: Vec<_> = [Health::Up, Health::Degraded, Health::Down, Health::Idle, Health::Unknown]
        .into_iter()
        .map(|health| {
            let path = bars_of(&history.days, health);
            view! { <path data-state=state(health).as_str() d=path /> }
        })
        .collect();
    let figure = history.availability.map_or("no record".to_owned(), percent);
    view! {
        <div class="days">
            <svg viewBox=format!("0 0 {width} 20") preserveAspectRatio="none" role="img" aria-label=in_words(&history.days)>
                {bars}
            </svg>
            <p><span>{count(i64::try_from(history.days.len()).unwrap_or(0), "day")}</span><span>{figure}</span></p>
        </div>
    }
    .into_any()
}

const fn state(health: Health) -> State {
    match health {
        Health::Up => State::Running,
        Health::Degraded => State::Draining,
        Health::Down => State::Failed,
        Health::Idle => State::Stopped,
        Health::Unknown => State::Unknown,
    }
}

/// The days of one health as one path: a bar three wide a day.
fn bars_of(days: &[Health], health: Health) -> String {
    let (top, height) = match health {
        Health::Down | Health::Degraded => (0, 20),
        Health::Up => (8, 12),
        Health::Idle | Health::Unknown => (16, 4),
    };
    let mut path = String::new();
    for (i, _) in days.iter().enumerate().filter(|(_, day)| **day == health) {
        // Writing to a string cannot fail.
        let _written = write!(path, "M{} {top}h3v{height}h-3z", i * STEP);
    }
    path
}

/// What a reader hears.
fn in_words(days: &[Health]) -> String {
    let of = |health: Health| i64::try_from(days.iter().filter(|day| **day == health).count()).unwrap_or(0);
    let all = count(i64::try_from(days.len()).unwrap_or(0), "day");
    match (of(Health::Down), of(Health::Degraded)) {
        (0, 0) => format!("{all}, none with trouble on record"),
        (down, degraded) => format!("{all}: {} down, {} below the minimum", count(down, "day"), count(degraded, "day")),
    }
}

/// `99.71 %` of hundredths of a percent.
fn percent(hundredths: u32) -> String {
    match (hundredths / 100, hundredths % 100) {
        (whole, 0) => format!("{whole}\u{a0}%"),
        (whole, rest) => format!("{whole}.{rest:02}\u{a0}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_apart_by_height_not_only_by_colour() {
        let days = [Health::Up, Health::Down, Health::Unknown];
        assert_eq!(bars_of(&days, Health::Up), "M0 8h3v12h-3z");
        assert_eq!(bars_of(&days, Health::Down), "M4 0h3v20h-3z");
        assert_eq!(bars_of(&days, Health::Unknown), "M8 16h3v4h-3z");
        assert_eq!(bars_of(&days, Health::Degraded), "");
    }

    #[test]
    fn the_bars_are_read_out_in_words() {
        assert_eq!(in_words(&[Health::Up, Health::Idle]), "2 days, none with trouble on record");
        assert_eq!(in_words(&[Health::Up, Health::Down]), "2 days: 1 day down, 0 days below the minimum");
    }

    #[test]
    fn availability_is_in_percent() {
        assert_eq!(percent(9971), "99.71\u{a0}%");
        assert_eq!(percent(9905), "99.05\u{a0}%");
        assert_eq!(percent(10_000), "100\u{a0}%");
    }
}
