//! Whether a task counts as healthy.
//!
//! With health checks on essential containers a task is healthy when they pass, and behind load balancers when they find it
//! so. Without any, AWS counts a task only 40
//! seconds after it is RUNNING; here it is one second ([`SETTLING_MILLIS`]): long enough that a container that exits at
//! once never takes the place of one that works, short enough that a roll-out is not held up by it. Who enables the
//! circuit breaker asks for more caution: while such a deployment replaces another its tasks count once they have proved
//! themselves ([`PROVING_MILLIS`]), since until then their end is a failure that the breaker counts.

use gantry_model::UnixMillis;
use gantry_model::load_balancing::TargetState;
use gantry_model::service::{RolloutState, Service};
use gantry_model::task::{HealthStatus, Task, TaskStatus};

use super::failures::PROVING_MILLIS;

/// How long a task without health checks must be RUNNING to count as healthy. AWS: 40,000.
pub const SETTLING_MILLIS: i64 = 1_000;

/// How a live task stands, in the order in which tasks are given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Not RUNNING yet.
    Starting,
    /// RUNNING, and its health checks fail after the grace period.
    Unhealthy,
    /// RUNNING, and not yet known to be healthy.
    Settling,
    Healthy,
}

/// How `task` stands at `now`.
pub(super) fn standing(task: &Task, service: &Service, now: UnixMillis) -> Standing {
    if task.last_status < TaskStatus::Running {
        return Standing::Starting;
    }
    if changes_at(task, service).is_some_and(|at| now < at) {
        return Standing::Settling;
    }
    match (has_checks(task), health(task)) {
        (false, _) | (true, HealthStatus::Healthy) => Standing::Healthy,
        (true, HealthStatus::Unhealthy) => Standing::Unhealthy,
        (true, HealthStatus::Unknown) => Standing::Settling,
    }
}

/// When the passing of time changes how a RUNNING task stands.
pub(super) fn changes_at(task: &Task, service: &Service) -> Option<UnixMillis> {
    let started_at = task.started_at.filter(|_| task.last_status == TaskStatus::Running)?;
    match (has_checks(task), health(task)) {
        (false, _) => Some(started_at.plus_millis(settling_millis(task, service))),
        (true, HealthStatus::Unhealthy) => Some(started_at.plus_seconds(grace_period_s(service))),
        (true, _) => None,
    }
}

/// How long `task`, which has no health checks, must be RUNNING to count as healthy.
fn settling_millis(task: &Task, service: &Service) -> i64 {
    let cautious = service.deployment_configuration.circuit_breaker.as_ref().is_some_and(|breaker| breaker.enable)
        && service.deployments.len() > 1
        && service.primary().is_some_and(|primary| {
            primary.rollout_state == RolloutState::InProgress && task.deployment.as_ref() == Some(&primary.id)
        });
    if cautious { PROVING_MILLIS } else { SETTLING_MILLIS }
}

/// For how long after its start the bad health of a task is ignored.
pub(super) fn grace_period_s(service: &Service) -> i64 {
    i64::from(service.health_check_grace_period_s.unwrap_or(0))
}

/// Whether health checks, its containers' or load balancers', say how the task is.
pub(super) fn has_checks(task: &Task) -> bool {
    task.traffic.is_some() || has_container_checks(task)
}

fn has_container_checks(task: &Task) -> bool {
    task.containers.iter().any(|container| container.essential && container.has_health_check)
}

/// What the checks say together: all must pass, one that fails is enough.
pub(super) fn health(task: &Task) -> HealthStatus {
    let of_targets = task.traffic.as_ref().map(|traffic| match traffic.state {
        TargetState::Healthy => HealthStatus::Healthy,
        TargetState::Unhealthy => HealthStatus::Unhealthy,
        TargetState::Initial => HealthStatus::Unknown,
    });
    let of_containers = has_container_checks(task).then(|| task.health_of_containers());
    match (of_targets, of_containers) {
        (Some(HealthStatus::Unhealthy), _) | (_, Some(HealthStatus::Unhealthy)) => HealthStatus::Unhealthy,
        (Some(HealthStatus::Unknown), _) | (_, Some(HealthStatus::Unknown)) | (None, None) => HealthStatus::Unknown,
        _ => HealthStatus::Healthy,
    }
}
