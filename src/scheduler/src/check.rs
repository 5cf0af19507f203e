//! An independent checker: whether what the scheduler answered keeps the promises that it makes.
//!
//! It shares no code with placement and reconciliation but the query language: sums are made again from the tasks, host by
//! host. Tests and the simulator run it on every answer. Each function answers the first broken promise as a sentence.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use gantry_model::container_instance::{ContainerInstance, InstanceStatus};
use gantry_model::placement::PlacementConstraint;
use gantry_model::resources::Requirements;
use gantry_model::rollout::LifecycleStage;
use gantry_model::service::{DeploymentStatus, RolloutState, SchedulingStrategy, Service, ServiceStatus};
use gantry_model::task::{DesiredStatus, HealthStatus, Task, TaskStatus};
use gantry_model::{ClusterName, ContainerInstanceId, TaskId, UnixMillis};

use crate::expression;
use crate::place::{Placement, PlacementRequest};
use crate::reconcile::{Outcome, PROVING_MILLIS, SETTLING_MILLIS, ServiceInput};
use crate::state::ClusterState;

type Checked = Result<(), String>;

/// What is on a host, added up from its tasks.
#[derive(Default)]
struct Load {
    cpu: u64,
    memory_mib: u64,
    gpus: u64,
    tcp: Vec<u16>,
    udp: Vec<u16>,
}

impl Load {
    fn add(&mut self, requirements: &Requirements) {
        self.cpu += u64::from(requirements.resources.cpu);
        self.memory_mib += u64::from(requirements.resources.memory_mib);
        self.gpus += u64::from(requirements.gpus);
        self.tcp.extend(&requirements.tcp_ports);
        self.udp.extend(&requirements.udp_ports);
    }

