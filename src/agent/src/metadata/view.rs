//! Tasks and containers as the metadata endpoint shows them: pure.
//!
//! Source: ECS developer guide, "Task metadata JSON response" of version 4; its examples give the names and their order.

use bollard::models::{ContainerInspectResponse, ContainerState, Health, MountPoint, NetworkSettings};
use gantry_model::UnixMillis;
use gantry_model::task::HealthStatus;
use gantry_wire::Timestamp;
use gantry_wire::shapes::ecs::Tag;
use serde_json::{Map, Value, json};

use crate::logs::target::{AWSLOGS, Target};
use crate::spec::{NetworkMode, PAUSE_CONTAINER};
use crate::task_machine::{Container, Phase, Status, Task};

/// The containers that are shown, by position: the task's own, not the agent's.
pub(super) fn listed(task: &Task) -> Vec<usize> {
    (0..task.containers.len()).filter(|&at| !task.spec.containers[at].internal).collect()
}

/// The container whose network the others use, when it is not each its own.
pub(super) fn network_owner(task: &Task) -> Option<usize> {
    (task.spec.network_mode == NetworkMode::Awsvpc).then(|| task.spec.position(PAUSE_CONTAINER)).flatten()
}

/// A task and its `containers`, which are shown already.
pub(super) fn task(task: &Task, availability_zone: &str, containers: Vec<Value>) -> Map<String, Value> {
    let spec = &task.spec;
    let mut view = View::default();
    view.say("Cluster", json!(spec.cluster));
    view.say("TaskARN", json!(spec.arn));
    view.say("Family", json!(spec.family));
    view.say("Revision", json!(spec.revision));
    view.say("ServiceName", json!(spec.service_name));
    view.say("DesiredStatus", json!(desired_status(task)));
    view.say("KnownStatus", json!(known_status(task)));
    let limits = limits(json!(spec.cpu_limit), json!(spec.memory_limit_mib));
    view.say("Limits", limits);
    view.say("PullStartedAt", json!(task.pull_started_at.map(timestamp)));
    view.say("PullStoppedAt", json!(task.pull_stopped_at.map(timestamp)));
    view.say("ExecutionStoppedAt", json!(task.execution_stopped_at.map(timestamp)));
    view.say("AvailabilityZone", json!(availability_zone));
    view.say("LaunchType", json!(spec.launch_type));
    view.say("Group", json!(spec.group));
    view.say("Containers", Value::Array(containers));
    view.0
}

/// A container: what the agent knows of it, and what the engine says, whose `network` it is in.
pub(super) fn container(
    task: &Task,
    position: usize,
    found: &ContainerInspectResponse,
    network: Option<&NetworkSettings>,
) -> Value {
    let (spec, own) = (&task.spec.containers[position], &task.containers[position]);
    let config = found.config.as_ref();
    let log = found.host_config.as_ref().and_then(|host| host.log_config.as_ref());
    let state = found.state.clone().unwrap_or_default();
    let mut view = View::default();
    view.say("DockerId", json!(own.docker_id));
    view.say("Name", json!(spec.name));
    view.say("DockerName", json!(own.docker_name));
    view.say("Image", json!(spec.image));
    view.say("ImageID", json!(found.image));
    view.say("Ports", ports(own));
    view.say("Labels", json!(config.and_then(|c| c.labels.clone())));
    view.say("DesiredStatus", json!(desired_status(task)));
    view.say("KnownStatus", json!(phase(own.phase)));
    view.say("ExitCode", json!(own.exit_code));
    let memory = (spec.memory_mib > 0).then_some(spec.memory_mib).or(task.spec.memory_limit_mib);
    view.say("Limits", limits(json!(spec.cpu), json!(memory)));
    view.say("CreatedAt", json!(found.created));
    view.say("StartedAt", json!(own.started_at.map(timestamp)));
    view.say("FinishedAt", json!(state.finished_at.clone().filter(|at| !at.starts_with("0001-"))));
    view.say("Type", json!("NORMAL"));
    view.say("Health", if spec.has_health_check { health(own, &state) } else { Value::Null });
    view.say("Volumes", volumes(found.mounts.as_deref().unwrap_or_default()));
    let shipped = Target::of(task, position);
    let driver = log.and_then(|log| log.typ.clone());
    view.say("LogDriver", json!(if shipped.is_some() { Some(AWSLOGS.to_owned()) } else { driver }));
    view.say(
        "LogOptions",
        shipped.map_or_else(|| json!(log.and_then(|log| log.config.clone())), |to| log_options(&to)),
    );
    view.say("ContainerARN", json!(spec.arn));
    view.say("Networks", networks(task, network));
    view.say("RestartCount", if spec.restart_policy.is_some() { json!(own.restarts) } else { Value::Null });
    Value::Object(view.0)
}

/// Where the agent ships the lines, as Amazon's agent tells it.
fn log_options(target: &Target) -> Value {
    json!({ "awslogs-group": target.group, "awslogs-region": target.region, "awslogs-stream": target.stream })
}

/// What is known; what is not is left out.
#[derive(Default)]
struct View(Map<String, Value>);

impl View {
    fn say(&mut self, name: &str, value: Value) {
        if !value.is_null() {
            self.0.insert(name.to_owned(), value);
        }
    }
}

/// Tags by their keys.
pub(super) fn tags(tags: &[Tag]) -> Value {
    let pairs = tags.iter().filter_map(|tag| Some((tag.key.clone()?, json!(tag.value.as_deref().unwrap_or_default()))));
    Value::Object(pairs.collect())
}

/// What could not be found out.
pub(super) fn errors(field: &str, arn: &str, message: &str) -> Value {
    json!([{ "ErrorField": field, "ErrorCode": "ServerException", "ErrorMessage": message, "ResourceARN": arn }])
}

