//! Services: they keep a number of tasks of one definition running and roll them over to the next.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cluster::CapacityProviderStrategyItem;
use crate::ids::{ClusterName, DeploymentId, Scope, ServiceName, TaskDefinitionId};
use crate::placement::{PlacementConstraint, PlacementStrategy};
use crate::rollout::{LifecycleHook, Rollout, Strategy};
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
    /// `None` for a service of task sets, which have theirs.
    pub task_definition: Option<TaskDefinitionId>,
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
    /// Who moves the service from one definition to the next.
    #[serde(default)]
    pub deployment_controller: DeploymentController,
    /// The task sets of a service whose controller is not ECS, in the order in which they were made.
    #[serde(default)]
    pub task_sets: Vec<TaskSet>,
    /// Rises by one with each write; a writer that read an older one must read again.
    pub version: i64,
    /// When the service last said that it reached a steady state; `None` since its last change.
    pub steady_since: Option<UnixMillis>,
    /// What keeps the scheduler from its work and when it last said so, so that it does not say it at every pass.
    #[serde(default)]
    pub impediment: Option<Impediment>,
    /// `None` while its tasks lie evenly, or are not to be moved.
    #[serde(default)]
    pub rebalancing: Option<Rebalancing>,
}

/// Where a service stands with moving its tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rebalancing {
    /// Tasks beyond the desired count that are to take the place of others.
    pub extra: u32,
    /// How many more tasks the fullest place had than the emptiest.
    pub imbalance: u32,
    /// When it is tried again though the last time did not help.
    pub not_before: UnixMillis,
}

/// The member among [`Service::extra`] that says whether tasks are moved between availability zones.
pub const ZONE_REBALANCING: &str = "availabilityZoneRebalancing";

/// The tag by which a service asks that its tasks are moved between the hosts of a zone, too: with the value `enabled`.
pub const HOST_REBALANCING: &str = "gantry.host-rebalancing";

/// What a revision of a service fixes for its tasks beside their definition. A service's own members are those of its
/// newest revision; a deployment keeps those that it was started with, so that a rollback restores them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// `None` when a capacity provider strategy is used.
    pub launch_type: Option<LaunchType>,
    pub capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// Members that are kept as given, by their name in the API.
    pub kept: serde_json::Map<String, Value>,
}

/// The members among [`Service::extra`] that belong to a revision: a change of one starts a deployment (ECS API
/// reference, `UpdateService`).
pub const REVISION_MEMBERS: [&str; 7] = [
    "networkConfiguration",
    "platformVersion",
    "platformFamily",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
];

/// Who moves a service from one task definition to the next (ECS API reference, `DeploymentController`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeploymentController {
    #[default]
    Ecs,
    CodeDeploy,
    External,
}

impl DeploymentController {
    /// The controller as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ecs => "ECS",
            Self::CodeDeploy => "CODE_DEPLOY",
            Self::External => "EXTERNAL",
        }
    }
}

/// A share of a service whose controller is not ECS (ECS API reference, `TaskSet`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskSet {
    /// `ecs-svc/…`, which its tasks carry as their deployment.
    pub id: DeploymentId,
    pub status: TaskSetStatus,
    pub task_definition: TaskDefinitionId,
    pub workload: Workload,
    /// Hundredths of a percent of the service's desired count, 0 to 10000.
    pub scale: u32,
    pub external_id: Option<String>,
    pub start_throttle: StartThrottle,
    pub impediment: Option<Impediment>,
    /// Since when it has as many healthy tasks as it should and no other; `None` while it has not.
    pub steady_since: Option<UnixMillis>,
    /// When [`TaskSet::steady_since`] last came or went.
    pub stability_at: UnixMillis,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
    pub tags: Vec<Tag>,
}

/// What a task set is to its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskSetStatus {
    /// It serves; at most one does.
    Primary,
    Active,
    /// It was deleted and its tasks are stopping.
    Draining,
}

impl TaskSetStatus {
    /// The status as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "PRIMARY",
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
        }
    }
}

