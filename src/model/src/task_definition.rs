//! Task definitions: a family's revisions.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{Scope, TaskDefinitionId};
use crate::tag::Tag;
use crate::time::UnixMillis;

/// One revision. What the user registered is kept whole in `document`, the `TaskDefinition` shape of the API in its
/// given order; rules that need a part of it read it from there (`gantry-control` does so with the wire type).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinition {
    pub scope: Scope,
    pub id: TaskDefinitionId,
    pub status: TaskDefinitionStatus,
    pub document: Value,
    pub registered_at: UnixMillis,
    pub deregistered_at: Option<UnixMillis>,
    pub tags: Vec<Tag>,
}

/// The states of a task definition; it only moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskDefinitionStatus {
    Active,
    Inactive,
    DeleteInProgress,
}

impl TaskDefinitionStatus {
    /// The state as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
        }
    }
}