    fn within(&self, host: &ContainerInstance) -> Checked {
        let id = &host.id;
        let fits = self.cpu <= u64::from(host.registered.cpu)
            && self.memory_mib <= u64::from(host.registered.memory_mib)
            && self.gpus <= u64::from(host.gpus);
        ensure(fits, || format!("{id} promises more cpu, memory or GPUs than it has"))?;
        for (ports, reserved) in [(&self.tcp, &host.reserved_tcp_ports), (&self.udp, &host.reserved_udp_ports)] {
            let mut sorted = ports.clone();
            sorted.sort_unstable();
            let twice = sorted.windows(2).any(|pair| pair[0] == pair[1]);
            ensure(!twice, || format!("{id} promises a port twice"))?;
            ensure(!sorted.iter().any(|port| reserved.contains(port)), || format!("{id} promises a reserved port"))?;
        }
        Ok(())
    }
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// Checks that no host promises more than it has, of cpu, memory, GPUs and ports, to tasks that hold resources.
///
/// # Errors
/// The first host that does, as a sentence.
pub fn no_overcommit(instances: &[ContainerInstance], tasks: &[Task]) -> Checked {
    let mut loads: BTreeMap<&ContainerInstanceId, Load> = BTreeMap::new();
    for task in tasks.iter().filter(|task| task.holds_resources()) {
        if let Some(instance) = &task.instance {
            loads.entry(instance).or_default().add(&task.requirements);
        }
    }
    instances.iter().filter_map(|host| loads.get(&host.id).map(|load| load.within(host))).collect()
}

/// Checks a placement into the state of `instances` and `tasks`: room, status, connection, attributes, constraints after
/// every single task, and that a shortfall is explained.
///
/// # Errors
/// The first promise that the placement breaks, as a sentence.
pub fn placement(
    cluster: &ClusterName,
    instances: &[ContainerInstance],
    tasks: &[Task],
    request: &PlacementRequest<'_>,
    count: u32,
    placement: &Placement,
) -> Checked {
    let wanted = usize::try_from(count).unwrap_or(usize::MAX);
    ensure(placement.placed.len() <= wanted, || "more was placed than asked for".to_owned())?;
    let mut state = ClusterState::new(cluster, instances, tasks);
    let mut loads: BTreeMap<&ContainerInstanceId, Load> = BTreeMap::new();
    for task in tasks.iter().filter(|task| task.holds_resources()) {
        if let Some(instance) = &task.instance {
            loads.entry(instance).or_default().add(&task.requirements);
        }
    }
    for id in &placement.placed {
        let host = instances.iter().find(|host| host.id == *id).ok_or_else(|| format!("{id} is not a host"))?;
        takes_tasks(host, request.requirements)?;
        for constraint in request.constraints {
            allows(constraint, &state, host, request.group)?;
        }
        let load = loads.entry(id).or_default();
        load.add(request.requirements);
        load.within(host)?;
        state.reserve(id, request.requirements, request.group);
    }
    let evaluated = instances.iter().filter(|host| host.status != InstanceStatus::Inactive).count();
    let expected = if placement.placed.len() < wanted { evaluated } else { 0 };
    ensure(placement.failures.len() == expected, || {
        format!("{} failures for {expected} hosts that were evaluated", placement.failures.len())
    })
}

fn takes_tasks(host: &ContainerInstance, requirements: &Requirements) -> Checked {
    let id = &host.id;
    ensure(host.status == InstanceStatus::Active, || format!("{id} is {}", host.status.as_str()))?;
    ensure(host.agent_connected, || format!("the agent of {id} is not connected"))?;
    let missing = requirements.attributes.iter().find(|name| host.attribute(name).is_none());
    ensure(missing.is_none(), || format!("{id} lacks the attribute {missing:?}"))
}

fn allows(constraint: &PlacementConstraint, state: &ClusterState, host: &ContainerInstance, group: &str) -> Checked {
    let id = &host.id;
    match constraint {
        PlacementConstraint::DistinctInstance => {
            ensure(state.tasks_of_group(id, group) == 0, || format!("{id} runs a task of {group} already"))
        }
        PlacementConstraint::MemberOf { expression: text } => {
            let parsed = expression::parse(text).map_err(|e| format!("{text}: {e}"))?;
            ensure(state.matches(id, &parsed), || format!("{id} does not satisfy {text}"))
        }
    }
}

/// Checks an outcome of [`crate::reconcile()`] for `input`, whose instances and other tasks are `instances` and `others`.
///
/// - Stops name each live task of the service at most once. After each of them, in order, the healthy tasks are at the
///   minimum percent or no fewer than before, unless the task's host was lost. None is protected from scale-in, but for
///   one that is unhealthy.
/// - In a deployment in stages each revision counts for itself, and the last completed one is started, too.
/// - Starts are of the PRIMARY deployment, fit where they go, and after each of them the live tasks are at most the
///   maximum percent; a failed deployment and a service that is not ACTIVE start nothing.
/// - A deployment is completed only when as many tasks as desired are healthy and no other lingers.
///
/// # Errors
/// The first promise that the outcome breaks, as a sentence.
pub fn outcome(
    input: &ServiceInput<'_>,
    instances: &[ContainerInstance],
    others: &[Task],
    outcome: &Outcome,
) -> Checked {
    let mut tasks: BTreeMap<&TaskId, &Task> =
        input.tasks.iter().filter(|task| live(task)).map(|task| (&task.id, task)).collect();
    if input.service.status == ServiceStatus::Active {
        stops_keep_the_minimum(input, instances, outcome, &mut tasks)?;
        if is_staged(&outcome.service) {
            staged_starts_keep_the_maximum(outcome, &tasks)?;
        } else {
            starts_keep_the_maximum(outcome, tasks.len())?;
        }
    } else {
        ensure(outcome.starts.is_empty(), || "a deleted service starts tasks".to_owned())?;
    }
    let stopped = |task: &Task| outcome.stops.iter().any(|stop| stop.task == task.id);
    let staying: Vec<Task> = input.tasks.iter().filter(|task| !stopped(task)).cloned().collect();
    starts_fit(input, instances, others, &staying, outcome)?;
    completion_is_earned(input, outcome, &staying)
}

fn live(task: &Task) -> bool {
    task.desired_status == DesiredStatus::Running && task.last_status <= TaskStatus::Running
}

/// Health as [`crate::reconcile()`] promises it: checks pass, or without any the task has run for a second; for ten where it
/// belongs to a deployment that replaces another under a circuit breaker.
fn healthy(task: &Task, service: &Service, now: UnixMillis) -> bool {
    let checked = task.containers.iter().any(|container| container.essential && container.has_health_check);
    let guarded = service.deployment_configuration.circuit_breaker.as_ref().is_some_and(|breaker| breaker.enable);
    let own = service.deployments.iter().find(|deployment| Some(&deployment.id) == task.deployment.as_ref());
    let replacing = service.deployments.len() > 1
        && own.is_some_and(|d| d.status == DeploymentStatus::Primary && d.rollout_state == RolloutState::InProgress);
    let needed = if guarded && replacing { PROVING_MILLIS } else { SETTLING_MILLIS };
    let settled = task.started_at.is_none_or(|at| now.millis_since(at) >= needed);
    let good = if checked { task.health_of_containers() == HealthStatus::Healthy } else { settled };
    task.last_status == TaskStatus::Running && good
}

fn stops_keep_the_minimum<'a>(
    input: &ServiceInput<'a>,
    instances: &[ContainerInstance],
    outcome: &Outcome,
    tasks: &mut BTreeMap<&'a TaskId, &'a Task>,
) -> Checked {
    let service = &outcome.service;
    let minimum =
        u64::from(service.desired_count) * u64::from(service.deployment_configuration.minimum_healthy_percent);
    for stop in &outcome.stops {
        let task = tasks.remove(&stop.task).ok_or_else(|| format!("{} is stopped but is not live", stop.task))?;
        let host = instances.iter().find(|host| Some(&host.id) == task.instance.as_ref());
        let lost = host.is_some_and(|host| host.status == InstanceStatus::Inactive);
        let unwanted = service.scheduling_strategy == SchedulingStrategy::Daemon;
        let mut kept = false;
        // A rollback or a deployment that leaves in this very decision changes which tasks must have proved themselves:
        // the promise is broken only if it is by the service as it was and as it is now.
        for service in [input.service, service] {
            let remaining = tasks.values().filter(|task| healthy(task, service, input.now)).count();
            kept |= u64::try_from(remaining).unwrap_or(u64::MAX).saturating_mul(100) >= minimum;
            kept |= !healthy(task, service, input.now);
        }
        let served = task.last_status == TaskStatus::Running && task.health_of_containers() != HealthStatus::Unhealthy;
        ensure(lost || !served || !task.is_protected(input.now), || {
            format!("{} is stopped though it is protected", stop.task)
        })?;
        ensure(kept || lost || unwanted, || format!("stopping {} leaves too few healthy tasks", stop.task))?;
    }
    Ok(())
}

