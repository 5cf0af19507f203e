//! From the control plane's payload to a [`TaskSpec`]: a pure function, and total.
//!
//! A task that asks for what this agent cannot do is still a task: it gets a spec, so that its containers can be
//! reported, and a reason with which it is refused.

use std::collections::BTreeSet;

use gantry_model::resources::{Requirements, Resources};
use gantry_model::{Arn, Resource};
use gantry_wire::acs_task::{AcsContainer, AcsPortMapping, AcsSecret, AcsTask, AcsVolume, LOG_DRIVER};
use serde_json::Value;

use crate::logs;
use crate::pause;
use crate::spec::{
    Condition, ContainerSpec, Dependency, MountPoint, NetworkMode, PAUSE_CONTAINER, PortMapping, RestartPolicy,
    SecretSpec, TaskSpec, Volume, VolumeFrom, VolumeKind,
};

/// How long a container must have run to be restarted, when its policy does not say.
const DEFAULT_RESTART_PERIOD_S: i64 = 300;

/// What a payload's task comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    pub spec: TaskSpec,
    /// Why the task cannot run here, if it cannot.
    pub refusal: Option<String>,
}

/// Reads a task of a payload.
#[must_use]
pub fn accept(task: &AcsTask) -> Accepted {
    let mut problems = Vec::new();
    let network_mode = match task.network_mode.as_deref() {
        None | Some("" | "bridge" | "default") => NetworkMode::Bridge,
        Some("host") => NetworkMode::Host,
        Some("none") => NetworkMode::None,
        Some("awsvpc") => NetworkMode::Awsvpc,
        Some(other) => {
            problems.push(format!("network mode {other} is not supported"));
            NetworkMode::Bridge
        }
    };
    let mode = |mode: &Option<String>| mode.clone().filter(|m| !m.is_empty());
    let (pid_mode, ipc_mode) = (mode(&task.pid_mode), mode(&task.ipc_mode));
    let mut containers: Vec<ContainerSpec> = task.containers.iter().map(|c| container(c, &mut problems)).collect();
    let shared = |mode: &Option<String>| mode.as_deref() == Some("task");
    if network_mode == NetworkMode::Awsvpc || shared(&pid_mode) || shared(&ipc_mode) {
        add_pause(&mut containers);
    }
    let memory_limit_mib = task.memory.and_then(|m| u32::try_from(m).ok()).filter(|&m| m > 0);
    let spec = TaskSpec {
        arn: task.arn.clone(),
        cluster: cluster_of(&task.arn),
        family: task.family.clone(),
        revision: task.version.clone(),
        network_mode,
        pid_mode,
        ipc_mode,
        launch_type: task.launch_type.clone(),
        service_name: task.service_name.clone(),
        group: task.group.clone(),
        cpu_limit: task.cpu.filter(|&cpu| cpu > 0.0),
        memory_limit_mib,
        need: need(task, &containers, network_mode),
        containers,
        volumes: task.volumes.iter().filter_map(|v| volume(v, &mut problems)).collect(),
    };
    let refusal = (!problems.is_empty()).then(|| format!("ResourceInitializationError: {}", problems.join("; ")));
    Accepted { spec, refusal }
}

fn cluster_of(arn: &str) -> String {
    match arn.parse::<Arn>().map(|arn| arn.resource) {
        Ok(Resource::Task(cluster, _)) => cluster.to_string(),
        _ => String::new(),
    }
}

