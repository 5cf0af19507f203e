//! Capacity providers: pools of hosts that tasks are spread over by weight (ECS API reference, `CapacityProvider`).
//!
//! There is no Auto Scaling group behind one here: a host belongs to a provider by its attribute
//! [`crate::container_instance::CAPACITY_PROVIDER`]. `FARGATE` and `FARGATE_SPOT` are there without being made.

use serde::{Deserialize, Serialize};

use crate::ids::Scope;
use crate::tag::Tag;
use crate::time::UnixMillis;

/// The providers behind Fargate tasks.
pub const FARGATE_PROVIDERS: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

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

/// How a pool would grow and shrink.
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
