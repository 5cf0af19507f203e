//! A random life of a cluster: hosts come and go, services are created, deployed, scaled, broken and deleted.
//!
//! [`live`] lets it all happen and then waits until the cluster comes to rest; [`Simulation`] checks every decision on
//! the way. What must hold at rest is [`at_rest`].

use gantry_model::container_instance::{CAPACITY_PROVIDER, InstanceStatus};
use gantry_model::placement::{BinpackField, PlacementConstraint, PlacementStrategy};
use gantry_model::resources::{Requirements, Resources};
use gantry_model::rollout::{HookAction, HookTarget, LifecycleHook, LifecycleStage, Strategy};
use gantry_model::service::{
    BreakerThreshold, CircuitBreaker, Deployment, EarlySuccess, RolloutState, SchedulingStrategy, Service,
    ServiceStatus,
};
use gantry_model::task::{DesiredStatus, HealthStatus, TaskStatus};
use gantry_model::{ServiceName, TaskDefinitionId};
use gantry_scheduler::Definition;

use crate::agent::Behaviour;
use crate::build::{HostSpec, ServiceSpec};
use crate::chance::Chance;
use crate::cluster::{Broken, Simulation};

const HOUR_MS: i64 = 3_600_000;
/// A pool that some hosts are in, and that some services' tasks wait for.
const POOL: &str = "pool";
const SERVICES: [&str; 3] = ["api", "web", "logs"];

/// Lives the life that `seed` decides, and answers the cluster at rest.
///
/// # Errors
/// [`Broken`] when a decision broke a promise, or when the cluster does not come to rest within two days.
pub fn live(seed: u64) -> Result<Simulation, Broken> {
    let mut chance = Chance::new(seed);
    let mut simulation = Simulation::new(seed)?;
    let hosts = 1 + chance.below(6);
    for number in 1..=hosts {
        simulation.add_host(number, &host(&mut chance))?;
    }
    let definitions = definitions(&mut simulation, &mut chance)?;
    for _ in 0..5 + chance.below(25) {
        step(&mut simulation, &mut chance, hosts, &definitions)?;
        simulation.advance(i64::from(chance.below(4000)))?;
    }
    end_troubles(&mut simulation, hosts, &definitions)?;
    if simulation.settle(HOUR_MS, 48 * HOUR_MS)? {
        Ok(simulation)
    } else {
        Err(Broken::Restless { at_ms: simulation.now_ms() })
    }
}

/// What holds of a cluster at rest: every service is steady, or gone with its tasks, or says what impedes it, or has tasks
/// that wait for room in a pool.
///
/// # Errors
/// The first service of which it does not hold, in a sentence.
pub fn at_rest(simulation: &Simulation) -> Result<(), String> {
    for service in simulation.services() {
        let tasks = || simulation.tasks().filter(|task| task.service.as_ref() == Some(&service.name));
        let live = tasks().count();
        let running = tasks()
            .filter(|task| task.last_status == TaskStatus::Running && task.desired_status == DesiredStatus::Running)
            .count();
        let name = &service.name;
        let holds = match service.status {
            ServiceStatus::Draining => Err(format!("{name} is still draining")),
            ServiceStatus::Inactive if live > 0 => Err(format!("{name} is gone but has {live} tasks")),
            ServiceStatus::Inactive => Ok(()),
            ServiceStatus::Active if impeded(service) || tasks().any(|task| task.instance.is_none()) => Ok(()),
            ServiceStatus::Active if u32::try_from(running) != Ok(service.desired_count) || live != running => {
                Err(format!("{name} has {running} running of {live} tasks and wants {}", service.desired_count))
            }
            ServiceStatus::Active if service.steady_since.is_none() || service.deployments.len() != 1 => {
                Err(format!("{name} does not say that it is steady"))
            }
            ServiceStatus::Active => Ok(()),
        };
        holds?;
    }
    Ok(())
}

/// Whether the service says what keeps it from being steady.
fn impeded(service: &Service) -> bool {
    let failed = service.primary().is_some_and(|primary| primary.rollout_state == RolloutState::Failed);
    service.impediment.is_some() || failed
}

