//! Events: what changed, in the order in which it was committed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{ClusterName, Scope};
use crate::time::UnixMillis;

/// A committed change. `seq` has no gaps, so a reader that knows the last one it saw misses nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    pub seq: i64,
    pub at: UnixMillis,
    pub scope: Scope,
    pub kind: EventKind,
    pub cluster: Option<ClusterName>,
    /// The ARN of what changed.
    pub subject: String,
    /// What a reader needs to show the change without asking again; no secrets, no environment values.
    pub payload: Value,
}

/// An event before it has a place in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    pub scope: Scope,
    pub kind: EventKind,
    pub cluster: Option<ClusterName>,
    pub subject: String,
    pub payload: Value,
}

/// The kinds of events; also the topics of the `/events` stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    CapacityProvider,
    Cluster,
    ContainerInstance,
    TaskDefinition,
    Service,
    /// A line of a service's event feed.
    ServiceMessage,
    Task,
    Repository,
    Image,
    Rule,
    Secret,
    Parameter,
    /// A load balancer, with its listeners and rules.
    LoadBalancer,
    /// A target group, with its targets.
    TargetGroup,
}

impl EventKind {
    /// The kind as the stream and the log write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CapacityProvider => "capacity-provider",
            Self::Cluster => "cluster",
            Self::ContainerInstance => "container-instance",
            Self::TaskDefinition => "task-definition",
            Self::Service => "service",
            Self::ServiceMessage => "service-message",
            Self::Task => "task",
            Self::Repository => "repository",
            Self::Image => "image",
            Self::Rule => "rule",
            Self::Secret => "secret",
            Self::Parameter => "parameter",
            Self::LoadBalancer => "load-balancer",
            Self::TargetGroup => "target-group",
        }
    }
}
