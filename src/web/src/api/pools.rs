//! The capacity providers that a cluster's tasks may use.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// A capacity provider of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PoolSummary {
    pub name: String,
    /// Who makes and ends its hosts.
    pub group: String,
    /// How it grows and shrinks; `None` when nothing scales it.
    pub scaling: Option<PoolScaling>,
    /// Hosts that are in it.
    pub hosts: u32,
    /// Its share of the tasks that ask for no provider: base and weight.
    pub share: Option<(i32, i32)>,
}

/// Managed scaling.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PoolScaling {
    /// Percent of the pool that should be in use.
    pub target: i32,
    pub least_step: i32,
    pub greatest_step: i32,
}

/// The capacity providers of a cluster, in its order.
#[server(prefix = "/ui/api", endpoint = "list-pools")]
pub async fn list_pools(cluster: String) -> Result<Vec<PoolSummary>, ApiError> {
    read::pools(&crate::sdk::ecs()?, &cluster).await
}

#[cfg(feature = "ssr")]
mod read {
    use std::collections::BTreeMap;

    use aws_sdk_ecs::Client;
    use aws_sdk_ecs::types::{CapacityProvider, ManagedScaling, ManagedScalingStatus};

    use super::{PoolScaling, PoolSummary};
    use crate::api::convert::text;
    use crate::api::instances::list_instances;
    use crate::error::ApiError;

    pub(super) async fn pools(ecs: &Client, cluster: &str) -> Result<Vec<PoolSummary>, ApiError> {
        let answer = ecs.describe_clusters().clusters(cluster).send().await?;
        let found = answer.clusters().first().ok_or_else(|| ApiError::missing("cluster", cluster))?;
        let names = found.capacity_providers();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let described = ecs.describe_capacity_providers().set_capacity_providers(Some(names.to_vec())).send().await?;
        let mut hosts: BTreeMap<String, u32> = BTreeMap::new();
        for host in list_instances(cluster.to_owned()).await? {
            *hosts.entry(host.capacity_provider.unwrap_or_default()).or_insert(0) += 1;
        }
        let share = |name: &str| {
            let items = found.default_capacity_provider_strategy();
            items.iter().find(|item| item.capacity_provider() == name).map(|item| (item.base(), item.weight()))
        };
        let pool = |name: &String| {
            let provider = described.capacity_providers().iter().find(|p| p.name() == Some(name));
            let hosts = hosts.get(name).copied().unwrap_or(0);
            summary(name, provider, hosts, share(name))
        };
        Ok(names.iter().map(pool).collect())
    }

    fn summary(name: &str, provider: Option<&CapacityProvider>, hosts: u32, share: Option<(i32, i32)>) -> PoolSummary {
        let group = provider.and_then(|provider| provider.auto_scaling_group_provider());
        PoolSummary {
            name: name.to_owned(),
            group: text(group.map(|group| group.auto_scaling_group_arn())),
            scaling: group.and_then(|group| group.managed_scaling()).and_then(scaling),
            hosts,
            share,
        }
    }

    fn scaling(scaling: &ManagedScaling) -> Option<PoolScaling> {
        (scaling.status() == Some(&ManagedScalingStatus::Enabled)).then(|| PoolScaling {
            target: scaling.target_capacity().unwrap_or(100),
            least_step: scaling.minimum_scaling_step_size().unwrap_or(1),
            greatest_step: scaling.maximum_scaling_step_size().unwrap_or(10_000),
        })
    }
}
