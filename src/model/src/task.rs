//! Tasks and their containers, and how their status moves.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::container_instance::Attribute;
use crate::ids::{
    ClusterName, ContainerInstanceId, DeploymentId, InvalidName, Scope, ServiceName, TaskDefinitionId, TaskId,
};
use crate::load_balancing::TargetState;
use crate::placement::{PlacementConstraint, PlacementStrategy};
use crate::resources::Requirements;
use crate::tag::Tag;
use crate::time::UnixMillis;

/// A running, waiting or stopped copy of a task definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    pub scope: Scope,
    /// The cluster that the task belongs to; a Fargate task's host may be registered in another.
    pub cluster: ClusterName,
    pub id: TaskId,
    pub task_definition: TaskDefinitionId,
    /// The host that it is placed on; `None` while it waits for one.
    pub instance: Option<ContainerInstanceId>,
    pub service: Option<ServiceName>,
    pub deployment: Option<DeploymentId>,
    /// `service:NAME`, or `family:NAME` unless the caller gave another.
    pub group: String,
    pub started_by: Option<String>,
    pub launch_type: LaunchType,
    pub capacity_provider: Option<String>,
    pub desired_status: DesiredStatus,
    pub last_status: TaskStatus,
    pub health: HealthStatus,
    /// Rises by one with each change that users can see; starts at 1.
    pub version: i64,
    pub requirements: Requirements,
    /// Task-level `cpu` and `memory` in units and MiB, as the API writes them.
    pub cpu: Option<String>,
    pub memory: Option<String>,
    pub containers: Vec<Container>,
    /// `overrides` as given to RunTask, in the shape of the API.
    pub overrides: Value,
    /// `networkConfiguration` as given.
    pub network_configuration: Option<Value>,
    /// `attachments` in the shape of the API (the network interface of an awsvpc task).
    pub attachments: Vec<Value>,
    pub attributes: Vec<Attribute>,
    pub availability_zone: Option<String>,
    pub platform_version: Option<String>,
    pub enable_execute_command: bool,
    pub stop_code: Option<StopCode>,
    pub stopped_reason: Option<String>,
    pub connectivity_at: Option<UnixMillis>,
    pub created_at: UnixMillis,
    pub pull_started_at: Option<UnixMillis>,
    pub pull_stopped_at: Option<UnixMillis>,
    pub started_at: Option<UnixMillis>,
    pub stopping_at: Option<UnixMillis>,
    pub execution_stopped_at: Option<UnixMillis>,
    pub stopped_at: Option<UnixMillis>,
    /// Until when neither scaling in nor a deployment may stop the task; `None` when nothing protects it.
    #[serde(default)]
    pub protected_until: Option<UnixMillis>,
    /// How the load balancers see it that its service stands behind; `None` when it is behind none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<TaskTraffic>,
    /// How a host is chosen for it, kept while it waits for one; what its definition says of it is left to that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<TaskPlacement>,
    pub tags: Vec<Tag>,
}

/// The placement constraints and strategy that a task was asked for with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskPlacement {
    pub constraints: Vec<PlacementConstraint>,
    pub strategy: Vec<PlacementStrategy>,
}

/// A task behind load balancers. While it is DEACTIVATING they let it go, and its agent is not told to stop it yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskTraffic {
    /// Whether it has been registered with its target groups.
    pub is_registered: bool,
    /// The worst that any of its targets is.
    pub state: TargetState,
    /// The ARN of the target group in which it is unhealthy.
    pub unhealthy_in: Option<String>,
}

impl TaskTraffic {
    /// Of a task that no target group knows yet.
    #[must_use]
    pub fn new() -> Self {
        Self { is_registered: false, state: TargetState::Initial, unhealthy_in: None }
    }
}

impl Default for TaskTraffic {
    fn default() -> Self {
        Self::new()
    }
}

/// One container of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    pub name: String,
    /// The last part of the container's ARN, a UUID.
    pub id: String,
    pub image: String,
    pub image_digest: Option<String>,
    /// The engine's id of the container.
    pub runtime_id: Option<String>,
    pub essential: bool,
    /// Whether a health check is defined; without one the container's health stays UNKNOWN.
    pub has_health_check: bool,
    pub last_status: TaskStatus,
    pub exit_code: Option<i64>,
    pub reason: Option<String>,
    pub health: HealthStatus,
    pub network_bindings: Vec<NetworkBinding>,
    /// `networkInterfaces` in the shape of the API.
    pub network_interfaces: Vec<Value>,
    pub cpu: Option<String>,
    pub memory: Option<String>,
    pub memory_reservation: Option<String>,
}

/// A container port and the host port that reaches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkBinding {
    #[serde(rename = "bindIP")]
    pub bind_ip: String,
    pub container_port: u16,
    pub host_port: u16,
    pub protocol: String,
}

/// Where a task or container is in its life (ECS developer guide, "Task lifecycle"), in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskStatus {
    Provisioning,
    Pending,
    Activating,
    Running,
    Deactivating,
    Stopping,
    Deprovisioning,
    Stopped,
}

impl TaskStatus {
    /// The state as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Activating => "ACTIVATING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopping => "STOPPING",
            Self::Deprovisioning => "DEPROVISIONING",
            Self::Stopped => "STOPPED",
        }
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TaskStatus {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        [
            Self::Provisioning,
            Self::Pending,
            Self::Activating,
            Self::Running,
            Self::Deactivating,
            Self::Stopping,
            Self::Deprovisioning,
            Self::Stopped,
        ]
        .into_iter()
        .find(|status| status.as_str() == text)
        .ok_or(InvalidName { kind: "status", rule: "be a task status" })
    }
}

