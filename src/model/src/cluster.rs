//! Clusters: groups of container instances, and the namespace of services and tasks.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{ClusterName, Scope};
use crate::tag::Tag;
use crate::time::UnixMillis;

/// A cluster. A deleted one stays describable as `INACTIVE`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    pub scope: Scope,
    pub name: ClusterName,
    pub status: ClusterStatus,
    pub created_at: UnixMillis,
    /// `settings` as given, each with `name` and `value`.
    pub settings: Vec<Setting>,
    /// `configuration` as given; kept and returned.
    pub configuration: Option<Value>,
    pub capacity_providers: Vec<String>,
    pub default_capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// `serviceConnectDefaults` as given; kept and returned.
    pub service_connect_defaults: Option<Value>,
    pub tags: Vec<Tag>,
}

/// The states of a cluster that Gantry knows (of ECS's, PROVISIONING and the like belong to AWS's own capacity).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClusterStatus {
    Active,
    Inactive,
}

/// A cluster setting such as `containerInsights`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    pub name: String,
    pub value: String,
}

/// One provider's share of the tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CapacityProviderStrategyItem {
    pub capacity_provider: String,
    pub weight: u32,
    pub base: u32,
}
