//! Container instances: the list, one of them, draining and activating.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::components::Capacity;
use crate::error::ApiError;
use crate::state::State;

/// A container instance.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct InstanceSummary {
    pub id: String,
    pub arn: String,
    pub cluster: String,
    pub ec2_instance_id: String,
    pub status: String,
    pub agent_connected: bool,
    pub agent_version: String,
    pub docker_version: String,
    pub availability_zone: Option<String>,
    pub instance_type: Option<String>,
    /// The capacity provider whose pool it is in.
    pub capacity_provider: Option<String>,
    pub running: u32,
    pub pending: u32,
    /// CPU units, registered and still free.
    pub cpu: i64,
    pub cpu_free: i64,
    /// MiB, registered and still free.
    pub memory: i64,
    pub memory_free: i64,
    /// Ports that are taken, of the host's own needs as of tasks.
    pub ports: Vec<String>,
    pub registered_at: Option<i64>,
    pub attributes: Vec<(String, Option<String>)>,
    pub tags: Vec<(String, String)>,
}

impl InstanceSummary {
    /// The state in one shape and word.
    #[must_use]
    pub fn health(&self) -> (State, &'static str) {
        let state = State::of_instance(&self.status, self.agent_connected);
        let word = match state {
            State::Running => "Active",
            State::Draining => "Draining",
            State::Unknown => "Agent silent",
            State::Pending => "Registering",
            State::Failed => "Not registered",
            State::Stopped => "Inactive",
        };
        (state, word)
    }

