//! The frames of the telemetry socket (TCS): what the agent reports of running tasks, and its acknowledgement.
//!
//! Health reports decide a service's steady state, so they are complete; of the metrics the members that Gantry uses.

use serde::{Deserialize, Serialize};

use crate::frame::frames;
use crate::value::Timestamp;

pub use crate::frame::{Exception, FrameError};

frames! {
    /// A frame of the telemetry socket, either way.
    TcsMessage {
        /// Agent: the session's first frame.
        StartTelemetrySessionRequest,
        /// Agent: what tasks used.
        PublishMetricsRequest,
        /// Agent: what health checks said.
        PublishHealthRequest,
        /// Server: metrics taken.
        AckPublishMetric,
        /// Server: health taken.
        AckPublishHealth,
        /// Server: instance status taken.
        AckPublishInstanceStatus,
        /// Server: are you there?
        HeartbeatMessage,
        /// Server: connect again.
        StopTelemetrySessionMessage,
    }
}

/// The session's first frame.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StartTelemetrySessionRequest {
    pub cluster: String,
    pub container_instance: String,
}

/// Whose report a message is, and whether it is the last of its round.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    pub cluster: String,
    pub container_instance: String,
    pub message_id: String,
    /// Whether this is the round's last message.
    pub fin: bool,
    /// Whether no task runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle: Option<bool>,
}

/// What health checks said; at most 10 tasks a message.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PublishHealthRequest {
    pub metadata: Metadata,
    pub tasks: Vec<TaskHealth>,
    pub timestamp: Timestamp,
}

/// The health of a task's containers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskHealth {
    pub task_arn: String,
    pub task_definition_family: String,
    pub task_definition_version: String,
    pub containers: Vec<ContainerHealth>,
}

/// The health of a container, and since when.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerHealth {
    pub container_name: String,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health_status: String,
    pub status_since: Timestamp,
}

/// What tasks used; at most 10 tasks a message.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PublishMetricsRequest {
    pub metadata: Metadata,
    pub task_metrics: Vec<TaskMetric>,
    pub timestamp: Timestamp,
}

/// What a task's containers used.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskMetric {
    pub task_arn: String,
    pub task_definition_family: String,
    pub task_definition_version: String,
    pub container_metrics: Vec<ContainerMetric>,
}

/// What a container used.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerMetric {
    pub container_name: String,
    /// Percent of a CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_stats_set: Option<StatsSet>,
    /// MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_stats_set: Option<StatsSet>,
}

/// Samples of a quantity, summed up.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatsSet {
    pub min: f64,
    pub max: f64,
    pub sum: f64,
    pub sample_count: i64,
}

/// The server has taken a metrics report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AckPublishMetric {
    pub message: String,
}

/// The server has taken a health report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AckPublishHealth {
    pub message: String,
}

/// The server has taken an instance status report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AckPublishInstanceStatus {
    pub message: String,
}

/// Asks whether the agent is there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HeartbeatMessage {
    pub healthy: bool,
}

/// Tells the agent to connect again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StopTelemetrySessionMessage {
    pub message: String,
}