fn container(c: &AcsContainer, problems: &mut Vec<String>) -> ContainerSpec {
    let mut json = |part: &str, text: Option<&str>| match serde_json::from_str(text.unwrap_or("null")) {
        Ok(value) => value,
        Err(error) => {
            problems.push(format!("dockerConfig.{part} of container {} is not JSON ({error})", c.name));
            Value::Null
        }
    };
    let config = json("config", c.docker_config.config.as_deref());
    let host_config = json("hostConfig", c.docker_config.host_config.as_deref());
    refuse_unsupported(c, &host_config, problems);
    let policy = c.restart_policy.as_ref().filter(|policy| policy.enabled);
    let list = |items: &[String]| Some(items.to_vec()).filter(|items| !items.is_empty());
    ContainerSpec {
        name: c.name.clone(),
        arn: c.container_arn.clone(),
        image: c.image.clone(),
        essential: c.essential,
        internal: false,
        ecr_auth: c.registry_authentication.as_ref().is_some_and(|auth| auth.kind == "ecr"),
        depends_on: depends_on(c, problems),
        start_timeout_s: c.start_timeout,
        stop_timeout_s: c.stop_timeout,
        restart_policy: policy.map(|policy| RestartPolicy {
            ignored_exit_codes: policy.ignored_exit_codes.clone(),
            attempt_period_s: policy.restart_attempt_period.unwrap_or(DEFAULT_RESTART_PERIOD_S),
        }),
        has_health_check: config.pointer("/Healthcheck/Test").is_some(),
        cpu: u32::try_from(c.cpu).unwrap_or_default(),
        memory_mib: u32::try_from(c.memory).unwrap_or_default(),
        command: list(&c.command),
        entry_point: list(&c.entry_point),
        environment: c.environment.0.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        secrets: c.secrets.iter().map(secret).collect(),
        registry_secret: registry_secret(c),
        links: c.links.clone(),
        port_mappings: c.port_mappings.iter().filter_map(port_mapping).collect(),
        mount_points: c
            .mount_points
            .iter()
            .map(|m| MountPoint {
                volume: m.source_volume.clone(),
                path: m.container_path.clone(),
                read_only: m.read_only,
            })
            .collect(),
        volumes_from: c
            .volumes_from
            .iter()
            .map(|v| VolumeFrom { container: v.source_container.clone(), read_only: v.read_only })
            .collect(),
        config,
        host_config,
    }
}

fn refuse_unsupported(c: &AcsContainer, host_config: &Value, problems: &mut Vec<String>) {
    if let Some(problem) = logs::target::problem(host_config) {
        problems.push(format!("container {}: {problem}", c.name));
    }
    for (present, what) in [
        (!c.environment_files.is_empty(), "environment files"),
        (c.firelens_configuration.is_some(), "FireLens"),
        (c.port_mappings.iter().any(|p| p.container_port_range.is_some()), "container port ranges"),
    ] {
        if present {
            problems.push(format!("container {} uses {what}, which this agent does not support", c.name));
        }
    }
}

fn secret(secret: &AcsSecret) -> SecretSpec {
    SecretSpec {
        name: secret.name.clone(),
        value_from: secret.value_from.clone(),
        for_log_driver: secret.target.as_deref() == Some(LOG_DRIVER),
    }
}

fn registry_secret(c: &AcsContainer) -> Option<String> {
    let auth = c.registry_authentication.as_ref().filter(|auth| auth.kind == "asm")?;
    auth.asm_auth_data.as_ref().map(|data| data.credentials_parameter.clone())
}

fn depends_on(c: &AcsContainer, problems: &mut Vec<String>) -> Vec<Dependency> {
    let mut dependencies = Vec::new();
    for dependency in &c.depends_on {
        let condition = match dependency.condition.as_str() {
            "START" => Condition::Start,
            "COMPLETE" => Condition::Complete,
            "SUCCESS" => Condition::Success,
            "HEALTHY" => Condition::Healthy,
            other => {
                problems.push(format!("container {} depends on an unknown condition {other}", c.name));
                continue;
            }
        };
        dependencies.push(Dependency { container: dependency.container_name.clone(), condition });
    }
    dependencies
}

fn port_mapping(mapping: &AcsPortMapping) -> Option<PortMapping> {
    Some(PortMapping {
        container_port: mapping.container_port?,
        host_port: mapping.host_port.unwrap_or_default(),
        // ECS takes every other word for tcp.
        protocol: if mapping.protocol == "udp" { "udp" } else { "tcp" }.to_owned(),
    })
}

