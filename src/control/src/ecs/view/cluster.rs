//! A cluster as the API answers it (ECS API reference, `Cluster`).

use gantry_model::Arn;
use gantry_model::cluster::{CapacityProviderStrategyItem, Cluster, ClusterStatus};
use gantry_store::cluster::ClusterCounts;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::int;

/// What the caller wants to see beside the cluster itself; what it does not want is answered as an empty list.
#[derive(Debug, Clone, Default)]
pub struct Include {
    pub settings: bool,
    pub configurations: bool,
    pub tags: bool,
    pub statistics: Option<Statistics>,
}

/// Tasks and services of a cluster by launch type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    pub ec2: KindCounts,
    pub fargate: KindCounts,
    pub external: KindCounts,
}

/// The numbers of one launch type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KindCounts {
    pub running_tasks: i64,
    pub pending_tasks: i64,
    pub active_services: i64,
    pub draining_services: i64,
}

/// The cluster with its counts.
///
/// # Errors
/// ServerException when a member that was kept as given does not read as what it is.
pub fn cluster(cluster: &Cluster, counts: ClusterCounts, include: &Include) -> Result<wire::Cluster, ApiError> {
    let configuration = cluster.configuration.as_ref().filter(|_| include.configurations);
    Ok(wire::Cluster {
        cluster_arn: Some(Arn::cluster(&cluster.scope, &cluster.name).to_string()),
        cluster_name: Some(cluster.name.to_string()),
        configuration: configuration.map(read).transpose()?,
        status: Some(status(cluster.status).to_owned()),
        registered_container_instances_count: Some(int(counts.registered_instances)),
        running_tasks_count: Some(int(counts.running_tasks)),
        pending_tasks_count: Some(int(counts.pending_tasks)),
        active_services_count: Some(int(counts.active_services)),
        statistics: Some(include.statistics.as_ref().map(statistics).unwrap_or_default()),
        tags: Some(if include.tags { super::tags(&cluster.tags) } else { Vec::new() }),
        settings: Some(if include.settings { settings(cluster) } else { Vec::new() }),
        capacity_providers: Some(cluster.capacity_providers.clone()),
        default_capacity_provider_strategy: Some(
            cluster.default_capacity_provider_strategy.iter().map(strategy_item).collect(),
        ),
        service_connect_defaults: cluster.service_connect_defaults.as_ref().map(read).transpose()?,
        ..wire::Cluster::default()
    })
}

fn status(status: ClusterStatus) -> &'static str {
    match status {
        ClusterStatus::Active => "ACTIVE",
        ClusterStatus::Inactive => "INACTIVE",
    }
}

fn settings(cluster: &Cluster) -> Vec<wire::ClusterSetting> {
    let setting = |name: &str, value: &str| wire::ClusterSetting { name: Some(name.into()), value: Some(value.into()) };
    cluster.settings.iter().map(|s| setting(&s.name, &s.value)).collect()
}

fn strategy_item(item: &CapacityProviderStrategyItem) -> wire::CapacityProviderStrategyItem {
    wire::CapacityProviderStrategyItem {
        capacity_provider: Some(item.capacity_provider.clone()),
        weight: Some(int(item.weight)),
        base: Some(int(item.base)),
    }
}

fn read<T: DeserializeOwned>(kept: &Value) -> Result<T, ApiError> {
    serde_json::from_value(kept.clone())
        .map_err(|e| ApiError::server(format!("what a cluster keeps as given does not read: {e}")))
}

/// Tasks and services by launch type, as name and value pairs.
fn statistics(statistics: &Statistics) -> Vec<wire::KeyValuePair> {
    let kinds = [("EC2", statistics.ec2), ("Fargate", statistics.fargate), ("External", statistics.external)];
    let mut pairs = Vec::with_capacity(kinds.len() * 4);
    for (kind, counts) in kinds {
        for (name, value) in [
            (format!("running{kind}TasksCount"), counts.running_tasks),
            (format!("pending{kind}TasksCount"), counts.pending_tasks),
            (format!("active{kind}ServiceCount"), counts.active_services),
            (format!("draining{kind}ServiceCount"), counts.draining_services),
        ] {
            pairs.push(wire::KeyValuePair { name: Some(name), value: Some(value.to_string()) });
        }
    }
    pairs
}