fn host(chance: &mut Chance) -> HostSpec {
    let cpu = 1024 * (1 + chance.below(4));
    let zone = chance.pick(&["a", "b", "c"]).unwrap_or("a");
    let mut attributes = vec![("ecs.availability-zone".to_owned(), zone.to_owned())];
    if chance.once_in(2) {
        attributes.push(("stack".to_owned(), "prod".to_owned()));
    }
    if chance.once_in(2) {
        attributes.push((CAPACITY_PROVIDER.to_owned(), POOL.to_owned()));
    }
    HostSpec { registered: Resources { cpu, memory_mib: 2 * cpu }, gpus: 0, attributes }
}

/// Registers `app:1` to `app:6`; the first three behave, the others fail, exit or turn unhealthy.
fn definitions(simulation: &mut Simulation, chance: &mut Chance) -> Result<Vec<TaskDefinitionId>, Broken> {
    let mut ids = Vec::new();
    for revision in 1..=6 {
        let id: TaskDefinitionId = format!("app:{revision}").parse()?;
        let resources = Resources { cpu: 128 * (1 + chance.below(4)), memory_mib: 128 * (1 + chance.below(4)) };
        let port = chance.once_in(4).then_some(8000);
        let requirements = Requirements { resources, tcp_ports: port.into_iter().collect(), ..Requirements::default() };
        let mut behaviour = Behaviour {
            start_ms: i64::from(chance.below(1500)),
            stop_ms: i64::from(chance.below(3000)),
            jitter_ms: 300,
            ..Behaviour::default()
        };
        match revision {
            2 => behaviour.health = Some((i64::from(chance.below(3000)), HealthStatus::Healthy)),
            4 => behaviour.fails = true,
            5 => behaviour.exits_after_ms = Some(i64::from(chance.below(3000))),
            6 => behaviour.health = Some((i64::from(chance.below(3000)), HealthStatus::Unhealthy)),
            _ => {}
        }
        simulation.define(id.clone(), Definition { requirements, constraints: Vec::new() }, behaviour);
        ids.push(id);
    }
    Ok(ids)
}

fn step(
    simulation: &mut Simulation,
    chance: &mut Chance,
    hosts: u32,
    definitions: &[TaskDefinitionId],
) -> Result<(), Broken> {
    let name: ServiceName = chance.pick(&SERVICES).unwrap_or("web").parse()?;
    let Some(definition) = definitions.get(usize::try_from(chance.below(6)).unwrap_or(0)).cloned() else {
        return Ok(());
    };
    let number = 1 + chance.below(hosts);
    let status = simulation.services().find(|service| service.name == name).map(|service| service.status);
    match (chance.below(12), status) {
        (_, None | Some(ServiceStatus::Inactive)) => {
            let spec = service(chance);
            simulation.create(&name, definition, spec)
        }
        (0..=2, Some(ServiceStatus::Active)) => simulation.deploy(&name, definition),
        (3..=5, Some(ServiceStatus::Active)) => {
            let count = chance.below(9);
            simulation.scale(&name, count)
        }
        (6, Some(ServiceStatus::Active)) if chance.once_in(3) => simulation.delete(&name),
        (7, _) => simulation.kill_one(&name),
        (8, _) => change_status(simulation, number, InstanceStatus::Draining),
        (9, _) => change_status(simulation, number, InstanceStatus::Active),
        (10, _) => simulation.set_connected(number, chance.once_in(2)),
        (11, _) if chance.once_in(4) => simulation.lose(number),
        _ => Ok(()),
    }
}

/// A lost host stays lost.
fn change_status(simulation: &mut Simulation, number: u32, status: InstanceStatus) -> Result<(), Broken> {
    let lost = simulation
        .hosts()
        .any(|host| host.ec2_instance_id == format!("i-{number}") && host.status == InstanceStatus::Inactive);
    if lost { Ok(()) } else { simulation.set_status(number, status) }
}

