//! Scripts: a text of commands, answered by a transcript of what they led to.
//!
//! One command a line; `#` begins a comment. `NAME=VALUE` pairs follow the command's own words in any order.
//!
//! ```text
//! host 1 zone=a cpu=4096 memory=8192 gpus=0 stack=prod      other names are attributes
//! definition web:1 cpu=256 memory=256 port=80 start=500 stop=200 fails exits=300 healthy=1000 unhealthy=2000
//! service web definition=web:1 desired=3 min=100 max=200 breaker rollback daemon distinct spread=instanceId binpack=memory pool=a
//!   rebalance-zones rebalance-hosts
//! deploy web web:2 · scale web 5 · delete web · kill web
//! drain 1 · activate 1 · lose 1 · disconnect 1 · connect 1
//! run 5000        lets milliseconds pass
//! settle          until nothing happens for an hour, at most a day
//! show            prints services, deployments and hosts
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gantry_model::container_instance::InstanceStatus;
use gantry_model::placement::{BinpackField, PlacementConstraint, PlacementStrategy};
use gantry_model::resources::{Requirements, Resources};
use gantry_model::rollout::Strategy;
use gantry_model::service::{BreakerThreshold, CircuitBreaker, SchedulingStrategy};
use gantry_model::task::{DesiredStatus, HealthStatus, TaskStatus};
use gantry_model::{ServiceName, TaskDefinitionId};
use gantry_scheduler::Definition;

use crate::agent::Behaviour;
use crate::build::{HostSpec, ServiceSpec};
use crate::cluster::{Broken, Simulation};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Why a script ends early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    #[error("line {line}: {message}")]
    Syntax { line: usize, message: String },
    #[error("line {line}: the simulation broke")]
    Broken {
        line: usize,
        #[source]
        source: Broken,
    },
}

/// Runs a script in a new cluster and answers the transcript.
///
/// # Errors
/// [`ScriptError`] where a line is no command, or a decision breaks a promise.
pub fn run(text: &str, seed: u64) -> Result<String, ScriptError> {
    let broken = |line| move |source| ScriptError::Broken { line, source };
    let mut simulation = Simulation::new(seed).map_err(broken(0))?;
    let mut transcript = String::new();
    for (number, source) in (1..).zip(text.lines()) {
        let command = source.split('#').next().unwrap_or_default().trim();
        if command.is_empty() {
            continue;
        }
        let _ = writeln!(transcript, "> {command}");
        let mut words = Words::new(command);
        let answer = execute(&mut simulation, &mut words).map_err(|error| match error {
            Refused::Syntax(message) => ScriptError::Syntax { line: number, message },
            Refused::Broken(source) => ScriptError::Broken { line: number, source },
        })?;
        for line in simulation.take_log().iter().chain(&answer) {
            let _ = writeln!(transcript, "{line}");
        }
    }
    Ok(transcript)
}

enum Refused {
    Syntax(String),
    Broken(Broken),
}

impl From<Broken> for Refused {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// A command's words and its `NAME=VALUE` pairs; a name alone stands for an empty value.
struct Words<'a> {
    words: std::vec::IntoIter<&'a str>,
}

impl<'a> Words<'a> {
    fn new(command: &'a str) -> Self {
        Self { words: command.split_whitespace().collect::<Vec<_>>().into_iter() }
    }

    fn next<T: std::str::FromStr>(&mut self, what: &str) -> Result<T, Refused> {
        let word = self.words.next().ok_or_else(|| Refused::Syntax(format!("{what} is missing")))?;
        parse(word, what)
    }

    fn pairs(&mut self) -> BTreeMap<&'a str, &'a str> {
        self.words.by_ref().map(|word| word.split_once('=').unwrap_or((word, ""))).collect()
    }
}

fn parse<T: std::str::FromStr>(word: &str, what: &str) -> Result<T, Refused> {
    word.parse().map_err(|_| Refused::Syntax(format!("{word} is not a {what}")))
}

fn take<T: std::str::FromStr>(pairs: &mut BTreeMap<&str, &str>, name: &str) -> Result<Option<T>, Refused> {
    pairs.remove(name).map(|value| parse(value, name)).transpose()
}

