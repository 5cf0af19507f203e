//! From the model to the shapes of the API, one noun a file.
//!
//! Nothing here reads the store or decides anything; what a shape needs beyond its noun is an argument.

pub mod capacity_provider;
pub mod cluster;
pub mod container_instance;
pub mod service;
pub mod service_deployment;
pub mod task;
pub mod task_definition;
pub mod task_set;

use gantry_model::Tag;
use gantry_wire::shapes::ecs as wire;

/// Tags as ECS writes them.
#[must_use]
pub fn tags(tags: &[Tag]) -> Vec<wire::Tag> {
    tags.iter().map(|t| wire::Tag { key: Some(t.key.clone()), value: Some(t.value.clone()) }).collect()
}

/// The failure of something that a Describe call names and that is not there. SDK waiters match on its reason.
#[must_use]
pub fn missing(arn: impl Into<String>) -> wire::Failure {
    wire::Failure { arn: Some(arn.into()), reason: Some("MISSING".to_owned()), detail: None }
}

/// A number that the API writes as a 32-bit integer.
pub(crate) fn int(n: impl TryInto<i32>) -> i32 {
    n.try_into().unwrap_or(i32::MAX)
}