impl TaskSet {
    /// An ACTIVE set of the whole of its service, not stable yet.
    #[must_use]
    pub fn new(id: DeploymentId, task_definition: TaskDefinitionId, workload: Workload, now: UnixMillis) -> Self {
        Self {
            id,
            status: TaskSetStatus::Active,
            task_definition,
            workload,
            scale: 10_000,
            external_id: None,
            start_throttle: StartThrottle::default(),
            impediment: None,
            steady_since: None,
            stability_at: now,
            created_at: now,
            updated_at: now,
            tags: Vec::new(),
        }
    }

    /// How many tasks the set should have: its share of `desired_count`, rounded up; none when it drains.
    #[must_use]
    pub fn computed_desired_count(&self, desired_count: u32) -> u32 {
        if self.status == TaskSetStatus::Draining {
            return 0;
        }
        let product = u64::from(desired_count) * u64::from(self.scale);
        u32::try_from(product.div_ceil(10_000)).unwrap_or(u32::MAX)
    }
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
    #[serde(default)]
    pub strategy: Strategy,
    /// How long both revisions of a staged deployment run after its traffic went over.
    #[serde(default)]
    pub bake_minutes: u32,
    #[serde(default)]
    pub lifecycle_hooks: Vec<LifecycleHook>,
    /// `None` when a rolling deployment succeeds once it is whole.
    #[serde(default)]
    pub early_success: Option<EarlySuccess>,
}

/// When a rolling deployment succeeds before it is whole (ECS API reference, `DeploymentEarlySuccessCriteria`). What is left to
/// do is done after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EarlySuccess {
    /// The share of the desired count that must be healthy, 0 to 100.
    pub healthy_percent: u32,
    /// Whether tasks of the revision before may still run.
    pub cleanup_is_deferred: bool,
}

impl DeploymentConfiguration {
    /// A rolling deployment within these bounds.
    #[must_use]
    pub fn rolling(minimum_healthy_percent: u32, maximum_percent: u32) -> Self {
        Self {
            minimum_healthy_percent,
            maximum_percent,
            circuit_breaker: None,
            strategy: Strategy::Rolling,
            bake_minutes: 0,
            lifecycle_hooks: Vec::new(),
            early_success: None,
        }
    }
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
    /// What else its revision fixes; `None` for deployments of before revisions, which have the service's own.
    #[serde(default)]
    pub workload: Option<Workload>,
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
    /// How far it got, when it goes in stages.
    #[serde(default)]
    pub rollout: Option<Rollout>,
    /// What gave it up, when it failed.
    #[serde(default)]
    pub failed_by: Option<FailedBy>,
    /// Whether its tasks are in the alternate target groups of the service's load balancers rather than the first.
    #[serde(default)]
    pub is_alternate: bool,
}

/// What gives a deployment up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FailedBy {
    CircuitBreaker,
    LifecycleHook,
    /// Somebody asked for it.
    Request,
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

impl Deployment {
    /// A PRIMARY deployment that has just begun.
    #[must_use]
    pub fn new(id: DeploymentId, task_definition: TaskDefinitionId, workload: Workload, now: UnixMillis) -> Self {
        Self {
            rollout_state_reason: format!("ECS deployment {id} in progress."),
            id,
            status: DeploymentStatus::Primary,
            task_definition,
            workload: Some(workload),
            rollout_state: RolloutState::InProgress,
            failed_tasks: 0,
            reached_running: false,
            created_at: now,
            updated_at: now,
            rolled_back_from: None,
            rollout: None,
            failed_by: None,
            is_alternate: false,
        }
    }
}

impl Service {
    /// An ACTIVE replica service of no tasks on hosts of one's own, with the bounds that the API gives it, and without a
    /// definition or a deployment. Its version is 0 until it is written.
    #[must_use]
    pub fn new(scope: Scope, cluster: ClusterName, name: ServiceName, created_at: UnixMillis) -> Self {
        Self {
            scope,
            cluster,
            name,
            status: ServiceStatus::Active,
            scheduling_strategy: SchedulingStrategy::Replica,
            desired_count: 0,
            task_definition: None,
            launch_type: Some(LaunchType::Ec2),
            capacity_provider_strategy: Vec::new(),
            deployment_configuration: DeploymentConfiguration::rolling(100, 200),
            placement_constraints: Vec::new(),
            placement_strategy: Vec::new(),
            health_check_grace_period_s: None,
            deployments: Vec::new(),
            start_throttle: StartThrottle::default(),
            extra: serde_json::Map::new(),
            client_token: None,
            created_at,
            created_by: String::new(),
            tags: Vec::new(),
            deployment_controller: DeploymentController::Ecs,
            task_sets: Vec::new(),
            version: 0,
            steady_since: None,
            impediment: None,
            rebalancing: None,
        }
    }

