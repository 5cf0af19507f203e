//! Services: they keep a number of tasks of one definition running and roll them over to the next.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cluster::CapacityProviderStrategyItem;
use crate::ids::{ClusterName, DeploymentId, Scope, ServiceName, TaskDefinitionId};
use crate::placement::{PlacementConstraint, PlacementStrategy};
use crate::tag::Tag;
use crate::task::LaunchType;
use crate::time::UnixMillis;

/// A service. A deleted one is DRAINING while its tasks stop and then INACTIVE, and stays describable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    pub scope: Scope,
    pub cluster: ClusterName,
    pub name: ServiceName,
    pub status: ServiceStatus,
    pub scheduling_strategy: SchedulingStrategy,
    pub desired_count: u32,
    pub task_definition: TaskDefinitionId,
    /// `None` when a capacity provider strategy is used.
    pub launch_type: Option<LaunchType>,
    pub capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    pub deployment_configuration: DeploymentConfiguration,
    pub placement_constraints: Vec<PlacementConstraint>,
    pub placement_strategy: Vec<PlacementStrategy>,
    pub health_check_grace_period_s: Option<u32>,
    /// The newest first; the first is PRIMARY.
    pub deployments: Vec<Deployment>,
    pub start_throttle: StartThrottle,
    /// Members that are kept and returned as given, by their name in the API: networkConfiguration, loadBalancers,
    /// serviceRegistries, platformVersion, propagateTags, enableECSManagedTags, enableExecuteCommand, …
    pub extra: serde_json::Map<String, Value>,
    pub client_token: Option<String>,
    pub created_at: UnixMillis,
    pub created_by: String,
    pub tags: Vec<Tag>,
    /// Rises by one with each write; a writer that read an older one must read again.
    pub version: i64,
    /// When the service last said that it reached a steady state; `None` since its last change.
    pub steady_since: Option<UnixMillis>,
    /// What keeps the scheduler from its work and when it last said so, so that it does not say it at every pass.
    #[serde(default)]
    pub impediment: Option<Impediment>,
}

/// A standing impediment of a service: its message is not repeated until it is gone or six hours have passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Impediment {
    /// What it is, apart from the changing detail of the message (such as which instance matched best).
    pub kind: String,
    pub said_at: UnixMillis,
}

/// The states of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ServiceStatus {
    Active,
    Draining,
    Inactive,
}

impl ServiceStatus {
    /// The state as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
            Self::Inactive => "INACTIVE",
        }
    }
}

/// A number of tasks, or one on each instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SchedulingStrategy {
    Replica,
    Daemon,
}

/// The bounds of a rolling deployment and what ends a bad one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentConfiguration {
    pub minimum_healthy_percent: u32,
    pub maximum_percent: u32,
    pub circuit_breaker: Option<CircuitBreaker>,
}

/// `deploymentCircuitBreaker`, with the defaults of the API filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CircuitBreaker {
    pub enable: bool,
    pub rollback: bool,
    pub reset_on_healthy_task: bool,
    pub threshold: BreakerThreshold,
}

/// After how many failures the breaker opens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", tag = "type", content = "value")]
pub enum BreakerThreshold {
    /// A percentage of the desired count, at least 3 and at most 200.
    BoundedPercent(u32),
    UnboundedPercent(u32),
    Count(u32),
}

/// One roll-out of a task definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    pub id: DeploymentId,
    pub status: DeploymentStatus,
    pub task_definition: TaskDefinitionId,
    pub rollout_state: RolloutState,
    pub rollout_state_reason: String,
    /// Failures that the circuit breaker has counted.
    pub failed_tasks: u32,
    /// Whether a task of this deployment has been RUNNING; failures count differently before and after.
    pub reached_running: bool,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
    /// The deployment that this one rolled back from.
    pub rolled_back_from: Option<DeploymentId>,
}

/// Newest, being replaced, gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeploymentStatus {
    Primary,
    Active,
    Inactive,
}

/// How far a deployment got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RolloutState {
    InProgress,
    Completed,
    Failed,
}

/// The back-off of a service whose tasks stop before they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartThrottle {
    /// Tasks in a row that stopped without having been RUNNING.
    pub consecutive_failures: u32,
    /// No task is started before this instant.
    pub not_before: Option<UnixMillis>,
}

/// A line of a service's event feed; the API keeps the last 100.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceEvent {
    pub id: String,
    pub created_at: UnixMillis,
    pub message: String,
}

impl Service {
    /// The deployment that is being rolled out or was last.
    #[must_use]
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|d| d.status == DeploymentStatus::Primary)
    }

    /// The group that the service's tasks carry.
    #[must_use]
    pub fn group(&self) -> String {
        format!("service:{}", self.name)
    }
}
