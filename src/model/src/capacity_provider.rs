//! Capacity providers: pools of hosts that tasks are spread over by weight (ECS API reference, `CapacityProvider`).
//!
//! There is no Auto Scaling group behind one here: a host belongs to a provider by its attribute
//! [`crate::container_instance::CAPACITY_PROVIDER`], and where managed scaling is on, a URL in the place of the group is
//! asked to make and end hosts. `FARGATE` and `FARGATE_SPOT` are there without being made.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{ContainerInstanceId, Scope};
use crate::resources::Resources;
use crate::tag::Tag;
use crate::time::UnixMillis;
use crate::url::is_http;

/// The provider of Fargate tasks whose capacity may be taken back.
pub const FARGATE_SPOT: &str = "FARGATE_SPOT";

/// The providers behind Fargate tasks.
pub const FARGATE_PROVIDERS: [&str; 2] = ["FARGATE", FARGATE_SPOT];

/// Whether `name` is a provider behind Fargate.
#[must_use]
pub fn is_fargate(name: &str) -> bool {
    FARGATE_PROVIDERS.contains(&name)
}

/// A capacity provider that somebody made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CapacityProvider {
    pub scope: Scope,
    pub name: String,
    /// The group as it was given; kept and returned.
    pub auto_scaling_group_arn: String,
    /// `None` when the caller gave none: nothing scales the pool.
    pub managed_scaling: Option<ManagedScaling>,
    pub managed_termination_protection: bool,
    /// As given; `None` when it was not.
    pub managed_draining: Option<bool>,
    /// What the last change was, in the API's words.
    pub update_status: Option<String>,
    pub created_at: UnixMillis,
    pub tags: Vec<Tag>,
}

impl CapacityProvider {
    /// How the pool grows and shrinks; `None` when nothing scales it.
    #[must_use]
    pub fn scaling(&self) -> Option<ManagedScaling> {
        self.managed_scaling.filter(|scaling| scaling.enabled)
    }

    /// Whom to ask for hosts; `None` when the group is one of AWS's, which nobody here can reach.
    #[must_use]
    pub fn scaling_url(&self) -> Option<&str> {
        Some(self.auto_scaling_group_arn.as_str()).filter(|group| is_http(group))
    }

    /// Whether a host that goes is emptied first, which is so unless it was switched off.
    #[must_use]
    pub fn drains(&self) -> bool {
        self.managed_draining != Some(false)
    }
}

/// How a pool grows and shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedScaling {
    pub enabled: bool,
    /// Percent of the pool that should be in use, 1 to 100.
    pub target_capacity: u32,
    pub minimum_scaling_step_size: u32,
    pub maximum_scaling_step_size: u32,
    pub instance_warmup_period_s: u32,
}

impl Default for ManagedScaling {
    fn default() -> Self {
        Self {
            enabled: true,
            target_capacity: 100,
            minimum_scaling_step_size: 1,
            maximum_scaling_step_size: 10_000,
            instance_warmup_period_s: 300,
        }
    }
}

/// What managed scaling knows of the pool that a provider has in one cluster, from one look to the next.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolScaling {
    /// How many hosts the pool should have.
    pub desired: u32,
    /// Since when fewer hosts would do.
    pub low_since: Option<UnixMillis>,
    /// The hosts that were chosen to go and have not gone.
    pub leaving: BTreeSet<ContainerInstanceId>,
    /// The least of each resource that a host of the pool had when there last was one.
    pub host_size: Option<HostSize>,
    /// What was last asked for, and taken on by whom it was asked of.
    pub asked: Option<AskedCapacity>,
}

/// What a host of a pool has at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostSize {
    pub resources: Resources,
    pub gpus: u32,
}

/// What was asked of whoever makes and ends the hosts of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskedCapacity {
    pub at: UnixMillis,
    pub desired: u32,
    /// The hosts that it was told to end.
    pub terminate: BTreeSet<ContainerInstanceId>,
}
