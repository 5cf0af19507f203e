//! How a capacity provider strategy shares tasks out.
//!
//! The first `base` tasks go to the provider that has a base, the rest in proportion to the weights: each to the provider
//! that is furthest behind its share (ECS developer guide, "Capacity provider strategy"; AWS publishes no rounding). The
//! first of equals is taken.

use gantry_model::cluster::CapacityProviderStrategyItem;

/// The position of the provider that the next task goes to, when each has as many tasks as `counts` says. `None` for an
/// empty strategy.
fn next_provider(strategy: &[CapacityProviderStrategyItem], counts: &[u32]) -> Option<usize> {
    let count = |position: usize| counts.get(position).copied().unwrap_or(0);
    if let Some(wanting) = strategy.iter().enumerate().position(|(at, item)| count(at) < item.base) {
        return Some(wanting);
    }
    let weights: i64 = strategy.iter().map(|item| i64::from(item.weight)).sum();
    if weights == 0 {
        return (!strategy.is_empty()).then_some(0);
    }
    let beyond = |at: usize, item: &CapacityProviderStrategyItem| i64::from(count(at).saturating_sub(item.base));
    let total: i64 = strategy.iter().enumerate().map(|(at, item)| beyond(at, item)).sum();
    let behind = |at: usize, item: &CapacityProviderStrategyItem| {
        i64::from(item.weight) * (total + 1) - beyond(at, item) * weights
    };
    let mut best: Option<(i64, usize)> = None;
    for (at, item) in strategy.iter().enumerate().filter(|(_, item)| item.weight > 0) {
        let behind = behind(at, item);
        if best.is_none_or(|(most, _)| behind > most) {
            best = Some((behind, at));
        }
    }
    best.map(|(_, at)| at)
}

/// How many of `count` further tasks each provider gets, when it has as many as `has` says; all of them go to no provider
/// without a strategy. A provider without room keeps its share: it is not for another to take.
#[must_use]
pub fn share_out(
    strategy: &[CapacityProviderStrategyItem],
    has: impl Fn(&str) -> u32,
    count: u32,
) -> Vec<(Option<&str>, u32)> {
    if strategy.is_empty() {
        return vec![(None, count)];
    }
    let before: Vec<u32> = strategy.iter().map(|item| has(&item.capacity_provider)).collect();
    let mut counts = before.clone();
    for _ in 0..count {
        if let Some(next) = next_provider(strategy, &counts) {
            counts[next] += 1;
        }
    }
    let shares = counts.into_iter().zip(before).map(|(after, before)| after - before);
    strategy.iter().map(|item| Some(item.capacity_provider.as_str())).zip(shares).filter(|(_, n)| *n > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(base: u32, weight: u32) -> CapacityProviderStrategyItem {
        CapacityProviderStrategyItem { capacity_provider: String::new(), weight, base }
    }

    /// How many of `tasks` each provider gets.
    fn shared(strategy: &[CapacityProviderStrategyItem], tasks: u32) -> Vec<u32> {
        let named: Vec<_> = strategy
            .iter()
            .enumerate()
            .map(|(at, item)| CapacityProviderStrategyItem { capacity_provider: at.to_string(), ..item.clone() })
            .collect();
        let shares = share_out(&named, |_| 0, tasks);
        let share = |at: usize| shares.iter().find(|(name, _)| *name == Some(&*at.to_string())).map_or(0, |(_, n)| *n);
        (0..strategy.len()).map(share).collect()
    }

    #[test]
    fn the_base_goes_first_and_the_rest_by_weight() {
        for (strategy, tasks, expected) in [
            (vec![item(0, 1)], 3, vec![3]),
            (vec![item(0, 0)], 3, vec![3]),
            (vec![item(0, 1), item(0, 1)], 4, vec![2, 2]),
            (vec![item(0, 1), item(0, 4)], 10, vec![2, 8]),
            (vec![item(2, 0), item(0, 1)], 5, vec![2, 3]),
            (vec![item(1, 1), item(0, 3)], 9, vec![3, 6]),
            (vec![item(0, 0), item(0, 1)], 3, vec![0, 3]),
            (vec![item(5, 1), item(0, 1)], 3, vec![3, 0]),
        ] {
            assert_eq!(shared(&strategy, tasks), expected, "{strategy:?} {tasks}");
        }
    }

    #[test]
    fn what_one_provider_lost_it_gets_first() {
        assert_eq!(next_provider(&[item(0, 1), item(0, 1)], &[3, 1]), Some(1));
        assert_eq!(next_provider(&[item(2, 1), item(0, 1)], &[1, 9]), Some(0));
        assert_eq!(next_provider(&[], &[]), None);
    }

    #[test]
    fn what_a_provider_has_counts_and_without_a_strategy_all_go_to_none() {
        let named =
            |name: &str| CapacityProviderStrategyItem { capacity_provider: name.to_owned(), weight: 1, base: 0 };
        let strategy = [named("a"), named("b")];
        let has = |name: &str| if name == "a" { 2 } else { 0 };
        assert_eq!(share_out(&strategy, has, 3), [(Some("a"), 1), (Some("b"), 2)]);
        assert_eq!(share_out(&strategy, has, 2), [(Some("b"), 2)]);
        assert_eq!(share_out(&[], has, 2), [(None, 2)]);
    }

    proptest! {
        #[test]
        fn no_provider_is_ever_a_whole_task_off_its_share(weights in prop::collection::vec(0_u32..20, 1..6), tasks in 0_u32..200) {
            prop_assume!(weights.iter().any(|&w| w > 0));
            let strategy: Vec<_> = weights.iter().map(|&weight| item(0, weight)).collect();
            let sum: u32 = weights.iter().sum();
            for (count, weight) in shared(&strategy, tasks).into_iter().zip(weights) {
                let off = f64::from(count) - f64::from(tasks) * f64::from(weight) / f64::from(sum);
                prop_assert!(off < 1.0 && off > -f64::from(u32::try_from(strategy.len()).unwrap()), "{off}");
            }
        }
    }
}
