//! The container engine, as little of it as an agent needs.
//!
//! [`Engine`] is the seam between the worker and Docker: [`docker::DockerEngine`] talks to the real one,
//! `fake::FakeEngine` stands in for it in tests. An engine does what it is told, once, and says what came of it; policy
//! (what to retry, what a failure means to a task) is the worker's.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use bollard::models::{ContainerCreateBody, ContainerInspectResponse};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use gantry_model::task::HealthStatus;
use serde_json::Value;

pub mod docker;
#[cfg(test)]
pub(crate) mod fake;

/// The label that says which agent a container belongs to; agents that share an engine see only their own.
pub const AGENT_LABEL: &str = "gantry.agent";
/// The label that names a container's task.
pub const TASK_LABEL: &str = "com.amazonaws.ecs.task-arn";
/// The label that names a container as its definition does.
pub const CONTAINER_LABEL: &str = "com.amazonaws.ecs.container-name";

/// Why the engine did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It does not answer; what was asked may or may not have happened.
    #[error("the container engine does not answer")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("{0}")]
    NotFound(String),
    /// A container of that name exists.
    #[error("{0}")]
    Conflict(String),
    /// It refused, or tried and failed.
    #[error("{0}")]
    Refused(String),
    #[error("Could not transition to {to}; timed out after waiting {}s", after.as_secs())]
    TimedOut { to: &'static str, after: Duration },
}

impl EngineError {
    /// Whether the engine was not there, so that asking again later may help.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}

/// What the engine is and what its host has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// The engine's own id, unique in the world.
    pub id: String,
    pub version: String,
    pub api_version: String,
    pub cpus: u32,
    pub memory_mib: u32,
    /// `linux` or `windows`.
    pub os_type: String,
    /// As the kernel calls it, such as `x86_64`.
    pub architecture: String,
    pub log_drivers: Vec<String>,
    pub volume_drivers: Vec<String>,
}

/// The user and password for a registry.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryAuth {
    pub username: String,
    pub password: String,
    pub server: String,
}

impl std::fmt::Debug for RegistryAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RegistryAuth({} at {}, password withheld)", self.username, self.server)
    }
}

/// An image that the engine has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocalImage {
    pub id: String,
    /// `repository@digest`, as the registries gave them.
    pub repo_digests: Vec<String>,
}

/// A container in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub id: String,
    pub labels: BTreeMap<String, String>,
    pub state: RunState,
}

/// Whether a container runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// It has never run.
    Created,
    Running,
    Exited,
}

/// A container looked at closely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    pub id: String,
    pub labels: BTreeMap<String, String>,
    pub state: RunState,
    pub exit_code: Option<i64>,
    pub out_of_memory: bool,
    pub health: HealthStatus,
    /// Host ports by container port and protocol.
    pub ports: Vec<PublishedPort>,
    /// Its address on the engine's network, if it has a network of its own.
    pub address: Option<String>,
}

/// A container port that the host answers on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedPort {
    pub container_port: u16,
    pub protocol: String,
    pub host_ip: String,
    pub host_port: u16,
}

/// Something that the engine tells of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineEvent {
    pub container_id: String,
    pub kind: EngineEventKind,
}

/// What happened to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineEventKind {
    Died { exit_code: Option<i64> },
    Destroyed,
    Health(HealthStatus),
}

/// A container engine.
pub trait Engine: Send + Sync + 'static {
    /// What the engine is. Also the proof that it answers.
    fn info(&self) -> impl Future<Output = Result<EngineInfo, EngineError>> + Send;
    /// The image called `reference`, if the engine has it.
    fn image(&self, reference: &str) -> impl Future<Output = Result<Option<LocalImage>, EngineError>> + Send;
    /// The digest that the registry has for `reference` now.
    fn registry_digest(
        &self,
        reference: &str,
        auth: Option<RegistryAuth>,
    ) -> impl Future<Output = Result<String, EngineError>> + Send;
    /// Pulls `reference`.
    fn pull(&self, reference: &str, auth: Option<RegistryAuth>)
    -> impl Future<Output = Result<(), EngineError>> + Send;
    /// Makes an image called `repository:tag` of one layer, a tar.
    fn import(
        &self,
        repository: &str,
        tag: &str,
        layer: Vec<u8>,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;
    /// Creates a container and answers its id.
    fn create(&self, name: &str, body: ContainerCreateBody)
    -> impl Future<Output = Result<String, EngineError>> + Send;
    /// Starts a container; one that runs stays as it is.
    fn start(&self, id: &str) -> impl Future<Output = Result<(), EngineError>> + Send;
    /// Stops a container, by force after `timeout`, and answers when it has stopped.
    fn stop(&self, id: &str, timeout: Duration) -> impl Future<Output = Result<(), EngineError>> + Send;
    /// Removes a container, running or not, with its anonymous volumes.
    fn remove(&self, id: &str) -> impl Future<Output = Result<(), EngineError>> + Send;
    /// Whether the engine has a volume called `name`.
    fn has_volume(&self, name: &str) -> impl Future<Output = Result<bool, EngineError>> + Send;
    /// Removes a volume.
    fn remove_volume(&self, name: &str) -> impl Future<Output = Result<(), EngineError>> + Send;
    /// Looks at a container by id or name.
    fn inspect(&self, id: &str) -> impl Future<Output = Result<Inspected, EngineError>> + Send;
    /// Everything that the engine says of a container.
    fn inspect_whole(&self, id: &str) -> impl Future<Output = Result<ContainerInspectResponse, EngineError>> + Send;
    /// What a running container uses now, as Docker's API tells it.
    fn stats(&self, id: &str) -> impl Future<Output = Result<Value, EngineError>> + Send;
    /// What a container wrote from the second `since_s` on and goes on writing, with times, until it ends: lines, or pieces
    /// of long ones.
    fn logs(
        &self,
        id: &str,
        since_s: i64,
    ) -> impl Future<Output = Result<BoxStream<'static, Result<Bytes, EngineError>>, EngineError>> + Send;
    /// Sees to it that there is a network called `name` of `subnet`, in which the host has the address `gateway`.
    fn ensure_network(
        &self,
        name: &str,
        subnet: &str,
        gateway: &str,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;
    /// All containers of the agent called `agent`, running or not.
    fn list(&self, agent: &str) -> impl Future<Output = Result<Vec<Listed>, EngineError>> + Send;
    /// What happens to the containers of the agent called `agent` from now on, until the engine ends the stream.
    fn events(
        &self,
        agent: &str,
    ) -> impl Future<Output = Result<BoxStream<'static, Result<EngineEvent, EngineError>>, EngineError>> + Send;
}