fn none_left(pairs: &BTreeMap<&str, &str>) -> Result<(), Refused> {
    match pairs.keys().next() {
        Some(name) => Err(Refused::Syntax(format!("{name} is not known here"))),
        None => Ok(()),
    }
}

fn execute(simulation: &mut Simulation, words: &mut Words<'_>) -> Result<Vec<String>, Refused> {
    let command: String = words.next("command")?;
    match command.as_str() {
        "host" => add_host(simulation, words)?,
        "definition" => define(simulation, words)?,
        "service" => create(simulation, words)?,
        "deploy" => simulation.deploy(&words.next("service")?, words.next("definition")?)?,
        "scale" => simulation.scale(&words.next("service")?, words.next("count")?)?,
        "delete" => simulation.delete(&words.next("service")?)?,
        "kill" => simulation.kill_one(&words.next("service")?)?,
        "drain" => simulation.set_status(words.next("host")?, InstanceStatus::Draining)?,
        "activate" => simulation.set_status(words.next("host")?, InstanceStatus::Active)?,
        "lose" => simulation.lose(words.next("host")?)?,
        "disconnect" => simulation.set_connected(words.next("host")?, false)?,
        "connect" => simulation.set_connected(words.next("host")?, true)?,
        "run" => simulation.advance(words.next("milliseconds")?)?,
        "settle" => {
            let settled = simulation.settle(HOUR_MS, DAY_MS)?;
            return Ok(if settled { Vec::new() } else { vec!["does not settle within a day".to_owned()] });
        }
        "show" => return Ok(show(simulation)),
        other => return Err(Refused::Syntax(format!("{other} is not a command"))),
    }
    Ok(Vec::new())
}

fn add_host(simulation: &mut Simulation, words: &mut Words<'_>) -> Result<(), Refused> {
    let number = words.next("host")?;
    let mut pairs = words.pairs();
    let registered = Resources {
        cpu: take(&mut pairs, "cpu")?.unwrap_or(4096),
        memory_mib: take(&mut pairs, "memory")?.unwrap_or(8192),
    };
    let gpus = take(&mut pairs, "gpus")?.unwrap_or(0);
    let name = |name: &str| if name == "zone" { "ecs.availability-zone".to_owned() } else { name.to_owned() };
    let attributes = pairs.into_iter().map(|(key, value)| (name(key), value.to_owned())).collect();
    simulation.add_host(number, &HostSpec { registered, gpus, attributes })?;
    Ok(())
}

fn define(simulation: &mut Simulation, words: &mut Words<'_>) -> Result<(), Refused> {
    let id: TaskDefinitionId = words.next("definition")?;
    let mut pairs = words.pairs();
    let resources = Resources {
        cpu: take(&mut pairs, "cpu")?.unwrap_or(256),
        memory_mib: take(&mut pairs, "memory")?.unwrap_or(256),
    };
    let tcp_ports = take(&mut pairs, "port")?.into_iter().collect();
    let healthy = take(&mut pairs, "healthy")?.map(|after| (after, HealthStatus::Healthy));
    let unhealthy = take(&mut pairs, "unhealthy")?.map(|after| (after, HealthStatus::Unhealthy));
    let usual = Behaviour::default();
    let behaviour = Behaviour {
        start_ms: take(&mut pairs, "start")?.unwrap_or(usual.start_ms),
        stop_ms: take(&mut pairs, "stop")?.unwrap_or(usual.stop_ms),
        jitter_ms: take(&mut pairs, "jitter")?.unwrap_or(0),
        fails: pairs.remove("fails").is_some(),
        exits_after_ms: take(&mut pairs, "exits")?,
        health: healthy.or(unhealthy),
    };
    none_left(&pairs)?;
    let requirements = Requirements { resources, tcp_ports, ..Requirements::default() };
    simulation.define(id, Definition { requirements, constraints: Vec::new() }, behaviour);
    Ok(())
}