    /// A host as tests have it, of 2 processors and 4 GiB.
    #[cfg(test)]
    pub(crate) fn example(id: &str, zone: &str) -> Self {
        Self {
            id: id.to_owned(),
            arn: String::new(),
            cluster: "prod".to_owned(),
            ec2_instance_id: String::new(),
            status: "ACTIVE".to_owned(),
            agent_connected: true,
            agent_version: String::new(),
            docker_version: String::new(),
            availability_zone: Some(zone.to_owned()),
            instance_type: None,
            capacity_provider: None,
            running: 0,
            pending: 0,
            cpu: 2048,
            cpu_free: 1024,
            memory: 4096,
            memory_free: 1024,
            ports: Vec::new(),
            registered_at: None,
            attributes: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// How it is called: by its EC2 instance id, or by the start of its own.
    #[must_use]
    pub fn name(&self) -> String {
        if self.ec2_instance_id.is_empty() { crate::format::short_id(&self.id) } else { self.ec2_instance_id.clone() }
    }

    /// The address of its page.
    #[must_use]
    pub fn href(&self) -> String {
        format!("/clusters/{}/instances/{}", self.cluster, self.id)
    }

    /// CPU units that tasks have reserved.
    #[must_use]
    pub fn cpu_reserved(&self) -> Capacity {
        amount(self.cpu, self.cpu_free)
    }

    /// MiB that tasks have reserved.
    #[must_use]
    pub fn memory_reserved(&self) -> Capacity {
        amount(self.memory, self.memory_free)
    }
}

#[expect(clippy::cast_precision_loss, reason = "units and MiB of a host are far below 2^52")]
fn amount(total: i64, free: i64) -> Capacity {
    Capacity { used: (total - free) as f64, total: total as f64 }
}

/// The sum over hosts.
#[must_use]
pub fn sum(parts: impl Iterator<Item = Capacity>) -> Capacity {
    parts.fold(Capacity::default(), |a, b| Capacity { used: a.used + b.used, total: a.total + b.total })
}

/// All container instances of a cluster, by zone and name.
#[server(prefix = "/ui/api", endpoint = "list-instances")]
pub async fn list_instances(cluster: String) -> Result<Vec<InstanceSummary>, ApiError> {
    let ecs = crate::sdk::ecs()?;
    read::describe_all(&ecs, &cluster).await
}

/// One container instance.
///
/// # Errors
/// `NotFound` when the cluster has none of that id.
#[server(prefix = "/ui/api", endpoint = "describe-instance")]
pub async fn describe_instance(cluster: String, instance: String) -> Result<InstanceSummary, ApiError> {
    use aws_sdk_ecs::types::ContainerInstanceField;
    let answer = crate::sdk::ecs()?
        .describe_container_instances()
        .cluster(&cluster)
        .container_instances(&instance)
        .include(ContainerInstanceField::Tags)
        .send()
        .await?;
    answer
        .container_instances()
        .first()
        .map(|found| read::summary(&cluster, found))
        .ok_or_else(|| ApiError::missing("container instance", &instance))
}

/// Sets a container instance to `ACTIVE` or `DRAINING`.
///
/// # Errors
/// What UpdateContainerInstancesState reports in `failures`, or answers.
#[server(prefix = "/ui/api", endpoint = "set-instance-state")]
pub async fn set_instance_state(cluster: String, instance: String, status: String) -> Result<(), ApiError> {
    let answer = crate::sdk::ecs()?
        .update_container_instances_state()
        .cluster(&cluster)
        .container_instances(&instance)
        .status(status.as_str().into())
        .send()
        .await?;
    match answer.failures().first() {
        None => Ok(()),
        Some(failure) => Err(ApiError::refused(
            failure.reason().unwrap_or("Failure"),
            failure.detail().unwrap_or("The state of the container instance could not be changed"),
        )),
    }
}

#[cfg(feature = "ssr")]
pub(crate) mod read {
    use aws_sdk_ecs::Client;
    use aws_sdk_ecs::types::{ContainerInstance, Resource};

    use super::InstanceSummary;
    use crate::api::convert::{count, millis, text};
    use crate::error::ApiError;
    use crate::format::last_part;

    pub(crate) async fn describe_all(ecs: &Client, cluster: &str) -> Result<Vec<InstanceSummary>, ApiError> {
        let arns: Vec<String> = ecs
            .list_container_instances()
            .cluster(cluster)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await?;
        let mut instances = Vec::with_capacity(arns.len());
        for some in arns.chunks(100) {
            let answer = ecs
                .describe_container_instances()
                .cluster(cluster)
                .set_container_instances(Some(some.to_vec()))
                .send()
                .await?;
            instances.extend(answer.container_instances().iter().map(|found| summary(cluster, found)));
        }
        instances.sort_by(|a, b| (&a.availability_zone, &a.id).cmp(&(&b.availability_zone, &b.id)));
        Ok(instances)
    }

    pub(super) fn summary(cluster: &str, instance: &ContainerInstance) -> InstanceSummary {
        let attribute = |name: &str| {
            instance.attributes().iter().find(|a| a.name() == name).and_then(|a| a.value()).map(str::to_owned)
        };
        let registered = instance.registered_resources();
        let remaining = instance.remaining_resources();
        let mut attributes: Vec<_> =
            instance.attributes().iter().map(|a| (a.name().to_owned(), a.value().map(str::to_owned))).collect();
        attributes.sort();
        InstanceSummary {
            id: last_part(instance.container_instance_arn().unwrap_or_default()).to_owned(),
            arn: text(instance.container_instance_arn()),
            cluster: cluster.to_owned(),
            ec2_instance_id: text(instance.ec2_instance_id()),
            status: text(instance.status()),
            agent_connected: instance.agent_connected(),
            agent_version: text(instance.version_info().and_then(|v| v.agent_version())),
            docker_version: text(instance.version_info().and_then(|v| v.docker_version())),
            availability_zone: attribute("ecs.availability-zone"),
            instance_type: attribute("ecs.instance-type"),
            capacity_provider: instance.capacity_provider_name().map(str::to_owned),
            running: count(instance.running_tasks_count()),
            pending: count(instance.pending_tasks_count()),
            cpu: integer(registered, "CPU"),
            cpu_free: integer(remaining, "CPU"),
            memory: integer(registered, "MEMORY"),
            memory_free: integer(remaining, "MEMORY"),
            ports: ports(remaining),
            registered_at: millis(instance.registered_at()),
            attributes,
            tags: instance.tags().iter().map(|t| (text(t.key()), text(t.value()))).collect(),
        }
    }

    fn integer(resources: &[Resource], name: &str) -> i64 {
        resources.iter().find(|r| r.name() == Some(name)).map_or(0, |r| i64::from(r.integer_value()))
    }

    /// The ports in `PORTS` and `PORTS_UDP`: what is listed there is taken.
    fn ports(resources: &[Resource]) -> Vec<String> {
        let of = |name: &str, suffix: &str| -> Vec<String> {
            let found = resources.iter().find(|r| r.name() == Some(name));
            found.map(|r| r.string_set_value().iter().map(|p| format!("{p}{suffix}")).collect()).unwrap_or_default()
        };
        [of("PORTS", ""), of("PORTS_UDP", "/udp")].concat()
    }
}
