//! A container instance as the API answers it (ECS API reference, `ContainerInstance`).

use std::collections::BTreeSet;

use gantry_model::Arn;
use gantry_model::container_instance::{Attribute, ContainerInstance};
use gantry_model::resources::Resources;
use gantry_scheduler::Remaining;
use gantry_store::task::InstanceCounts;
use gantry_wire::shapes::ecs as wire;

use super::int;

/// What a container instance's answer shows beside the instance.
#[derive(Debug, Clone)]
pub struct Beside {
    /// What the tasks that hold resources leave of it.
    pub remaining: Remaining,
    pub counts: InstanceCounts,
    pub with_tags: bool,
    pub with_health: bool,
}

/// The container instance.
#[must_use]
pub fn container_instance(instance: &ContainerInstance, beside: &Beside) -> wire::ContainerInstance {
    wire::ContainerInstance {
        container_instance_arn: Some(arn(instance)),
        ec2_instance_id: Some(instance.ec2_instance_id.clone()),
        capacity_provider_name: instance.capacity_provider().map(str::to_owned),
        version: Some(instance.version),
        version_info: Some(wire::VersionInfo {
            agent_version: Some(instance.agent_version.clone()),
            agent_hash: Some(instance.agent_hash.clone()),
            docker_version: Some(instance.docker_version.clone()),
        }),
        remaining_resources: Some(resources(
            beside.remaining.resources,
            &beside.remaining.used_tcp,
            &beside.remaining.used_udp,
            beside.remaining.gpus,
        )),
        registered_resources: Some(resources(
            instance.registered,
            &instance.reserved_tcp_ports,
            &instance.reserved_udp_ports,
            instance.gpus,
        )),
        status: Some(instance.status.as_str().to_owned()),
        agent_connected: Some(instance.agent_connected),
        running_tasks_count: Some(int(beside.counts.running)),
        pending_tasks_count: Some(int(beside.counts.pending)),
        attributes: Some(instance.attributes.iter().map(attribute).collect()),
        registered_at: Some(instance.registered_at.into()),
        attachments: Some(Vec::new()),
        tags: Some(if beside.with_tags { super::tags(&instance.tags) } else { Vec::new() }),
        health_status: beside.with_health.then(|| health(instance)),
        ..wire::ContainerInstance::default()
    }
}

/// The instance's ARN.
#[must_use]
pub fn arn(instance: &ContainerInstance) -> String {
    Arn::container_instance(&instance.scope, &instance.cluster, &instance.id).to_string()
}

/// An attribute, without the target that it is on.
#[must_use]
pub fn attribute(attribute: &Attribute) -> wire::Attribute {
    wire::Attribute { name: Some(attribute.name.clone()), value: attribute.value.clone(), ..wire::Attribute::default() }
}

/// The one health check there is: whether the agent is connected.
fn health(instance: &ContainerInstance) -> wire::ContainerInstanceHealthStatus {
    let status = if instance.agent_connected { "OK" } else { "IMPAIRED" };
    wire::ContainerInstanceHealthStatus {
        overall_status: Some(status.to_owned()),
        details: Some(vec![wire::InstanceHealthCheckResult {
            r#type: Some("AGENT_CONNECTIVITY".to_owned()),
            status: Some(status.to_owned()),
            last_updated: Some(instance.agent_connected_at.into()),
            last_status_change: Some(instance.agent_connected_at.into()),
            ..wire::InstanceHealthCheckResult::default()
        }]),
    }
}

fn resources(amount: Resources, tcp: &BTreeSet<u16>, udp: &BTreeSet<u16>, gpus: u32) -> Vec<wire::Resource> {
    let mut resources = vec![
        integer("CPU", amount.cpu),
        integer("MEMORY", amount.memory_mib),
        set("PORTS", tcp.iter().map(u16::to_string).collect()),
        set("PORTS_UDP", udp.iter().map(u16::to_string).collect()),
    ];
    if gpus > 0 {
        resources.push(set("GPU", (0..gpus).map(|gpu| gpu.to_string()).collect()));
    }
    resources
}

fn integer(name: &str, value: u32) -> wire::Resource {
    wire::Resource { integer_value: Some(int(value)), ..resource(name, "INTEGER") }
}

fn set(name: &str, values: Vec<String>) -> wire::Resource {
    wire::Resource { string_set_value: Some(values), ..resource(name, "STRINGSET") }
}

fn resource(name: &str, kind: &str) -> wire::Resource {
    wire::Resource {
        name: Some(name.to_owned()),
        r#type: Some(kind.to_owned()),
        double_value: Some(0.0),
        long_value: Some(0),
        integer_value: Some(0),
        string_set_value: None,
    }
}
