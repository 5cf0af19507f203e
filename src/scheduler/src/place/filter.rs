//! Feasibility: which hosts can take a task at all, and what the others lack.
//!
//! The rules are checked in the order of ECS (ECS developer guide, "How Amazon ECS places tasks"): the state of the
//! host, then what it has free, then attributes and constraints. Each rule looks at one host alone.

use gantry_model::container_instance::InstanceStatus;
use gantry_model::placement::PlacementConstraint;

use super::{Failure, PlacementRequest, Reason};
use crate::expression::{self, Expression};
use crate::state::ClusterState;

/// A request's rules, expressions parsed once.
pub(crate) struct Filter<'a> {
    request: &'a PlacementRequest<'a>,
    distinct: bool,
    /// The text of each `memberOf` and what it parses to.
    member_of: Vec<(&'a str, Option<Expression>)>,
}

impl<'a> Filter<'a> {
    pub(crate) fn new(request: &'a PlacementRequest<'a>) -> Self {
        let mut filter = Self { request, distinct: false, member_of: Vec::new() };
        for constraint in request.constraints {
            match constraint {
                PlacementConstraint::DistinctInstance => filter.distinct = true,
                PlacementConstraint::MemberOf { expression } => {
                    filter.member_of.push((expression, expression::parse(expression).ok()));
                }
            }
        }
        filter
    }

    /// Whether the host is in the pool that the request asks for.
    pub(crate) fn looks_at(&self, state: &ClusterState, host: usize) -> bool {
        state.hosts[host].is_in_pool(self.request.capacity_provider)
    }

    /// The first rule that the host breaks; `None` when it can take the task.
    pub(crate) fn refuses(&self, state: &ClusterState, host: usize) -> Option<Reason> {
        RULES.into_iter().find(|&reason| self.breaks(reason, state, host))
    }

    /// Every rule that the host breaks, in order.
    pub(crate) fn refusals(&self, state: &ClusterState, host: usize) -> Vec<Reason> {
        RULES.into_iter().filter(|&reason| self.breaks(reason, state, host)).collect()
    }

    /// Whether a daemon task belongs on the host: an ACTIVE one that satisfies attributes and `memberOf`, whatever room
    /// it has and whether or not its agent is connected just now.
    pub(crate) fn wants_daemon(&self, state: &ClusterState, host: usize) -> bool {
        ![Reason::NotActive, Reason::Attribute, Reason::MemberOf]
            .into_iter()
            .any(|reason| self.breaks(reason, state, host))
    }

    /// Why each host that was evaluated cannot take a task; INACTIVE hosts are not evaluated.
    pub(crate) fn failures(&self, state: &ClusterState) -> Vec<Failure> {
        let evaluated = (0..state.hosts.len())
            .filter(|&host| self.looks_at(state, host) && state.hosts[host].status != InstanceStatus::Inactive);
        evaluated
            .filter_map(|host| {
                let reason = self.refuses(state, host)?;
                Some(Failure { instance: state.hosts[host].id.clone(), reason })
            })
            .collect()
    }

    /// The attributes that the task requires and the host does not carry.
    pub(crate) fn missing_attributes(&self, state: &ClusterState, host: usize) -> Vec<&'a str> {
        let required = self.request.requirements.attributes.iter().map(String::as_str);
        required.filter(|name| state.hosts[host].attribute(name).is_none()).collect()
    }

    /// The `memberOf` expressions that the host does not satisfy.
    pub(crate) fn unsatisfied(&self, state: &ClusterState, host: usize) -> Vec<&'a str> {
        let unsatisfied = self.member_of.iter().filter(|(_, expression)| !satisfied(expression.as_ref(), state, host));
        unsatisfied.map(|(text, _)| *text).collect()
    }

    fn breaks(&self, rule: Reason, state: &ClusterState, host: usize) -> bool {
        let have = &state.hosts[host];
        let need = self.request.requirements;
        match rule {
            Reason::NotActive => have.status != InstanceStatus::Active,
            Reason::Agent => !have.agent_connected,
            Reason::Cpu => have.free_cpu < i64::from(need.resources.cpu),
            Reason::Memory => have.free_memory_mib < i64::from(need.resources.memory_mib),
            Reason::Ports => !have.ports_free(need),
            Reason::Gpu => have.free_gpus < i64::from(need.gpus),
            Reason::Attribute => need.attributes.iter().any(|name| have.attribute(name).is_none()),
            Reason::MemberOf => self.member_of.iter().any(|(_, e)| !satisfied(e.as_ref(), state, host)),
            Reason::DistinctInstance => self.distinct && state.group_count(host, self.request.group) > 0,
        }
    }
}

/// The rules in the order of checking.
const RULES: [Reason; 9] = [
    Reason::NotActive,
    Reason::Agent,
    Reason::Cpu,
    Reason::Memory,
    Reason::Ports,
    Reason::Gpu,
    Reason::Attribute,
    Reason::MemberOf,
    Reason::DistinctInstance,
];

fn satisfied(expression: Option<&Expression>, state: &ClusterState, host: usize) -> bool {
    expression.is_some_and(|expression| state.host_matches(host, expression))
}