    /// Whether its tasks are moved between availability zones when they lie unevenly.
    #[must_use]
    pub fn rebalances_zones(&self) -> bool {
        self.may_rebalance() && self.extra.get(ZONE_REBALANCING).and_then(Value::as_str) == Some("ENABLED")
    }

    /// Whether its tasks are moved between the hosts of a zone when they lie unevenly.
    #[must_use]
    pub fn rebalances_hosts(&self) -> bool {
        self.may_rebalance() && self.tags.iter().any(|tag| tag.key == HOST_REBALANCING && tag.value == "enabled")
    }

    fn may_rebalance(&self) -> bool {
        self.scheduling_strategy == SchedulingStrategy::Replica
            && self.deployment_controller == DeploymentController::Ecs
    }

    /// The service without the wish that its tasks are moved.
    #[must_use]
    pub fn left_in_place(mut self) -> Self {
        self.extra.remove(ZONE_REBALANCING);
        self.tags.clear();
        self.rebalancing = None;
        self
    }

    /// As [`Service::primary`], to change it.
    pub fn primary_mut(&mut self) -> Option<&mut Deployment> {
        self.deployments.iter_mut().find(|d| d.status == DeploymentStatus::Primary)
    }

    /// The deployment that is being rolled out or was last.
    #[must_use]
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|d| d.status == DeploymentStatus::Primary)
    }

    /// What the service's newest revision fixes.
    #[must_use]
    pub fn workload(&self) -> Workload {
        let kept = self.extra.iter().filter(|(member, _)| REVISION_MEMBERS.contains(&member.as_str()));
        Workload {
            launch_type: self.launch_type,
            capacity_provider_strategy: self.capacity_provider_strategy.clone(),
            kept: kept.map(|(member, value)| (member.clone(), value.clone())).collect(),
        }
    }

    /// Makes `workload` the service's own in the place of what it had.
    pub fn adopt(&mut self, workload: &Workload) {
        self.launch_type = workload.launch_type;
        self.capacity_provider_strategy.clone_from(&workload.capacity_provider_strategy);
        self.extra.retain(|member, _| !REVISION_MEMBERS.contains(&member.as_str()));
        self.extra.extend(workload.kept.iter().map(|(member, value)| (member.clone(), value.clone())));
    }

    /// What the tasks of `deployment`, one of the service's deployments or task sets, are made with.
    #[must_use]
    pub fn workload_of(&self, deployment: &DeploymentId) -> Workload {
        let of_deployment = self.deployments.iter().find(|d| d.id == *deployment).and_then(|d| d.workload.clone());
        let of_set = || self.task_sets.iter().find(|set| set.id == *deployment).map(|set| set.workload.clone());
        of_deployment.or_else(of_set).unwrap_or_else(|| self.workload())
    }

    /// The group that the service's tasks carry.
    #[must_use]
    pub fn group(&self) -> String {
        format!("service:{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(scale: u32, status: TaskSetStatus) -> TaskSet {
        let id = DeploymentId::parse("ecs-svc/1").unwrap();
        let set = TaskSet::new(id, "web:1".parse().unwrap(), Workload::default(), UnixMillis(0));
        TaskSet { scale, status, ..set }
    }

    #[test]
    fn a_task_set_has_its_share_of_the_desired_count_rounded_up() {
        for (desired, scale, expected) in
            [(4, 10_000, 4), (4, 5_000, 2), (3, 5_000, 2), (3, 1, 1), (3, 0, 0), (0, 10_000, 0)]
        {
            assert_eq!(
                set(scale, TaskSetStatus::Active).computed_desired_count(desired),
                expected,
                "{desired} {scale}"
            );
        }
        assert_eq!(set(10_000, TaskSetStatus::Draining).computed_desired_count(4), 0);
    }
}