fn volume(v: &AcsVolume, problems: &mut Vec<String>) -> Option<Volume> {
    let pairs =
        |map: &std::collections::BTreeMap<String, String>| map.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    let kind = if let Some(docker) = &v.docker_volume_configuration {
        let shared = docker.scope.as_deref() == Some("shared");
        VolumeKind::Docker {
            shared,
            autoprovision: !shared || docker.autoprovision.unwrap_or_default(),
            driver: docker.driver.clone().filter(|d| !d.is_empty()),
            driver_opts: pairs(&docker.driver_opts),
            labels: pairs(&docker.labels),
        }
    } else if v.efs_volume_configuration.is_some() || v.kind == "efs" {
        problems.push(format!("volume {} is an EFS volume, which this agent does not support", v.name));
        return None;
    } else {
        let path = v.host.as_ref().and_then(|host| host.source_path.clone()).filter(|path| !path.is_empty());
        path.map_or(VolumeKind::Task, |path| VolumeKind::Host { path })
    };
    Some(Volume { name: v.name.clone(), kind })
}

/// What the task reserves of the host: the task's own figures, else the sum over its containers (soft memory limit before
/// hard), and its fixed host ports.
fn need(task: &AcsTask, containers: &[ContainerSpec], network_mode: NetworkMode) -> Requirements {
    let sum = |of: fn(&ContainerSpec) -> u32| containers.iter().map(of).fold(0, u32::saturating_add);
    let ports = |protocol: &str| -> BTreeSet<u16> {
        let mappings = containers.iter().flat_map(|c| &c.port_mappings).filter(|p| p.protocol == protocol);
        match network_mode {
            NetworkMode::Bridge => mappings.map(|p| p.host_port).filter(|&port| port != 0).collect(),
            NetworkMode::Host => mappings.map(|p| p.container_port).collect(),
            NetworkMode::None | NetworkMode::Awsvpc => BTreeSet::new(),
        }
    };
    let task_memory = task.memory.and_then(|m| u32::try_from(m).ok()).filter(|&m| m > 0);
    Requirements {
        resources: Resources {
            cpu: task.cpu.filter(|&cpu| cpu > 0.0).map_or_else(|| sum(|c| c.cpu), cpu_units),
            memory_mib: task_memory.unwrap_or_else(|| sum(reserved_memory_mib)),
        },
        tcp_ports: ports("tcp"),
        udp_ports: ports("udp"),
        ..Requirements::default()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and the figure is positive"
)]
fn cpu_units(cpus: f64) -> u32 {
    (cpus * 1024.0).round() as u32
}

fn reserved_memory_mib(container: &ContainerSpec) -> u32 {
    const MIB: i64 = 1024 * 1024;
    let soft = container.host_config.get("MemoryReservation").and_then(Value::as_i64).filter(|&bytes| bytes > 0);
    soft.and_then(|bytes| u32::try_from(bytes / MIB).ok()).unwrap_or(container.memory_mib)
}

fn add_pause(containers: &mut Vec<ContainerSpec>) {
    for container in containers.iter_mut() {
        container
            .depends_on
            .insert(0, Dependency { container: PAUSE_CONTAINER.to_owned(), condition: Condition::Start });
    }
    containers.insert(
        0,
        ContainerSpec {
            name: PAUSE_CONTAINER.to_owned(),
            arn: None,
            image: pause::reference(),
            essential: true,
            internal: true,
            ecr_auth: false,
            depends_on: Vec::new(),
            start_timeout_s: None,
            stop_timeout_s: Some(1),
            restart_policy: None,
            has_health_check: false,
            cpu: 0,
            memory_mib: 0,
            command: None,
            entry_point: None,
            environment: Vec::new(),
            secrets: Vec::new(),
            registry_secret: None,
            links: Vec::new(),
            port_mappings: Vec::new(),
            mount_points: Vec::new(),
            volumes_from: Vec::new(),
            config: Value::Null,
            host_config: Value::Null,
        },
    );
}

