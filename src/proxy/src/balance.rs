//! Which target gets the next request: pure but for the counters.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use gantry_model::load_balancing::{Algorithm, TargetState};

use crate::backend::Backend;

/// The turn and the dice of a group; they live on from table to table.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    next: AtomicUsize,
    dice: AtomicU64,
}

impl Turn {
    fn next(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// A number below `most`, evenly spread (SplitMix64).
    pub(crate) fn roll(&self, most: u64) -> u64 {
        const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.dice.fetch_add(GAMMA, Ordering::Relaxed).wrapping_add(GAMMA);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most.max(1)
    }
}

/// Those who may be chosen: the healthy ones, or all when none is (a load balancer "fails open"), but none of `tried`.
pub(crate) fn candidates<'b>(backends: &'b [Arc<Backend>], tried: &[Arc<Backend>]) -> Vec<&'b Arc<Backend>> {
    let untried = |backend: &&Arc<Backend>| !tried.iter().any(|other| Arc::ptr_eq(other, backend));
    let is_healthy = |backend: &&Arc<Backend>| backend.state() == TargetState::Healthy;
    let healthy: Vec<_> = backends.iter().filter(is_healthy).collect();
    if healthy.is_empty() {
        return backends.iter().filter(untried).collect();
    }
    let left: Vec<_> = healthy.into_iter().filter(untried).collect();
    if left.is_empty() { backends.iter().filter(untried).collect() } else { left }
}

/// One of `candidates`.
pub(crate) fn choose<'b>(
    candidates: &[&'b Arc<Backend>],
    algorithm: Algorithm,
    slow_start: Duration,
    turn: &Turn,
) -> Option<&'b Arc<Backend>> {
    let count = candidates.len();
    if count <= 1 {
        return candidates.first().copied();
    }
    match algorithm {
        Algorithm::RoundRobin => {
            for _ in 0..count {
                let next = candidates[turn.next() % count];
                let share = share_permille(next.healthy_for(), slow_start);
                if share >= 1000 || turn.roll(1000) < share {
                    return Some(next);
                }
            }
            Some(candidates[turn.next() % count])
        }
        Algorithm::LeastOutstanding => {
            // From a place that moves on, so that equals take turns.
            let first = turn.next() % count;
            let order = candidates[first..].iter().chain(&candidates[..first]);
            order.min_by_key(|backend| backend.in_flight()).copied()
        }
        Algorithm::Random => {
            let at = usize::try_from(turn.roll(u64::try_from(count).unwrap_or(1))).unwrap_or_default();
            Some(candidates[at])
        }
    }
}

/// The share, in thousandths, of a target that has been healthy for so long, where new ones are brought up slowly.
fn share_permille(healthy_for: Option<Duration>, slow_start: Duration) -> u64 {
    match healthy_for {
        Some(age) if age < slow_start => {
            let share = age.as_millis() * 1000 / slow_start.as_millis().max(1);
            // A new target gets a little from the beginning.
            u64::try_from(share).unwrap_or(1000).clamp(50, 1000)
        }
        _ => 1000,
    }
}

/// Which of `weights` is meant by a roll below their sum; none when all are nothing.
pub(crate) fn by_weight(weights: impl Iterator<Item = u32> + Clone, turn: &Turn) -> Option<usize> {
    let sum: u64 = weights.clone().map(u64::from).sum();
    if sum == 0 {
        return None;
    }
    let mut roll = turn.roll(sum);
    for (at, weight) in weights.enumerate() {
        let weight = u64::from(weight);
        if roll < weight {
            return Some(at);
        }
        roll -= weight;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_model::load_balancing::TargetKey;

    fn backends(states: &[TargetState]) -> Vec<Arc<Backend>> {
        let backend = |(at, state): (usize, &TargetState)| {
            let port = u16::try_from(at).unwrap() + 1;
            let key = TargetKey { group: "g".into(), id: "127.0.0.1".into(), port };
            Arc::new(Backend::new(key, ([127, 0, 0, 1], port).into(), *state))
        };
        states.iter().enumerate().map(backend).collect()
    }

    fn ports(chosen: &[&Arc<Backend>]) -> Vec<u16> {
        chosen.iter().map(|backend| backend.key.port).collect()
    }

    #[test]
    fn the_healthy_are_chosen_and_all_when_none_is() {
        use TargetState::{Healthy, Initial, Unhealthy};
        let some = backends(&[Unhealthy, Healthy, Initial, Healthy]);
        assert_eq!(ports(&candidates(&some, &[])), [2, 4]);
        assert_eq!(ports(&candidates(&some, &[Arc::clone(&some[1])])), [4]);
        let both = [Arc::clone(&some[1]), Arc::clone(&some[3])];
        assert_eq!(ports(&candidates(&some, &both)), [1, 3], "when the healthy were tried, the others are");
        assert_eq!(ports(&candidates(&backends(&[Unhealthy, Initial]), &[])), [1, 2]);
    }

    #[test]
    fn turns_are_even() {
        let three = backends(&[TargetState::Healthy; 3]);
        let all = candidates(&three, &[]);
        let turn = Turn::default();
        let mut counts = [0; 3];
        for _ in 0..300 {
            let chosen = choose(&all, Algorithm::RoundRobin, Duration::ZERO, &turn).unwrap();
            counts[usize::from(chosen.key.port) - 1] += 1;
        }
        assert_eq!(counts, [100, 100, 100]);
    }

    #[test]
    fn the_one_with_the_least_under_way_is_chosen() {
        let shared = crate::tests::shared();
        let two = backends(&[TargetState::Healthy; 2]);
        let all = candidates(&two, &[]);
        let _busy = two[0].begin(&shared);
        for _ in 0..5 {
            let chosen = choose(&all, Algorithm::LeastOutstanding, Duration::ZERO, &Turn::default()).unwrap();
            assert_eq!(chosen.key.port, 2);
        }
    }

    #[test]
    fn a_new_target_gets_more_with_each_second() {
        let slow = Duration::from_secs(100);
        for (age, share) in [(0, 50), (10, 100), (50, 500), (100, 1000), (200, 1000)] {
            assert_eq!(share_permille(Some(Duration::from_secs(age)), slow), share, "{age}");
        }
        assert_eq!(share_permille(None, slow), 1000);
    }

    #[test]
    fn weights_are_kept_in_the_long_run() {
        let turn = Turn::default();
        let mut counts = [0_u32; 3];
        for _ in 0..10_000 {
            counts[by_weight([90, 10, 0].into_iter(), &turn).unwrap()] += 1;
        }
        assert_eq!(counts[2], 0);
        assert!((800..1200).contains(&counts[1]), "{counts:?}");
        assert_eq!(by_weight([0, 0].into_iter(), &turn), None);
    }
}