fn starts_keep_the_maximum(outcome: &Outcome, live: usize) -> Checked {
    let service = &outcome.service;
    let Some(primary) = service.primary() else {
        return ensure(outcome.starts.is_empty(), || "tasks are started without a deployment".to_owned());
    };
    let failed = primary.rollout_state == RolloutState::Failed;
    ensure(!failed || outcome.starts.is_empty(), || "a failed deployment starts tasks".to_owned())?;
    let of_primary = outcome
        .starts
        .iter()
        .all(|start| start.deployment == primary.id && start.task_definition == primary.task_definition);
    ensure(of_primary, || "a task of another deployment is started".to_owned())?;
    let after = u64::try_from(live + outcome.starts.len()).unwrap_or(u64::MAX);
    let maximum = u64::from(service.desired_count) * u64::from(service.deployment_configuration.maximum_percent);
    ensure(outcome.starts.is_empty() || after * 100 <= maximum, || {
        format!("{after} tasks of {} exceed the maximum percent", service.desired_count)
    })
}

fn is_staged(service: &Service) -> bool {
    service.primary().is_some_and(|primary| {
        primary.rollout.is_some()
            && primary.rollout_state == RolloutState::InProgress
            && primary.rolled_back_from.is_none()
    })
}

fn staged_starts_keep_the_maximum(outcome: &Outcome, live: &BTreeMap<&TaskId, &Task>) -> Checked {
    let service = &outcome.service;
    let maximum = u64::from(service.desired_count) * u64::from(service.deployment_configuration.maximum_percent);
    for start in &outcome.starts {
        let of = service.deployments.iter().find(|d| d.id == start.deployment);
        let of = of.ok_or_else(|| format!("a task of {} is started, which is gone", start.deployment))?;
        let green = of.status == DeploymentStatus::Primary;
        ensure(green || of.rollout_state == RolloutState::Completed, || {
            format!("a task of {} is started, which is neither new nor completed", of.id)
        })?;
        let stage = of.rollout.as_ref().filter(|_| green).map(|rollout| rollout.stage);
        ensure(stage.is_none_or(|stage| stage >= LifecycleStage::ScaleUp), || {
            format!("a task of {} is started before its scale-up", of.id)
        })?;
        let live = live.values().filter(|task| task.deployment.as_ref() == Some(&of.id)).count();
        let starts = outcome.starts.iter().filter(|other| other.deployment == of.id).count();
        let after = u64::try_from(live + starts).unwrap_or(u64::MAX);
        ensure(after * 100 <= maximum, || format!("{after} tasks of {} exceed the maximum percent", of.id))?;
    }
    Ok(())
}

