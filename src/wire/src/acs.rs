//! The frames of the agent communication socket (ACS), between the control plane and a container instance's agent.
//!
//! Names and JSON members are those of the ECS agent's protocol (version 2), so that either end may be Amazon's. Every
//! message of the server that carries a `messageId` is acknowledged by the agent. Members that are missing read as
//! empty; members that this version does not know are ignored. The task that a payload carries is in
//! [`crate::acs_task`].

use serde::{Deserialize, Serialize};

use crate::acs_task::{AcsTask, RoleCredentials};
use crate::frame::frames;

pub use crate::frame::{Exception, FrameError};

frames! {
    /// A frame of the agent communication socket, either way.
    AcsMessage {
        /// Server: tasks and what is wanted of each.
        PayloadMessage,
        /// Server: are you there?
        HeartbeatMessage,
        /// Server: every task that belongs on this instance.
        TaskManifestMessage,
        /// Server: which of the agent's stop candidates are to be stopped.
        TaskStopVerificationAck,
        /// Server: connect again.
        CloseMessage,
        /// Server: what it could not do.
        ErrorMessage,
        /// Server: update the agent.
        PerformUpdateMessage,
        /// Server: fresh credentials for a task's role.
        IAMRoleCredentialsMessage,
        /// Agent: the message has been taken over.
        AckRequest,
        /// Agent: the message has been refused.
        NackRequest,
        /// Agent: here I am.
        HeartbeatAckRequest,
        /// Agent: the tasks that it has and the manifest has not.
        TaskStopVerificationMessage,
        /// Agent: the credentials have been taken over.
        IAMRoleCredentialsAckRequest,
    }
}

/// Tasks and what is wanted of each. `desiredStatus` RUNNING starts a task, STOPPED stops it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PayloadMessage {
    pub message_id: String,
    /// Rises with each payload to an instance.
    pub seq_num: i64,
    /// Milliseconds since the epoch.
    pub generated_at: i64,
    pub cluster_arn: String,
    pub container_instance_arn: String,
    pub tasks: Vec<AcsTask>,
}

/// Asks whether the agent is there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HeartbeatMessage {
    pub message_id: String,
    pub healthy: bool,
}

/// Every task that belongs on the instance; sent after a connection is made. What the agent has beyond it, it offers in
/// a [`TaskStopVerificationMessage`] and stops only after the answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskManifestMessage {
    pub message_id: String,
    pub cluster_arn: String,
    pub container_instance_arn: String,
    /// Milliseconds since the epoch.
    pub generated_at: i64,
    pub tasks: Vec<TaskIdentifier>,
    /// Rises with each change to what belongs on the instance.
    pub timeline: i64,
}

/// A task and what is wanted of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskIdentifier {
    pub task_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_status: Option<String>,
}

/// The tasks that the agent has and the manifest has not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskStopVerificationMessage {
    pub message_id: String,
    pub stop_candidates: Vec<TaskIdentifier>,
}

/// Those of the stop candidates that are to be stopped.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskStopVerificationAck {
    pub message_id: String,
    /// Milliseconds since the epoch.
    pub generated_at: i64,
    pub stop_tasks: Vec<TaskIdentifier>,
}

/// Tells the agent to connect again; the server ends each session on purpose after a while.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CloseMessage {
    pub message: String,
}

/// What the server could not do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorMessage {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    pub message: String,
}

/// Tells the agent to update itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PerformUpdateMessage {
    pub message_id: String,
    pub cluster_arn: String,
    pub container_instance_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_info: Option<UpdateInfo>,
}

/// Where the new agent is, and its checksum.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateInfo {
    pub location: String,
    pub signature: String,
}

/// Fresh credentials for a task's role.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IAMRoleCredentialsMessage {
    pub message_id: String,
    pub task_arn: String,
    /// `TaskApplication` or `TaskExecution`.
    pub role_type: String,
    pub role_credentials: RoleCredentials,
}

/// The agent has taken the credentials over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IAMRoleCredentialsAckRequest {
    pub message_id: String,
    pub credentials_id: String,
    pub expiration: String,
}

/// The agent has taken a message over: what it says will be done even if the agent starts anew.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AckRequest {
    pub cluster: String,
    pub container_instance: String,
    pub message_id: String,
}

/// The agent refuses a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NackRequest {
    pub cluster: String,
    pub container_instance: String,
    pub message_id: String,
    pub reason: String,
}

/// The agent is there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HeartbeatAckRequest {
    pub message_id: String,
}

#[cfg(test)]
mod tests;