#[cfg(test)]
mod tests {
    use gantry_wire::acs_task::{AcsDependency, AcsEnvironmentFile, DockerConfig};

    use super::*;

    fn task(containers: Vec<AcsContainer>) -> AcsTask {
        AcsTask {
            arn: "arn:aws:ecs:us-east-1:000000000000:task/blue/0123456789abcdef0123456789abcdef".to_owned(),
            family: "web".to_owned(),
            version: "3".to_owned(),
            containers,
            ..AcsTask::default()
        }
    }

    fn web() -> AcsContainer {
        AcsContainer {
            name: "web".to_owned(),
            image: "app".to_owned(),
            essential: true,
            memory: 64,
            ..Default::default()
        }
    }

    fn port(container_port: u16, host_port: u16, protocol: &str) -> AcsPortMapping {
        AcsPortMapping {
            container_port: Some(container_port),
            host_port: Some(host_port),
            protocol: protocol.to_owned(),
            container_port_range: None,
        }
    }

    #[test]
    fn the_cluster_is_read_from_the_tasks_arn() {
        assert_eq!(accept(&task(vec![web()])).spec.cluster, "blue");
    }

    #[test]
    fn a_task_needs_its_own_figures_or_the_sum_of_its_containers() {
        let soft =
            DockerConfig { host_config: Some(r#"{"MemoryReservation":33554432}"#.to_owned()), ..Default::default() };
        let side = AcsContainer { name: "side".to_owned(), cpu: 100, docker_config: soft, ..web() };
        let mut both = task(vec![web(), side]);
        let summed = accept(&both).spec.need.resources;
        assert_eq!(summed, Resources { cpu: 100, memory_mib: 64 + 32 });
        both.cpu = Some(0.25);
        both.memory = Some(512);
        assert_eq!(accept(&both).spec.need.resources, Resources { cpu: 256, memory_mib: 512 });
    }

    #[test]
    fn only_fixed_host_ports_are_reserved() {
        let mut ported = task(vec![AcsContainer {
            port_mappings: vec![port(80, 0, "tcp"), port(81, 8081, "tcp"), port(53, 53, "udp")],
            ..web()
        }]);
        let need = accept(&ported).spec.need;
        assert_eq!((need.tcp_ports, need.udp_ports), (BTreeSet::from([8081]), BTreeSet::from([53])));
        ported.network_mode = Some("host".to_owned());
        assert_eq!(accept(&ported).spec.need.tcp_ports, BTreeSet::from([80, 81]));
        ported.network_mode = Some("awsvpc".to_owned());
        assert_eq!(accept(&ported).spec.need.tcp_ports, BTreeSet::new());
    }

    #[test]
    fn an_awsvpc_task_gets_a_pause_container_that_all_others_start_after() {
        let mut owned = task(vec![web()]);
        owned.network_mode = Some("awsvpc".to_owned());
        let spec = accept(&owned).spec;
        assert!(spec.containers[0].internal);
        assert_eq!(spec.containers[1].depends_on[0].container, PAUSE_CONTAINER);
        assert_eq!(spec.containers[1].created_after().collect::<Vec<_>>(), [PAUSE_CONTAINER]);
    }

    #[test]
    fn what_the_agent_cannot_do_is_refused_in_words() {
        let cases: [(AcsContainer, &str); 3] = [
            (AcsContainer { environment_files: vec![AcsEnvironmentFile::default()], ..web() }, "environment files"),
            (
                AcsContainer {
                    depends_on: vec![AcsDependency { container_name: "x".to_owned(), condition: "READY".to_owned() }],
                    ..web()
                },
                "READY",
            ),
            (
                AcsContainer {
                    docker_config: DockerConfig { config: Some("{".to_owned()), ..Default::default() },
                    ..web()
                },
                "dockerConfig.config",
            ),
        ];
        for (container, expected) in cases {
            let refusal = accept(&task(vec![container])).refusal.unwrap();
            assert!(refusal.starts_with("ResourceInitializationError: ") && refusal.contains(expected), "{refusal}");
        }
    }
}