/// What the control plane wants of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DesiredStatus {
    Running,
    Stopped,
}

impl DesiredStatus {
    /// The state as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Stopped => "STOPPED",
        }
    }
}

/// What health checks say. Without a check it stays `Unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HealthStatus {
    Healthy,
    Unhealthy,
    Unknown,
}

impl HealthStatus {
    /// The state as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "HEALTHY",
            Self::Unhealthy => "UNHEALTHY",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// Whose capacity a task runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LaunchType {
    Ec2,
    Fargate,
    External,
}

impl LaunchType {
    /// The launch type as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ec2 => "EC2",
            Self::Fargate => "FARGATE",
            Self::External => "EXTERNAL",
        }
    }
}

/// Why a task stopped, as a code (ECS API reference, `Task.stopCode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StopCode {
    TaskFailedToStart,
    EssentialContainerExited,
    UserInitiated,
    ServiceSchedulerInitiated,
    SpotInterruption,
    TerminationNotice,
    InfrastructureHealth,
}

impl StopCode {
    /// The code as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TaskFailedToStart => "TaskFailedToStart",
            Self::EssentialContainerExited => "EssentialContainerExited",
            Self::UserInitiated => "UserInitiated",
            Self::ServiceSchedulerInitiated => "ServiceSchedulerInitiated",
            Self::SpotInterruption => "SpotInterruption",
            Self::TerminationNotice => "TerminationNotice",
            Self::InfrastructureHealth => "InfrastructureHealth",
        }
    }
}

impl Container {
    /// An essential container without a health check that waits to be started.
    #[must_use]
    pub fn new(name: String, id: String, image: String) -> Self {
        Self {
            name,
            id,
            image,
            image_digest: None,
            runtime_id: None,
            essential: true,
            has_health_check: false,
            last_status: TaskStatus::Pending,
            exit_code: None,
            reason: None,
            health: HealthStatus::Unknown,
            network_bindings: Vec::new(),
            network_interfaces: Vec::new(),
            cpu: None,
            memory: None,
            memory_reservation: None,
        }
    }
}

impl Task {
    /// A task on hosts of one's own that is wanted RUNNING and waits: on no host, of no service, without containers yet.
    /// Its version is 0 until it is written.
    #[must_use]
    pub fn new(
        scope: Scope,
        cluster: ClusterName,
        id: TaskId,
        task_definition: TaskDefinitionId,
        group: String,
        created_at: UnixMillis,
    ) -> Self {
        Self {
            scope,
            cluster,
            id,
            task_definition,
            instance: None,
            service: None,
            deployment: None,
            group,
            started_by: None,
            launch_type: LaunchType::Ec2,
            capacity_provider: None,
            desired_status: DesiredStatus::Running,
            last_status: TaskStatus::Pending,
            health: HealthStatus::Unknown,
            version: 0,
            requirements: Requirements::default(),
            cpu: None,
            memory: None,
            containers: Vec::new(),
            overrides: Value::Null,
            network_configuration: None,
            attachments: Vec::new(),
            attributes: Vec::new(),
            availability_zone: None,
            platform_version: None,
            enable_execute_command: false,
            stop_code: None,
            stopped_reason: None,
            connectivity_at: None,
            created_at,
            pull_started_at: None,
            pull_stopped_at: None,
            started_at: None,
            stopping_at: None,
            execution_stopped_at: None,
            stopped_at: None,
            protected_until: None,
            traffic: None,
            placement: None,
            tags: Vec::new(),
        }
    }

    /// Moves the task on to `status`. A task only moves forward: a report that would take it back changes nothing.
    /// Answers whether it moved.
    pub fn advance(&mut self, status: TaskStatus) -> bool {
        let forward = status > self.last_status;
        if forward {
            self.last_status = status;
        }
        forward
    }

    /// What its agent is to be told: it runs on while load balancers let it go.
    #[must_use]
    pub fn told_status(&self) -> DesiredStatus {
        if self.last_status == TaskStatus::Deactivating { DesiredStatus::Running } else { self.desired_status }
    }

    /// Whether the task holds its share of the host: from its placement until its agent is told to stop it (the agent keeps
    /// a successor waiting until the host really has room).
    #[must_use]
    pub fn holds_resources(&self) -> bool {
        self.instance.is_some()
            && self.told_status() == DesiredStatus::Running
            && self.last_status != TaskStatus::Stopped
    }

    /// Whether the task is protected from scale-in at `now` (ECS developer guide, "Task scale-in protection").
    #[must_use]
    pub fn is_protected(&self, now: UnixMillis) -> bool {
        self.protected_until.is_some_and(|until| now < until)
    }

    /// The health of the task from that of its essential containers: HEALTHY when all that have a check are, UNHEALTHY
    /// when any is, UNKNOWN else.
    #[must_use]
    pub fn health_of_containers(&self) -> HealthStatus {
        let mut checked = self.containers.iter().filter(|c| c.essential && c.has_health_check).peekable();
        if checked.peek().is_none() {
            return HealthStatus::Unknown;
        }
        let mut health = HealthStatus::Healthy;
        for container in checked {
            match container.health {
                HealthStatus::Unhealthy => return HealthStatus::Unhealthy,
                HealthStatus::Unknown => health = HealthStatus::Unknown,
                HealthStatus::Healthy => {}
            }
        }
        health
    }
}
