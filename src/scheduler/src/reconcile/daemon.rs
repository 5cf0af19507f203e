//! DAEMON services: one task on each host that satisfies the constraints.
//!
//! The desired count is the number of those hosts. A host whose agent is not connected keeps its task and counts, one
//! without a task does not. A task whose host is drained or no longer satisfies the constraints stops at once, unless it is
//! protected. During a
//! deployment a host's old task is stopped first unless the maximum percent has room for both (ECS developer guide,
//! "Daemon").

use std::collections::{BTreeMap, BTreeSet};

use super::standing::Standing;
use super::{Definition, Live, Pass, Start};
use crate::message::Message;
use crate::place::{Failure, Filter, PlacementRequest, closest};

impl<'a> Pass<'a> {
    pub(super) fn keep_up_daemons(&mut self) {
        let input = self.input;
        let Some(primary) = self.service.primary() else { return };
        let (deployment, task_definition) = (primary.id.clone(), primary.task_definition.clone());
        let Some(Definition { requirements, constraints }) = input.definitions.get(&task_definition) else { return };
        let constraints: Vec<_> = constraints.iter().chain(&self.service.placement_constraints).cloned().collect();
        let group = self.service.group();
        let request = PlacementRequest {
            requirements,
            group: &group,
            constraints: &constraints,
            strategy: &[],
            default_strategy: input.default_strategy,
            capacity_provider: None,
        };
        let filter = Filter::new(&request);

        let wanted = self.wanted_hosts(&filter);
        self.service.desired_count = u32::try_from(wanted.len()).unwrap_or(u32::MAX);
        self.stop_where_unwanted(&wanted);
        self.heed_protection();
        if self.is_frozen() {
            return;
        }
        self.stop_replaced(&wanted, &filter);
        let mut idle = self.hosts_without_keeper(&wanted);
        if idle.is_empty() || self.is_throttled() {
            return;
        }
        let live = self.live();
        let occupied: BTreeSet<usize> = live.iter().filter_map(|live| live.host).collect();
        // A host that has none at all comes before one that gets a second.
        idle.sort_by_key(|host| occupied.contains(host));
        let mut room = self.maximum().saturating_sub(live.len());
        let mut failures = Vec::new();
        for host in idle {
            let instance = self.state.hosts[host].id.clone();
            match filter.refuses(self.state, host) {
                // Its old task stands in the way until the minimum lets it go.
                Some(_) if occupied.contains(&host) => {}
                Some(reason) => failures.push(Failure { instance, reason }),
                None if room == 0 => {}
                None => {
                    room -= 1;
                    self.state.reserve_on(host, requirements, &group);
                    let (deployment, task_definition) = (deployment.clone(), task_definition.clone());
                    let instance = Some(instance);
                    self.starts.push(Start { deployment, task_definition, instance, capacity_provider: None });
                }
            }
        }
        if let Some(closest) = closest(self.state, &failures) {
            self.impede(closest.1.as_api(), Message::Unplaceable { closest: Some(closest) });
        } else {
            self.impede_if_blocked();
        }
    }

    fn wanted_hosts(&self, filter: &Filter<'_>) -> BTreeSet<usize> {
        let occupied: BTreeSet<usize> = self.live().iter().filter_map(|live| live.host).collect();
        let reachable = |host: usize| self.state.hosts[host].agent_connected || occupied.contains(&host);
        (0..self.state.hosts.len()).filter(|&host| reachable(host) && filter.wants_daemon(self.state, host)).collect()
    }

    fn stop_where_unwanted(&mut self, wanted: &BTreeSet<usize>) {
        for live in self.live() {
            if live.host.is_none_or(|host| !wanted.contains(&host)) && !self.is_spared(&live) {
                self.stop_for_scaling(live.task);
            }
        }
    }

    /// Stops what a host has beside its keeper, and what stands in a keeper's way, as far as the minimum allows.
    fn stop_replaced(&mut self, wanted: &BTreeSet<usize>, filter: &Filter<'_>) {
        let live = self.live();
        let minimum = self.minimum();
        let keepers = keepers(&live);
        let mut healthy = live.iter().filter(|l| l.standing == Standing::Healthy).count();
        let mut spare = self.maximum().saturating_sub(live.len());
        for next in &live {
            let Some(host) = next.host.filter(|host| wanted.contains(host)) else { continue };
            let keeper = keepers.get(&host);
            if keeper.is_some_and(|keeper| keeper.task.id == next.task.id) {
                continue;
            }
            if self.is_spared(next) || (keeper.is_none() && !self.state.hosts[host].agent_connected) {
                continue;
            }
            // Both for a while, if there is room; else the old one goes first.
            let fits = keeper.is_none() && filter.refuses(self.state, host).is_none();
            if fits && spare > 0 && next.standing != Standing::Starting {
                spare -= 1;
                continue;
            }
            let healthy_now = next.standing == Standing::Healthy;
            if healthy_now && healthy <= minimum {
                continue;
            }
            healthy -= usize::from(healthy_now);
            self.stop_live(next);
        }
    }

    fn hosts_without_keeper(&self, wanted: &BTreeSet<usize>) -> Vec<usize> {
        let live = self.live();
        let keepers = keepers(&live);
        wanted.iter().copied().filter(|host| !keepers.contains_key(host)).collect()
    }
}

/// The task that each host keeps: of several, the one that stands best, then the oldest.
fn keepers<'l, 'a>(live: &'l [Live<'a>]) -> BTreeMap<usize, &'l Live<'a>> {
    let mut keepers: BTreeMap<usize, &Live<'_>> = BTreeMap::new();
    for next in live.iter().filter(|live| live.is_keeper()) {
        let Some(host) = next.host else { continue };
        let better = |have: &&Live<'_>| {
            (next.standing, std::cmp::Reverse(next.task.created_at))
                > (have.standing, std::cmp::Reverse(have.task.created_at))
        };
        if keepers.get(&host).is_none_or(better) {
            keepers.insert(host, next);
        }
    }
    keepers
}