fn service(chance: &mut Chance) -> ServiceSpec {
    let daemon = chance.once_in(5);
    let choices: &[(u32, u32)] = if daemon {
        &[(0, 100), (50, 100), (0, 200)]
    } else {
        &[(100, 200), (50, 100), (50, 150), (0, 100), (100, 100)]
    };
    let (minimum_healthy_percent, maximum_percent) = chance.pick(choices).unwrap_or((100, 200));
    ServiceSpec {
        scheduling_strategy: if daemon { SchedulingStrategy::Daemon } else { SchedulingStrategy::Replica },
        desired_count: if daemon { 0 } else { chance.below(9) },
        minimum_healthy_percent,
        maximum_percent,
        circuit_breaker: chance.once_in(2).then(|| CircuitBreaker {
            enable: true,
            rollback: chance.once_in(2),
            reset_on_healthy_task: !chance.once_in(4),
            threshold: BreakerThreshold::BoundedPercent(50),
        }),
        strategy: rollout(chance),
        bake_minutes: chance.below(3),
        lifecycle_hooks: if chance.once_in(3) { vec![pause(chance)] } else { Vec::new() },
        early_success: chance.once_in(4).then(|| EarlySuccess {
            healthy_percent: minimum_healthy_percent.max(chance.below(101)),
            cleanup_is_deferred: chance.once_in(2),
        }),
        placement_constraints: constraints(chance),
        placement_strategy: if daemon { Vec::new() } else { strategy(chance) },
        pool: (!daemon && chance.once_in(3)).then(|| POOL.to_owned()),
        rebalances_zones: chance.once_in(2),
        rebalances_hosts: chance.once_in(3),
    }
}

/// Half of the services roll.
fn rollout(chance: &mut Chance) -> Strategy {
    match chance.below(6) {
        0 => Strategy::BlueGreen,
        1 => Strategy::Linear { step_permille: 30 + chance.below(600), bake_minutes: chance.below(2) },
        2 => Strategy::Canary { permille: 1 + chance.below(1000), bake_minutes: chance.below(2) },
        _ => Strategy::Rolling,
    }
}

/// A pause that nobody ends.
fn pause(chance: &mut Chance) -> LifecycleHook {
    let stages: Vec<LifecycleStage> = LifecycleStage::ALL.into_iter().filter(|s| s.takes_pauses()).collect();
    LifecycleHook {
        target: HookTarget::Pause,
        stages: chance.pick(&stages).into_iter().collect(),
        details: None,
        role_arn: None,
        timeout_minutes: 1 + chance.below(3),
        on_timeout: if chance.once_in(3) { HookAction::Rollback } else { HookAction::Continue },
    }
}

fn constraints(chance: &mut Chance) -> Vec<PlacementConstraint> {
    match chance.below(6) {
        0 => vec![PlacementConstraint::DistinctInstance],
        1 => vec![PlacementConstraint::MemberOf { expression: "attribute:stack == prod".to_owned() }],
        _ => Vec::new(),
    }
}

fn strategy(chance: &mut Chance) -> Vec<PlacementStrategy> {
    let spread = |field: &str| PlacementStrategy::Spread { field: field.to_owned() };
    match chance.below(5) {
        0 => vec![PlacementStrategy::Random],
        1 => vec![PlacementStrategy::Binpack { field: BinpackField::Memory }],
        2 => vec![spread("attribute:ecs.availability-zone"), PlacementStrategy::Binpack { field: BinpackField::Cpu }],
        3 => vec![spread("instanceId")],
        _ => Vec::new(),
    }
}

/// Brings agents back and deploys something that works, so that rest is possible. A blue that crashes is kept up until green
/// is, for which there may never be room: such a service is scaled to nothing.
fn end_troubles(simulation: &mut Simulation, hosts: u32, definitions: &[TaskDefinitionId]) -> Result<(), Broken> {
    for number in 1..=hosts {
        simulation.set_connected(number, true)?;
    }
    let crashes = |service: &&Service| {
        let completed = |d: &Deployment| d.rollout_state == RolloutState::Completed && d.task_definition.revision > 3;
        service.deployment_configuration.strategy != Strategy::Rolling && service.deployments.iter().any(completed)
    };
    let crashing: Vec<ServiceName> =
        simulation.services().filter(crashes).map(|service| service.name.clone()).collect();
    for name in crashing {
        simulation.scale(&name, 0)?;
    }
    let active: Vec<ServiceName> = simulation
        .services()
        .filter(|service| service.status == ServiceStatus::Active)
        .map(|service| service.name.clone())
        .collect();
    for (name, definition) in active.iter().zip(definitions) {
        simulation.deploy(name, definition.clone())?;
    }
    Ok(())
}
