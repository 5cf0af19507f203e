//! Which task goes first when tasks have to go.
//!
//! In order: how it stands (not yet RUNNING, unhealthy, not yet healthy), tasks of older deployments, those on DRAINING
//! hosts, those that wait for one, then whichever leaves the rest best placed by the service's strategy, then the oldest (of those not yet healthy
//! the newest, which has the longest way to go). The strategy is read with the steps that place tasks, backwards, so that
//! what goes up last comes down first (ECS developer guide, "Service scheduler", on scale-in).

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use gantry_model::placement::PlacementStrategy;

use super::Live;
use super::standing::Standing;
use crate::place::{DefaultStrategy, Spread, Step, steps};
use crate::random;
use crate::state::ClusterState;

/// Tasks that may go, given out one after the other.
pub(super) struct ScaleIn<'a> {
    candidates: Vec<Live<'a>>,
    balance: Balance,
}

impl<'a> ScaleIn<'a> {
    pub(super) fn new(
        candidates: Vec<Live<'a>>,
        state: &ClusterState,
        group: &str,
        strategy: &[PlacementStrategy],
        default: DefaultStrategy,
        seed: u64,
    ) -> Self {
        Self { candidates, balance: Balance::new(state, group, steps(strategy, default), seed) }
    }

    /// Gives out the task that should go next, counting those given out before as gone.
    pub(super) fn next(&mut self) -> Option<Live<'a>> {
        let mut best = 0;
        for other in 1..self.candidates.len() {
            if self.compare(&self.candidates[other], &self.candidates[best]) == Ordering::Less {
                best = other;
            }
        }
        if self.candidates.is_empty() {
            return None;
        }
        let next = self.candidates.swap_remove(best);
        self.balance.remove(&next);
        Some(next)
    }

    fn compare(&self, a: &Live<'_>, b: &Live<'_>) -> Ordering {
        let rank = |live: &Live<'_>| (live.standing, Reverse(live.age), !live.draining, live.task.instance.is_some());
        rank(a).cmp(&rank(b)).then_with(|| self.balance.compare(a, b)).then_with(|| {
            let by_age = (a.task.created_at, &a.task.id).cmp(&(b.task.created_at, &b.task.id));
            if a.standing == Standing::Settling { by_age.reverse() } else { by_age }
        })
    }
}

/// How the group's tasks lie over attribute values and hosts.
struct Balance {
    steps: Vec<Step>,
    spreads: Vec<Spread>,
    on_host: BTreeMap<usize, u32>,
    /// Free cpu and memory of the hosts that a packing strategy looks at.
    free: BTreeMap<usize, (i64, i64)>,
    seed: u64,
}

impl Balance {
    fn new(state: &ClusterState, group: &str, steps: Vec<Step>, seed: u64) -> Self {
        let mut spreads = Vec::new();
        for step in &steps {
            if let Step::SpreadAttribute(attribute) = step {
                spreads.push(Spread::new(state, attribute, group));
            }
        }
        let on_host: BTreeMap<usize, u32> = state.group_counts(group).collect();
        let room = |host: usize| (state.hosts[host].free_cpu, state.hosts[host].free_memory_mib);
        let free = on_host.keys().map(|&host| (host, room(host))).collect();
        Self { steps, spreads, on_host, free, seed }
    }

    /// Less when `a` should go before `b`.
    fn compare(&self, a: &Live<'_>, b: &Live<'_>) -> Ordering {
        let mut spread = 0;
        for step in &self.steps {
            let order = match step {
                Step::SpreadAttribute(_) => {
                    spread += 1;
                    let counts = &self.spreads[spread - 1];
                    let part = |live: &Live<'_>| live.host.map(|host| counts.part(counts.value_of[host]));
                    part(b).cmp(&part(a))
                }
                Step::SpreadInstance => self.count(b).cmp(&self.count(a)),
                Step::LeastCpu => self.free_after(b).0.cmp(&self.free_after(a).0),
                Step::LeastMemory => self.free_after(b).1.cmp(&self.free_after(a).1),
                Step::Random => self.number(a).cmp(&self.number(b)),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }

    fn count(&self, live: &Live<'_>) -> u32 {
        live.host.and_then(|host| self.on_host.get(&host)).copied().unwrap_or(0)
    }

    /// What would be free on the task's host without it.
    fn free_after(&self, live: &Live<'_>) -> (i64, i64) {
        let free = live.host.and_then(|host| self.free.get(&host)).copied().unwrap_or_default();
        let own = live.task.requirements.resources;
        (free.0 + i64::from(own.cpu), free.1 + i64::from(own.memory_mib))
    }

    fn number(&self, live: &Live<'_>) -> u64 {
        random::draw(self.seed, random::name_of(live.task.id.as_str()))
    }

    fn remove(&mut self, live: &Live<'_>) {
        let Some(host) = live.host else { return };
        for spread in &mut self.spreads {
            let count = &mut spread.counts[spread.value_of[host]];
            *count = count.saturating_sub(1);
        }
        let after = self.free_after(live);
        self.free.insert(host, after);
        if let Some(count) = self.on_host.get_mut(&host) {
            *count = count.saturating_sub(1);
        }
    }
}
