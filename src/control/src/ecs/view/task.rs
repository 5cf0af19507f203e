//! A task as the API answers it (ECS API reference, `Task`).

use gantry_model::task::{Container, LaunchType, NetworkBinding, Task};
use gantry_model::{Arn, Resource};
use gantry_wire::shapes::ecs as wire;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::int;

/// The ephemeral storage that a Fargate task has unless its definition asks for more (API reference, `Task`).
const FARGATE_STORAGE_GIB: i32 = 20;

/// The task. Tags are an empty list unless they were asked for.
#[must_use]
pub fn task(task: &Task, with_tags: bool) -> wire::Task {
    let fargate = task.launch_type == LaunchType::Fargate;
    let host = task.instance.as_ref().filter(|_| !fargate);
    wire::Task {
        attachments: Some(read_all(&task.attachments)),
        attributes: Some(task.attributes.iter().map(super::container_instance::attribute).collect()),
        availability_zone: task.availability_zone.clone(),
        capacity_provider_name: task.capacity_provider.clone(),
        cluster_arn: Some(Arn::cluster(&task.scope, &task.cluster).to_string()),
        connectivity: task.connectivity_at.map(|_| "CONNECTED".to_owned()),
        connectivity_at: task.connectivity_at.map(Into::into),
        container_instance_arn: host.map(|id| Arn::container_instance(&task.scope, &task.cluster, id).to_string()),
        containers: Some(task.containers.iter().map(|c| container(task, c)).collect()),
        cpu: task.cpu.clone(),
        created_at: Some(task.created_at.into()),
        desired_status: Some(task.desired_status.as_str().to_owned()),
        enable_execute_command: Some(task.enable_execute_command),
        execution_stopped_at: task.execution_stopped_at.map(Into::into),
        group: Some(task.group.clone()),
        health_status: Some(task.health.as_str().to_owned()),
        last_status: Some(task.last_status.as_str().to_owned()),
        launch_type: Some(task.launch_type.as_str().to_owned()),
        memory: task.memory.clone(),
        overrides: read(&task.overrides),
        platform_version: task.platform_version.clone(),
        platform_family: fargate.then(|| "Linux".to_owned()),
        pull_started_at: task.pull_started_at.map(Into::into),
        pull_stopped_at: task.pull_stopped_at.map(Into::into),
        started_at: task.started_at.map(Into::into),
        started_by: task.started_by.clone(),
        stop_code: task.stop_code.map(|code| code.as_str().to_owned()),
        stopped_at: task.stopped_at.map(Into::into),
        stopped_reason: task.stopped_reason.clone(),
        stopping_at: task.stopping_at.map(Into::into),
        tags: Some(if with_tags { super::tags(&task.tags) } else { Vec::new() }),
        task_arn: Some(Arn::task(&task.scope, &task.cluster, &task.id).to_string()),
        task_definition_arn: Some(Arn::task_definition(&task.scope, &task.task_definition).to_string()),
        version: Some(task.version),
        ephemeral_storage: fargate.then(|| storage(task)),
        ..wire::Task::default()
    }
}

fn container(task: &Task, container: &Container) -> wire::Container {
    let arn = Resource::Container(task.cluster.clone(), task.id.clone(), container.id.clone());
    wire::Container {
        container_arn: Some(Arn::new(&task.scope, arn).to_string()),
        task_arn: Some(Arn::task(&task.scope, &task.cluster, &task.id).to_string()),
        name: Some(container.name.clone()),
        image: Some(container.image.clone()),
        image_digest: container.image_digest.clone(),
        runtime_id: container.runtime_id.clone(),
        last_status: Some(container.last_status.as_str().to_owned()),
        exit_code: container.exit_code.map(int),
        reason: container.reason.clone(),
        network_bindings: Some(container.network_bindings.iter().map(binding).collect()),
        network_interfaces: Some(read_all(&container.network_interfaces)),
        health_status: Some(container.health.as_str().to_owned()),
        cpu: container.cpu.clone(),
        memory: container.memory.clone(),
        memory_reservation: container.memory_reservation.clone(),
        ..wire::Container::default()
    }
}

fn binding(binding: &NetworkBinding) -> wire::NetworkBinding {
    wire::NetworkBinding {
        bind_ip: Some(binding.bind_ip.clone()),
        container_port: Some(binding.container_port.into()),
        host_port: Some(binding.host_port.into()),
        protocol: Some(binding.protocol.clone()),
        ..wire::NetworkBinding::default()
    }
}

fn storage(task: &Task) -> wire::EphemeralStorage {
    let asked = task.overrides.pointer("/ephemeralStorage/sizeInGiB").and_then(Value::as_i64);
    wire::EphemeralStorage { size_in_gi_b: Some(asked.map_or(FARGATE_STORAGE_GIB, int)) }
}

/// A part that is kept in the API's shape. All of them were written from that shape, so one that does not read is absent.
fn read<T: DeserializeOwned>(kept: &Value) -> Option<T> {
    serde_json::from_value(kept.clone()).ok()
}

fn read_all<T: DeserializeOwned>(kept: &[Value]) -> Vec<T> {
    kept.iter().filter_map(read).collect()
}
