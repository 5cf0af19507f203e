//! What a proxy says of itself.

use serde::{Deserialize, Serialize};

use super::{TargetKey, TargetState};

/// How everything stands that a proxy carries.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub targets: Vec<TargetReport>,
    /// Listeners that do not work.
    pub listeners: Vec<ListenerReport>,
    pub groups: Vec<GroupCounts>,
}

/// How a target stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetReport {
    #[serde(flatten)]
    pub key: TargetKey,
    pub state: TargetState,
    /// A code of the API.
    pub reason: Option<String>,
    pub description: Option<String>,
    /// It was let go, and nothing is under way to it any more.
    pub drained: bool,
}

/// A listener that does not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListenerReport {
    pub arn: String,
    pub failure: String,
}

/// What was counted of a target group since the proxy began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupCounts {
    pub group: String,
    pub requests: u64,
    /// Requests that no target answered.
    pub errors: u64,
}
