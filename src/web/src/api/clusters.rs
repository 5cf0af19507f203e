//! Clusters: the list, one of them, creating and deleting.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::overview::ClusterOverview;
use crate::error::ApiError;
use crate::state::State;

/// A cluster as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClusterSummary {
    pub name: String,
    pub arn: String,
    /// `ACTIVE`, or `INACTIVE` after it was deleted.
    pub status: String,
    pub running: u32,
    pub pending: u32,
    pub services: u32,
    pub instances: u32,
}

impl ClusterSummary {
    /// The state of the cluster in one shape and word.
    #[must_use]
    pub fn health(&self) -> (State, String) {
        match (self.status.as_str(), self.pending, self.running) {
            ("ACTIVE", 0, 0) => (State::Stopped, "Empty".to_owned()),
            ("ACTIVE", 0, _) => (State::Running, "Steady".to_owned()),
            ("ACTIVE", n, _) => (State::Pending, format!("{n} pending")),
            _ => (State::Stopped, "Deleted".to_owned()),
        }
    }
}

/// All active clusters, by name.
#[server(prefix = "/ui/api", endpoint = "list-clusters")]
pub async fn list_clusters() -> Result<Vec<ClusterSummary>, ApiError> {
    let ecs = crate::sdk::ecs()?;
    let arns: Vec<String> = ecs.list_clusters().into_paginator().items().send().collect::<Result<_, _>>().await?;
    let mut clusters = Vec::with_capacity(arns.len());
    for some in arns.chunks(100) {
        let answer = ecs.describe_clusters().set_clusters(Some(some.to_vec())).send().await?;
        clusters.extend(answer.clusters().iter().map(read::summary));
    }
    clusters.retain(|cluster| cluster.status == "ACTIVE");
    clusters.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(clusters)
}

/// One cluster, with what its services and hosts say of it.
///
/// # Errors
/// `NotFound` when there is no cluster of that name.
#[server(prefix = "/ui/api", endpoint = "describe-cluster")]
pub async fn describe_cluster(cluster: String) -> Result<ClusterOverview, ApiError> {
    let answer = crate::sdk::ecs()?.describe_clusters().clusters(&cluster).send().await?;
    let found = answer.clusters().first().map(read::summary).ok_or_else(|| ApiError::missing("cluster", &cluster))?;
    super::overview::read::cluster(found).await
}

/// Creates a cluster and goes to its page.
#[server(prefix = "/ui/api", endpoint = "create-cluster")]
pub async fn create_cluster(name: String) -> Result<(), ApiError> {
    crate::sdk::ecs()?.create_cluster().cluster_name(name.trim()).send().await?;
    leptos_axum::redirect(&format!("/clusters/{}", crate::format::query_value(name.trim())));
    Ok(())
}

/// Deletes a cluster that holds nothing any more, and goes to the list.
#[server(prefix = "/ui/api", endpoint = "delete-cluster")]
pub async fn delete_cluster(cluster: String) -> Result<(), ApiError> {
    crate::sdk::ecs()?.delete_cluster().cluster(&cluster).send().await?;
    leptos_axum::redirect("/clusters");
    Ok(())
}

#[cfg(feature = "ssr")]
mod read {
    use aws_sdk_ecs::types::Cluster;

    use super::ClusterSummary;
    use crate::api::convert::{count, text};

    pub(super) fn summary(cluster: &Cluster) -> ClusterSummary {
        ClusterSummary {
            name: text(cluster.cluster_name()),
            arn: text(cluster.cluster_arn()),
            status: text(cluster.status()),
            running: count(cluster.running_tasks_count()),
            pending: count(cluster.pending_tasks_count()),
            services: count(cluster.active_services_count()),
            instances: count(cluster.registered_container_instances_count()),
        }
    }
}