fn starts_fit(
    input: &ServiceInput<'_>,
    instances: &[ContainerInstance],
    others: &[Task],
    staying: &[Task],
    outcome: &Outcome,
) -> Checked {
    in_their_pools(input, instances, outcome)?;
    let mut revisions: Vec<_> = outcome.starts.iter().map(|start| &start.task_definition).collect();
    revisions.sort_unstable();
    revisions.dedup();
    for revision in revisions {
        let definition =
            input.definitions.get(revision).ok_or_else(|| format!("{revision} is started, but unknown"))?;
        let constraints: Vec<PlacementConstraint> =
            definition.constraints.iter().chain(&input.service.placement_constraints).cloned().collect();
        let group = input.service.group();
        let request = PlacementRequest {
            requirements: &definition.requirements,
            group: &group,
            constraints: &constraints,
            strategy: &[],
            default_strategy: input.default_strategy,
            capacity_provider: None,
        };
        let tasks: Vec<Task> = others.iter().chain(staying).cloned().collect();
        let of_it = outcome.starts.iter().filter(|start| start.task_definition == *revision);
        let placed: Vec<ContainerInstanceId> = of_it.filter_map(|start| start.instance.clone()).collect();
        let count = u32::try_from(placed.len()).unwrap_or(u32::MAX);
        let whole = Placement { placed, failures: Vec::new() };
        placement(&input.service.cluster, instances, &tasks, &request, count, &whole)?;
    }
    Ok(())
}

/// A start that counts for a capacity provider of hosts goes to one of its hosts, or waits for one where the pool grows.
fn in_their_pools(input: &ServiceInput<'_>, instances: &[ContainerInstance], outcome: &Outcome) -> Checked {
    for start in &outcome.starts {
        let Some(instance) = &start.instance else {
            let grows = start.capacity_provider.as_ref().is_some_and(|pool| input.growing_pools.contains(pool));
            ensure(grows, || format!("a task of {} waits for a pool that does not grow", start.task_definition))?;
            continue;
        };
        let Some(provider) = start.capacity_provider.as_deref().filter(|p| !p.starts_with("FARGATE")) else { continue };
        let host = instances.iter().find(|host| host.id == *instance);
        let own = host.and_then(ContainerInstance::capacity_provider);
        ensure(own == Some(provider), || format!("{instance} is not in the pool of {provider}"))?;
    }
    Ok(())
}

fn completion_is_earned(input: &ServiceInput<'_>, outcome: &Outcome, staying: &[Task]) -> Checked {
    let completed = |service: &Service| service.primary().is_some_and(|p| p.rollout_state == RolloutState::Completed);
    let Some(primary) = outcome.service.primary().map(|primary| primary.id.clone()) else { return Ok(()) };
    if !completed(&outcome.service)
        || input.service.primary().is_some_and(|p| p.id == primary) && completed(input.service)
    {
        return Ok(());
    }
    let of_primary = |task: &Task| task.deployment.as_ref() == Some(&primary);
    let good =
        staying.iter().filter(|task| live(task) && of_primary(task) && healthy(task, input.service, input.now)).count();
    let desired = u64::from(outcome.service.desired_count);
    let good = u64::try_from(good).unwrap_or(u64::MAX);
    let early = outcome.service.deployment_configuration.early_success;
    let enough = early.is_some_and(|early| good * 100 >= desired * u64::from(early.healthy_percent));
    ensure(good == desired || enough, || format!("completed with {good} healthy tasks of {desired}"))?;
    if enough && early.is_some_and(|early| early.cleanup_is_deferred) {
        return Ok(());
    }
    let lingering = input.tasks.iter().find(|task| task.last_status < TaskStatus::Stopping && !of_primary(task));
    ensure(lingering.is_none(), || "completed while a task of an old deployment runs".to_owned())
}