fn create(simulation: &mut Simulation, words: &mut Words<'_>) -> Result<(), Refused> {
    let name: ServiceName = words.next("service")?;
    let mut pairs = words.pairs();
    let definition: TaskDefinitionId =
        take(&mut pairs, "definition")?.ok_or_else(|| Refused::Syntax("definition is missing".to_owned()))?;
    let daemon = pairs.remove("daemon").is_some();
    let (minimum, maximum) = if daemon { (0, 100) } else { (100, 200) };
    let spec = ServiceSpec {
        scheduling_strategy: if daemon { SchedulingStrategy::Daemon } else { SchedulingStrategy::Replica },
        desired_count: take(&mut pairs, "desired")?.unwrap_or(1),
        minimum_healthy_percent: take(&mut pairs, "min")?.unwrap_or(minimum),
        maximum_percent: take(&mut pairs, "max")?.unwrap_or(maximum),
        circuit_breaker: breaker(&mut pairs),
        strategy: if pairs.remove("blue-green").is_some() { Strategy::BlueGreen } else { Strategy::Rolling },
        bake_minutes: take(&mut pairs, "bake")?.unwrap_or(0),
        lifecycle_hooks: Vec::new(),
        early_success: None,
        placement_constraints: constraints(&mut pairs),
        placement_strategy: strategy(&mut pairs)?,
        pool: take(&mut pairs, "pool")?,
        rebalances_zones: pairs.remove("rebalance-zones").is_some(),
        rebalances_hosts: pairs.remove("rebalance-hosts").is_some(),
    };
    none_left(&pairs)?;
    simulation.create(&name, definition, spec)?;
    Ok(())
}

fn breaker(pairs: &mut BTreeMap<&str, &str>) -> Option<CircuitBreaker> {
    let rollback = pairs.remove("rollback").is_some();
    pairs.remove("breaker").map(|_| CircuitBreaker {
        enable: true,
        rollback,
        reset_on_healthy_task: true,
        threshold: BreakerThreshold::BoundedPercent(50),
    })
}

fn constraints(pairs: &mut BTreeMap<&str, &str>) -> Vec<PlacementConstraint> {
    let distinct = pairs.remove("distinct").map(|_| PlacementConstraint::DistinctInstance);
    // An expression holds no blanks here: attribute:stack==prod.
    let member_of =
        pairs.remove("memberOf").map(|expression| PlacementConstraint::MemberOf { expression: expression.to_owned() });
    distinct.into_iter().chain(member_of).collect()
}

fn strategy(pairs: &mut BTreeMap<&str, &str>) -> Result<Vec<PlacementStrategy>, Refused> {
    let spread = pairs.remove("spread").map(|field| PlacementStrategy::Spread { field: field.to_owned() });
    let binpack = match pairs.remove("binpack") {
        None => None,
        Some("cpu") => Some(PlacementStrategy::Binpack { field: BinpackField::Cpu }),
        Some("memory") => Some(PlacementStrategy::Binpack { field: BinpackField::Memory }),
        Some(other) => return Err(Refused::Syntax(format!("{other} is not cpu or memory"))),
    };
    Ok(spread.into_iter().chain(binpack).collect())
}

fn show(simulation: &Simulation) -> Vec<String> {
    let mut lines = Vec::new();
    for service in simulation.services() {
        let running = simulation
            .tasks()
            .filter(|task| task.service.as_ref() == Some(&service.name) && task.last_status == TaskStatus::Running);
        lines.push(format!(
            "  service {} {} desired {} running {}",
            service.name,
            service.status.as_str(),
            service.desired_count,
            running.count()
        ));
        for deployment in &service.deployments {
            let failed = deployment.failed_tasks;
            lines.push(format!(
                "    deployment {} {:?} {:?} of {} failed {failed}",
                deployment.id, deployment.status, deployment.rollout_state, deployment.task_definition
            ));
        }
    }
    for host in simulation.hosts() {
        let tasks = simulation
            .tasks()
            .filter(|task| task.instance.as_ref() == Some(&host.id) && task.desired_status == DesiredStatus::Running);
        let id = host.id.as_str().trim_start_matches('0');
        lines.push(format!("  host {id} {} tasks {}", host.status.as_str(), tasks.count()));
    }
    lines
}
