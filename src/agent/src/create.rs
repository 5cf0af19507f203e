//! What the engine is asked to create for a container: a pure function of the task's state.
//!
//! The payload's `dockerConfig` comes first, what the task says beside it goes on top, as Amazon's agent does. The
//! engine's own restart policy is never used: restarts are the task machine's.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, Mount, MountType, MountVolumeOptions,
    MountVolumeOptionsDriverConfig, PortBinding,
};
use gantry_model::task::NetworkBinding;
use serde_json::Value;

use crate::engine::{AGENT_LABEL, CONTAINER_LABEL, Inspected, TASK_LABEL};
use crate::logs::target::AWSLOGS;
use crate::metadata::Address;
use crate::pause;
use crate::secrets::Values;
use crate::spec::{ContainerSpec, NetworkMode, PAUSE_CONTAINER, Volume, VolumeKind};
use crate::task_machine::{Network, Task};

/// A payload that no container can be made of.
#[derive(Debug, thiserror::Error)]
pub enum InvalidPayload {
    #[error("dockerConfig.{part} of container {container} is not what the Docker API takes: {why}")]
    DockerConfig { container: String, part: &'static str, why: String },
    #[error("container {container} mounts volume {volume}, which the task does not have")]
    UnknownVolume { container: String, volume: String },
    #[error("container {container} refers to container {other}, which the task does not have")]
    UnknownContainer { container: String, other: String },
}

/// The least CPU shares that the kernel takes.
const MIN_CPU_SHARES: u32 = 2;

/// What the requests of one agent have in common.
#[derive(Debug, Clone)]
pub struct Creator {
    /// The agent's label; containers carry it.
    pub agent: String,
    /// The CPUs that the engine's host really has: it refuses a limit above them.
    pub cpus: u32,
    /// Where containers ask about themselves, when they can.
    pub metadata: Option<Address>,
}

/// The request that creates `container` of `task` with what was asked for it.
///
/// # Errors
/// [`InvalidPayload`] when the task refers to something that it does not have.
pub fn request(
    task: &Task,
    container: usize,
    creator: &Creator,
    values: &Values,
) -> Result<ContainerCreateBody, InvalidPayload> {
    let spec = &task.spec.containers[container];
    let mut body: ContainerCreateBody = parse(spec, "config", &spec.config)?;
    body.image = Some(spec.image.clone());
    if spec.internal {
        body.entrypoint = Some(vec![pause::PATH.to_owned()]);
    } else {
        body.cmd = spec.command.clone().or(body.cmd);
        body.entrypoint = spec.entry_point.clone().or(body.entrypoint);
        let given = environment(task, container, creator, body.env.take());
        let secret = values.environment.iter().map(|(name, value)| format!("{name}={value}"));
        body.env = Some(given.into_iter().chain(secret).collect());
    }
    body.labels = Some(labels(task, spec, &creator.agent, body.labels.take()));
    if !spec.has_health_check {
        // Without this the engine would take the image's own check, which ECS ignores.
        body.healthcheck = Some(HealthConfig { test: Some(vec!["NONE".to_owned()]), ..Default::default() });
    }
    if publishes(task) && !spec.port_mappings.is_empty() {
        body.exposed_ports = Some(spec.port_mappings.iter().map(|p| port_key(p.container_port, &p.protocol)).collect());
    }
    body.host_config = Some(host_config(task, spec, creator, values)?);
    Ok(body)
}

fn parse<T: serde::de::DeserializeOwned + Default>(
    spec: &ContainerSpec,
    part: &'static str,
    value: &Value,
) -> Result<T, InvalidPayload> {
    if value.is_null() {
        return Ok(T::default());
    }
    serde_json::from_value(value.clone()).map_err(|e| InvalidPayload::DockerConfig {
        container: spec.name.clone(),
        part,
        why: e.to_string(),
    })
}

fn environment(task: &Task, container: usize, creator: &Creator, given: Option<Vec<String>>) -> Vec<String> {
    let spec = &task.spec.containers[container];
    let launch = if task.spec.launch_type.as_deref() == Some("FARGATE") { "FARGATE" } else { "EC2" };
    let mut environment = vec![format!("AWS_EXECUTION_ENV=AWS_ECS_{launch}")];
    if let Some(address) = creator.metadata.as_ref().filter(|_| task.spec.network_mode != NetworkMode::None) {
        environment.extend(address.environment(task, container));
    }
    environment.extend(given.unwrap_or_default());
    environment.extend(spec.environment.iter().map(|(name, value)| format!("{name}={value}")));
    environment
}

fn labels(
    task: &Task,
    spec: &ContainerSpec,
    agent: &str,
    given: Option<HashMap<String, String>>,
) -> HashMap<String, String> {
    let mut labels = given.unwrap_or_default();
    for (name, value) in [
        (AGENT_LABEL, agent),
        (TASK_LABEL, task.spec.arn.as_str()),
        (CONTAINER_LABEL, spec.name.as_str()),
        ("com.amazonaws.ecs.cluster", task.spec.cluster.as_str()),
        ("com.amazonaws.ecs.task-definition-family", task.spec.family.as_str()),
        ("com.amazonaws.ecs.task-definition-version", task.spec.revision.as_str()),
    ] {
        labels.insert(name.to_owned(), value.to_owned());
    }
    labels
}

fn host_config(
    task: &Task,
    spec: &ContainerSpec,
    creator: &Creator,
    values: &Values,
) -> Result<HostConfig, InvalidPayload> {
    let mut host: HostConfig = parse(spec, "hostConfig", &spec.host_config)?;
    if let Some(log) = host.log_config.as_mut().filter(|_| !values.log_options.is_empty()) {
        log.config.get_or_insert_default().extend(values.log_options.iter().cloned());
    }
    if let Some(log) = host.log_config.as_mut().filter(|log| log.typ.as_deref() == Some(AWSLOGS)) {
        // The agent ships the lines; until then they lie here, and what is too much goes, the oldest first.
        log.typ = Some("json-file".to_owned());
        log.config =
            Some(HashMap::from([("max-size", "20m"), ("max-file", "5")].map(|(k, v)| (k.to_owned(), v.to_owned()))));
    }
    host.restart_policy = None;
    host.auto_remove = None;
    limits(task, spec, creator, &mut host);
    if publishes(task) {
        host.port_bindings = Some(port_bindings(spec)).filter(|bindings| !bindings.is_empty());
    }
    namespaces(task, spec, &mut host);
    let mut links = Vec::new();
    for link in &spec.links {
        let (name, alias) = link.split_once(':').unwrap_or((link, link));
        links.push(format!("{}:{alias}", engine_name(task, spec, name)?));
    }
    host.links = Some(links).filter(|links| !links.is_empty());
    let mut from = Vec::new();
    for other in &spec.volumes_from {
        let mode = if other.read_only { ":ro" } else { "" };
        from.push(format!("{}{mode}", engine_name(task, spec, &other.container)?));
    }
    host.volumes_from = Some(from).filter(|from| !from.is_empty());
    add_mounts(task, spec, &mut host)?;
    Ok(host)
}

/// CPU and memory. ECS limits a task as a whole; the engine knows containers only, so each that has no limit of its own
/// gets the task's.
fn limits(task: &Task, spec: &ContainerSpec, creator: &Creator, host: &mut HostConfig) {
    const MIB: i64 = 1024 * 1024;
    host.cpu_shares = Some(i64::from(spec.cpu.max(MIN_CPU_SHARES)));
    if spec.internal {
        return;
    }
    let memory_mib = Some(spec.memory_mib).filter(|&mib| mib > 0).or(task.spec.memory_limit_mib);
    host.memory = memory_mib.map(|mib| i64::from(mib) * MIB);
    host.nano_cpus =
        task.spec.cpu_limit.filter(|cpus| *cpus > 0.0).map(|cpus| nano_cpus(cpus.min(f64::from(creator.cpus))));
}

#[expect(clippy::cast_possible_truncation, reason = "a count of CPUs times 10^9 is far below 2^63")]
fn nano_cpus(cpus: f64) -> i64 {
    (cpus * 1e9).round() as i64
}

/// The networks and namespaces of a container: its own, the host's or the pause container's.
fn namespaces(task: &Task, spec: &ContainerSpec, host: &mut HostConfig) {
    let pause = task.spec.position(PAUSE_CONTAINER).map(|p| format!("container:{}", task.containers[p].docker_name));
    let mode = task.spec.network_mode;
    if spec.internal {
        let network = if mode == NetworkMode::Awsvpc { "bridge" } else { "none" };
        host.network_mode = Some(network.to_owned());
        host.ipc_mode = (task.spec.ipc_mode.as_deref() == Some("task")).then(|| "shareable".to_owned());
        return;
    }
    host.network_mode = match mode {
        NetworkMode::Bridge => Some("bridge".to_owned()),
        NetworkMode::Host => Some("host".to_owned()),
        NetworkMode::None => Some("none".to_owned()),
        NetworkMode::Awsvpc => pause.clone(),
    };
    let namespace = |mode: Option<&str>| match mode {
        Some("task") => pause.clone(),
        other => other.map(str::to_owned),
    };
    host.pid_mode = namespace(task.spec.pid_mode.as_deref()).or_else(|| host.pid_mode.take());
    host.ipc_mode = namespace(task.spec.ipc_mode.as_deref()).or_else(|| host.ipc_mode.take());
}

/// Whether the task's ports are published on the host by the engine.
fn publishes(task: &Task) -> bool {
    task.spec.network_mode == NetworkMode::Bridge
}

fn port_key(port: u16, protocol: &str) -> String {
    format!("{port}/{protocol}")
}

fn port_bindings(spec: &ContainerSpec) -> HashMap<String, Option<Vec<PortBinding>>> {
    let mut bindings: HashMap<String, Option<Vec<PortBinding>>> = HashMap::new();
    for mapping in &spec.port_mappings {
        let host_port = if mapping.host_port == 0 { String::new() } else { mapping.host_port.to_string() };
        let binding = PortBinding { host_ip: None, host_port: Some(host_port) };
        let key = port_key(mapping.container_port, &mapping.protocol);
        bindings.entry(key).or_default().get_or_insert_default().push(binding);
    }
    bindings
}

fn engine_name(task: &Task, spec: &ContainerSpec, other: &str) -> Result<String, InvalidPayload> {
    let position = task.spec.position(other);
    position
        .map(|p| task.containers[p].docker_name.clone())
        .ok_or_else(|| InvalidPayload::UnknownContainer { container: spec.name.clone(), other: other.to_owned() })
}

fn add_mounts(task: &Task, spec: &ContainerSpec, host: &mut HostConfig) -> Result<(), InvalidPayload> {
    let mut binds = host.binds.take().unwrap_or_default();
    let mut mounts = host.mounts.take().unwrap_or_default();
    for point in &spec.mount_points {
        let volume = task.spec.volumes.iter().find(|v| v.name == point.volume).ok_or_else(|| {
            InvalidPayload::UnknownVolume { container: spec.name.clone(), volume: point.volume.clone() }
        })?;
        match &volume.kind {
            VolumeKind::Host { path } => {
                let mode = if point.read_only { ":ro" } else { "" };
                binds.push(format!("{path}:{}{mode}", point.path));
            }
            VolumeKind::Task | VolumeKind::Docker { .. } => mounts.push(Mount {
                target: Some(point.path.clone()),
                source: Some(volume_name(task, volume)),
                typ: Some(MountType::VOLUME),
                read_only: Some(point.read_only),
                volume_options: volume_options(&volume.kind),
                ..Default::default()
            }),
        }
    }
    host.binds = Some(binds).filter(|b| !b.is_empty());
    host.mounts = Some(mounts).filter(|m| !m.is_empty());
    Ok(())
}

fn volume_options(kind: &VolumeKind) -> Option<MountVolumeOptions> {
    let VolumeKind::Docker { driver, driver_opts, labels, .. } = kind else { return None };
    let map = |pairs: &[(String, String)]| pairs.iter().cloned().collect::<HashMap<_, _>>();
    Some(MountVolumeOptions {
        labels: Some(map(labels)),
        driver_config: Some(MountVolumeOptionsDriverConfig {
            name: Some(driver.clone().unwrap_or_else(|| "local".to_owned())),
            options: Some(map(driver_opts)),
        }),
        ..Default::default()
    })
}

/// The engine's name of a volume. Shared volumes keep the name that the definition gives them.
#[must_use]
pub fn volume_name(task: &Task, volume: &Volume) -> String {
    match volume.kind {
        VolumeKind::Docker { shared: true, .. } => volume.name.clone(),
        _ => format!("ecs-{}-{}-{}-{}", task.spec.family, task.spec.revision, volume.name, task.suffix),
    }
}

/// The engine's names of the volumes that live and die with the task.
#[must_use]
pub fn own_volumes(task: &Task) -> Vec<String> {
    let own = |v: &&Volume| matches!(v.kind, VolumeKind::Task | VolumeKind::Docker { shared: false, .. });
    task.spec.volumes.iter().filter(own).map(|v| volume_name(task, v)).collect()
}

/// How a running container is reached. Of the host addresses of a port the first is reported.
#[must_use]
pub fn network(task: &Task, container: usize, found: &Inspected) -> Network {
    let spec = &task.spec.containers[container];
    let address = found.address.clone().filter(|_| task.spec.network_mode == NetworkMode::Awsvpc);
    let bindings = match task.spec.network_mode {
        NetworkMode::Bridge => {
            let mut bindings = BTreeMap::new();
            for port in &found.ports {
                bindings.entry((port.container_port, port.protocol.clone(), port.host_port)).or_insert(port);
            }
            let binding = |port: &crate::engine::PublishedPort| NetworkBinding {
                bind_ip: port.host_ip.clone(),
                container_port: port.container_port,
                host_port: port.host_port,
                protocol: port.protocol.clone(),
            };
            bindings.into_values().filter(|p| !p.host_ip.contains(':')).map(binding).collect()
        }
        NetworkMode::Host => spec
            .port_mappings
            .iter()
            .map(|p| NetworkBinding {
                bind_ip: "0.0.0.0".to_owned(),
                container_port: p.container_port,
                host_port: p.container_port,
                protocol: p.protocol.clone(),
            })
            .collect(),
        NetworkMode::None | NetworkMode::Awsvpc => Vec::new(),
    };
    Network { bindings, address }
}
