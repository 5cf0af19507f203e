//! Chooses hosts for tasks: what cannot run is filtered out, what is left is ordered by the strategies.
//!
//! Constraints bind, strategies only wish (ECS developer guide, "Amazon ECS task placement"). Read [`place`] first.

mod filter;
mod ranking;
#[cfg(test)]
mod tests;

use gantry_model::ContainerInstanceId;
use gantry_model::placement::{PlacementConstraint, PlacementStrategy};
use gantry_model::resources::Requirements;

use crate::state::ClusterState;

pub(crate) use filter::Filter;
use ranking::Ranking;
pub(crate) use ranking::{Spread, Step, steps};

/// What is to be placed, and how.
#[derive(Debug, Clone, Copy)]
pub struct PlacementRequest<'a> {
    pub requirements: &'a Requirements,
    /// The tasks' group: spreading and `distinctInstance` count its tasks.
    pub group: &'a str,
    /// Those of the task definition and of the request together. Expressions were checked when they were accepted; one
    /// that does not parse is satisfied by no host.
    pub constraints: &'a [PlacementConstraint],
    /// Applied in order; when empty, `default_strategy` is used.
    pub strategy: &'a [PlacementStrategy],
    pub default_strategy: DefaultStrategy,
    /// The capacity provider whose hosts alone are looked at; all hosts without one.
    pub capacity_provider: Option<&'a str>,
}

/// What to do when the user names no strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultStrategy {
    /// Spread over availability zones, then the host with the fewest tasks of the service.
    Service,
    /// Any host that fits, by the seed.
    RunTask,
    /// Spread over availability zones, then over hosts.
    Fargate,
}

/// What [`place`] did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// The host of each task, in the order of choice; reserved in the state.
    pub placed: Vec<ContainerInstanceId>,
    /// When fewer were placed than asked for: why each host could not take one more, in the order of ids.
    pub failures: Vec<Failure>,
}

/// Why a host cannot take a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub instance: ContainerInstanceId,
    pub reason: Reason,
}

/// What a host lacks. The order is that in which rules are checked: the later a host fails, the closer it matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    NotActive,
    Agent,
    Cpu,
    Memory,
    Ports,
    Gpu,
    Attribute,
    MemberOf,
    DistinctInstance,
}

impl Reason {
    /// The reason as `failures[].reason` of RunTask and StartTask.
    #[must_use]
    pub fn as_api(self) -> &'static str {
        match self {
            Self::NotActive => "INACTIVE",
            Self::Agent => "AGENT",
            Self::Cpu => "RESOURCE:CPU",
            Self::Memory => "RESOURCE:MEMORY",
            Self::Ports => "RESOURCE:PORTS",
            Self::Gpu => "RESOURCE:GPU",
            Self::Attribute => "ATTRIBUTE",
            Self::MemberOf => "MemberOf placement constraint unsatisfied.",
            Self::DistinctInstance => "DistinctInstance placement constraint unsatisfied.",
        }
    }

    /// What service events say of the closest matching instance, without the full stop.
    #[must_use]
    pub fn closest_match(self) -> &'static str {
        match self {
            Self::NotActive => "encountered error \"INACTIVE\"",
            Self::Agent => "encountered error \"AGENT\"",
            Self::Cpu => "has insufficient CPU units available",
            Self::Memory => "has insufficient memory available",
            Self::Ports => "is already using a port required by your task",
            Self::Gpu => "has insufficient GPUs available",
            Self::Attribute => "is missing an attribute required by your task",
            Self::MemberOf => "encountered error \"MemberOf placement constraint unsatisfied.\"",
            Self::DistinctInstance => "encountered error \"DistinctInstance placement constraint unsatisfied.\"",
        }
    }
}

/// Places up to `count` tasks, one after the other, and reserves each in `state`.
///
/// `seed` decides where the strategy is random; else it has no influence. The last tie goes to the lowest id. Every host
/// is looked at once, then each task costs one comparison per attribute value that is spread over and a heap step: a
/// placement changes only the host that it goes to and the counts of that host's values.
pub fn place(state: &mut ClusterState, request: &PlacementRequest<'_>, count: u32, seed: u64) -> Placement {
    let filter = Filter::new(request);
    let wanted = usize::try_from(count).unwrap_or(usize::MAX);
    let mut placed = Vec::new();
    if wanted > 0 {
        let candidates = (0..state.hosts.len()).filter(|&host| filter.looks_at(state, host));
        let feasible = candidates.filter(|&host| filter.refuses(state, host).is_none()).collect();
        let mut ranking = Ranking::new(state, request, feasible, seed);
        while placed.len() < wanted
            && let Some(host) = ranking.take_best()
        {
            state.reserve_on(host, request.requirements, request.group);
            placed.push(state.hosts[host].id.clone());
            ranking.placed(state, host, filter.refuses(state, host).is_none());
        }
    }
    let failures = if placed.len() < wanted { filter.failures(state) } else { Vec::new() };
    Placement { placed, failures }
}

/// The host that came closest to taking a task: it failed the latest rule, and of those has the most room.
#[must_use]
pub fn closest(state: &ClusterState, failures: &[Failure]) -> Option<(ContainerInstanceId, Reason)> {
    let mut best: Option<((Reason, i64), &Failure)> = None;
    for failure in failures {
        let key = (failure.reason, state.number(&failure.instance).map_or(0, |host| room(state, host, failure.reason)));
        if best.is_none_or(|(best_key, _)| key > best_key) {
            best = Some((key, failure));
        }
    }
    best.map(|(_, failure)| (failure.instance.clone(), failure.reason))
}

fn room(state: &ClusterState, host: usize, reason: Reason) -> i64 {
    let host = &state.hosts[host];
    if reason == Reason::Cpu { host.free_cpu } else { host.free_memory_mib }
}
