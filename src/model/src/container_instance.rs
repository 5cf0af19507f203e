//! Container instances: hosts with an agent, registered into a cluster.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{ClusterName, ContainerInstanceId, Scope};
use crate::resources::Resources;
use crate::tag::Tag;
use crate::time::UnixMillis;

/// The attribute that names an instance's zone.
pub const AVAILABILITY_ZONE: &str = "ecs.availability-zone";
/// The attribute that names an instance's type.
pub const INSTANCE_TYPE: &str = "ecs.instance-type";

/// The attribute that says by which address the host is reached, for load balancers; its agent finds it out.
pub const ADDRESS: &str = "gantry.address";

/// The attribute that puts an instance into the pool of a capacity provider.
pub const CAPACITY_PROVIDER: &str = "gantry.capacity-provider";

/// A host that runs tasks. What remains free of it is not kept here: it follows from the tasks placed on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerInstance {
    pub scope: Scope,
    pub cluster: ClusterName,
    pub id: ContainerInstanceId,
    pub ec2_instance_id: String,
    pub status: InstanceStatus,
    pub agent_connected: bool,
    /// When the agent was last seen to connect or disconnect.
    pub agent_connected_at: UnixMillis,
    pub agent_version: String,
    pub agent_hash: String,
    pub docker_version: String,
    pub registered: Resources,
    /// Ports that the agent keeps back from tasks.
    pub reserved_tcp_ports: BTreeSet<u16>,
    pub reserved_udp_ports: BTreeSet<u16>,
    pub gpus: u32,
    pub attributes: Vec<Attribute>,
    pub tags: Vec<Tag>,
    pub registered_at: UnixMillis,
    /// Rises by one with each change that users can see.
    pub version: i64,
    /// Whether the host also serves `FARGATE` tasks of every cluster in its account and region.
    pub serves_fargate: bool,
}

/// A name and optional value on an instance; placement matches on them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Attribute {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
}

/// The states of a container instance (ECS API reference, `ContainerInstance.status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InstanceStatus {
    Active,
    Draining,
    Inactive,
}

impl InstanceStatus {
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

impl ContainerInstance {
    /// The attribute called `name`, when the instance carries it. The inner option is its value.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Option<&str>> {
        self.attributes.iter().find(|a| a.name == name).map(|a| a.value.as_deref())
    }

    /// The capacity provider whose pool the instance is in, if it is in one.
    #[must_use]
    pub fn capacity_provider(&self) -> Option<&str> {
        self.attribute(CAPACITY_PROVIDER).flatten()
    }

    /// The address by which the host is reached, when its agent has said one.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.attribute(ADDRESS).flatten()
    }

    /// The zone that the instance stands in, when it says one.
    #[must_use]
    pub fn availability_zone(&self) -> Option<&str> {
        self.attribute(AVAILABILITY_ZONE).flatten()
    }
}
