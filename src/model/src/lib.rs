//! What things are: the nouns of ECS and ECR, their names, invariants and transitions.
//!
//! Everything here is pure and builds for `wasm32-unknown-unknown`: no clock, no I/O, no async. Time is an argument
//! ([`UnixMillis`]), ids come from the caller. Request and response shapes do not live here; they are `gantry-wire`'s.
//!
//! Read [`task::Task`] first: its status is what everybody else watches.

pub mod arn;
pub mod board;
pub mod capacity_provider;
pub mod cluster;
pub mod container_instance;
pub mod event;
pub mod health;
pub mod ids;
pub mod image;
pub mod lifecycle;
pub mod load_balancing;
pub mod logs;
pub mod parameter;
pub mod placement;
pub mod policy;
pub mod principal;
pub mod registry_settings;
pub mod replication;
pub mod resources;
pub mod rollout;
pub mod rule;
pub mod scan;
pub mod secret;
pub mod service;
pub mod service_deployment;
pub mod tag;
pub mod task;
pub mod task_definition;
pub mod time;
pub mod url;

pub use arn::{Arn, Resource};
pub use ids::{
    AccountId, BoardName, ClusterName, ContainerInstanceId, DeploymentId, Digest, Family, ImageTag, InvalidName,
    LogGroupName, LogStreamName, ParameterName, Region, RepositoryName, RuleName, Scope, SecretName, ServiceName,
    TaskDefinitionId, TaskId, uuid_from_random,
};
pub use tag::Tag;
pub use time::UnixMillis;