/// A time as the endpoint writes it.
pub(super) fn timestamp(at: UnixMillis) -> String {
    Timestamp::from(at).to_rfc3339()
}

fn desired_status(task: &Task) -> &'static str {
    if task.stopping { "STOPPED" } else { "RUNNING" }
}

fn known_status(task: &Task) -> &'static str {
    match task.status {
        Status::Pending => "PENDING",
        Status::Running => "RUNNING",
        Status::Stopped => "STOPPED",
    }
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::New | Phase::Pulling => "NONE",
        Phase::Pulled | Phase::Creating => "PULLED",
        Phase::Created | Phase::Starting => "CREATED",
        Phase::Running | Phase::Stopping => "RUNNING",
        Phase::Stopped => "STOPPED",
    }
}

/// Null when there is no limit.
fn limits(cpu: Value, memory: Value) -> Value {
    let given = [("CPU", cpu), ("Memory", memory)].into_iter().filter(|(_, value)| !value.is_null());
    let limits: Map<String, Value> = given.map(|(name, value)| (name.to_owned(), value)).collect();
    if limits.is_empty() { Value::Null } else { Value::Object(limits) }
}

fn ports(own: &Container) -> Value {
    let ports = own.network_bindings.iter().map(|binding| {
        json!({
            "ContainerPort": binding.container_port,
            "Protocol": binding.protocol,
            "HostPort": binding.host_port,
            "HostIp": binding.bind_ip,
        })
    });
    let ports: Vec<Value> = ports.collect();
    if ports.is_empty() { Value::Null } else { Value::Array(ports) }
}

/// The last check gives the exit code and the output.
fn health(own: &Container, state: &ContainerState) -> Value {
    let status = match own.health {
        HealthStatus::Healthy => "HEALTHY",
        HealthStatus::Unhealthy => "UNHEALTHY",
        HealthStatus::Unknown => "UNKNOWN",
    };
    let mut view = json!({ "status": status });
    if let Some(since) = own.health_since {
        view["statusSince"] = json!(timestamp(since));
    }
    let last = state.health.as_ref().and_then(|Health { log, .. }| log.as_ref()?.last());
    if let Some(check) = last {
        view["exitCode"] = json!(check.exit_code);
        view["output"] = json!(check.output);
    }
    view
}

fn volumes(mounts: &[MountPoint]) -> Value {
    let volumes = mounts
        .iter()
        .map(|mount| json!({ "DockerName": mount.name, "Source": mount.source, "Destination": mount.destination }));
    let volumes: Vec<Value> = volumes.collect();
    if volumes.is_empty() { Value::Null } else { Value::Array(volumes) }
}

fn networks(task: &Task, settings: Option<&NetworkSettings>) -> Value {
    let mode = match task.spec.network_mode {
        NetworkMode::Bridge => "bridge",
        NetworkMode::Host => "host",
        NetworkMode::None => "none",
        NetworkMode::Awsvpc => "awsvpc",
    };
    let engine = settings.and_then(|settings| settings.networks.as_ref()).into_iter().flatten();
    let endpoint =
        engine.map(|(_, endpoint)| endpoint).find(|e| e.ip_address.as_deref().is_some_and(|a| !a.is_empty()));
    let mut view = json!({ "NetworkMode": mode });
    if let Some(endpoint) = endpoint {
        view["IPv4Addresses"] = json!([endpoint.ip_address]);
        if task.spec.network_mode == NetworkMode::Awsvpc {
            view["AttachmentIndex"] = json!(0);
            view["MACAddress"] = json!(endpoint.mac_address);
            view["SubnetGatewayIpv4Address"] = json!(match (&endpoint.gateway, endpoint.ip_prefix_len) {
                (Some(gateway), Some(prefix)) => Some(format!("{gateway}/{prefix}")),
                (gateway, _) => gateway.clone(),
            });
        }
    }
    json!([view])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task_machine::tests::{container as spec_of, spec};
    use bollard::models::HealthcheckResult;

    fn a_task() -> Task {
        let mut web = spec_of("web");
        web.has_health_check = true;
        web.memory_mib = 64;
        let mut task = Task::new(spec(vec![web]), "5f", UnixMillis(0));
        let own = &mut task.containers[0];
        own.phase = Phase::Running;
        own.health = HealthStatus::Unhealthy;
        own.health_since = Some(UnixMillis(1_000));
        own.started_at = Some(UnixMillis(500));
        task
    }

    #[test]
    fn a_container_shows_its_health_and_its_limits() {
        let check = HealthcheckResult { exit_code: Some(1), output: Some("no".to_owned()), ..Default::default() };
        let health = Health { log: Some(vec![HealthcheckResult::default(), check]), ..Default::default() };
        let state = ContainerState {
            health: Some(health),
            finished_at: Some("0001-01-01T00:00:00Z".to_owned()),
            ..Default::default()
        };
        let found = ContainerInspectResponse { state: Some(state), ..Default::default() };
        let view = container(&a_task(), 0, &found, None);
        let health =
            json!({ "status": "UNHEALTHY", "statusSince": "1970-01-01T00:00:01Z", "exitCode": 1, "output": "no" });
        assert_eq!(view["Health"], health);
        assert_eq!(view["Limits"]["Memory"], 64);
        assert_eq!(view["KnownStatus"], "RUNNING");
        assert_eq!(view.get("FinishedAt"), None, "it has not finished");
        assert_eq!(view["Networks"], json!([{ "NetworkMode": "bridge" }]));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let view = task(&a_task(), "us-east-1a", Vec::new());
        assert_eq!(view["AvailabilityZone"], "us-east-1a");
        assert!(!view.contains_key("ServiceName") && !view.contains_key("PullStartedAt"), "{view:?}");
    }
}
