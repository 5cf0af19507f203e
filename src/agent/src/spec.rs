//! What a task is to the agent: the containers to run, in what order, and what the host must have room for.
//!
//! A [`TaskSpec`] is made once from the control plane's payload ([`crate::payload`]) and never changes. It is written to
//! disk with the task's state, so that a restarted agent goes on without asking anybody. A task that needs namespaces of
//! its own carries its pause container here as an ordinary, internal container that all others depend on; the task
//! machine therefore knows nothing about networks.

use gantry_model::resources::Requirements;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name of the container that owns a task's namespaces (the name that Amazon's agent uses).
pub const PAUSE_CONTAINER: &str = "~internal~ecs~pause";

/// A task as the agent runs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskSpec {
    pub arn: String,
    pub cluster: String,
    pub family: String,
    pub revision: String,
    pub network_mode: NetworkMode,
    /// `host` or `task`.
    pub pid_mode: Option<String>,
    /// `host`, `task` or `none`.
    pub ipc_mode: Option<String>,
    /// `EC2`, `FARGATE` or `EXTERNAL`.
    pub launch_type: Option<String>,
    #[serde(default)]
    pub service_name: Option<String>,
    #[serde(default)]
    pub group: Option<String>,
    /// The CPUs that each container may use at most.
    pub cpu_limit: Option<f64>,
    /// The hard memory limit of containers that have none of their own.
    pub memory_limit_mib: Option<u32>,
    /// What the host must have free before the task may start.
    pub need: Requirements,
    pub containers: Vec<ContainerSpec>,
    pub volumes: Vec<Volume>,
}

/// How the containers of a task reach the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkMode {
    Bridge,
    Host,
    None,
    Awsvpc,
}

/// One container of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainerSpec {
    pub name: String,
    /// The control plane's name of the container.
    #[serde(default)]
    pub arn: Option<String>,
    pub image: String,
    pub essential: bool,
    /// Whether the container is the agent's own and never reported.
    pub internal: bool,
    /// Whether the image is pulled with a token of the control plane's registry.
    pub ecr_auth: bool,
    pub depends_on: Vec<Dependency>,
    /// The longest that dependants wait for this container, in seconds from its start.
    pub start_timeout_s: Option<i64>,
    /// How long the container may take to stop before it is killed, in seconds.
    pub stop_timeout_s: Option<i64>,
    pub restart_policy: Option<RestartPolicy>,
    pub has_health_check: bool,
    pub cpu: u32,
    /// The hard limit; 0 is none.
    pub memory_mib: u32,
    pub command: Option<Vec<String>>,
    pub entry_point: Option<Vec<String>>,
    /// In the order given; the last of two entries with one name wins.
    pub environment: Vec<(String, String)>,
    /// What is asked for when the container is created.
    #[serde(default)]
    pub secrets: Vec<SecretSpec>,
    /// The secret with user and password of the image's registry.
    #[serde(default)]
    pub registry_secret: Option<String>,
    /// `name` or `name:alias` of containers of the same task.
    pub links: Vec<String>,
    pub port_mappings: Vec<PortMapping>,
    pub mount_points: Vec<MountPoint>,
    pub volumes_from: Vec<VolumeFrom>,
    /// What the payload gives as `dockerConfig.config`, in the shape of the Docker API.
    pub config: Value,
    /// What the payload gives as `dockerConfig.hostConfig`, in the shape of the Docker API.
    pub host_config: Value,
}

/// A value that is asked for when the container is created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretSpec {
    /// The environment variable, or the option of the log driver.
    pub name: String,
    /// What `gantry_model::secret::reference` reads.
    pub value_from: String,
    pub for_log_driver: bool,
}

/// What a container waits for before it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    pub container: String,
    pub condition: Condition,
}

/// What must be true of a dependency (ECS API reference, `ContainerDependency.condition`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Condition {
    /// It has started, and may already have stopped.
    Start,
    /// It has run and stopped.
    Complete,
    /// It has run and exited with 0.
    Success,
    /// Its health check has passed.
    Healthy,
}

/// When a container that exits is started again instead of stopping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartPolicy {
    pub ignored_exit_codes: Vec<i64>,
    /// A container that ran for less than this, in seconds, is not started again.
    pub attempt_period_s: i64,
}

/// A container port and the host port wanted for it; 0 lets the engine choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortMapping {
    pub container_port: u16,
    pub host_port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
}

/// Where a container sees a volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountPoint {
    pub volume: String,
    pub path: String,
    pub read_only: bool,
}

/// A container whose volumes are seen here too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeFrom {
    pub container: String,
    pub read_only: bool,
}

/// A volume of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    pub name: String,
    pub kind: VolumeKind,
}

/// What stands behind a volume.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum VolumeKind {
    /// A path of the host.
    Host { path: String },
    /// An empty volume that lives and dies with the task.
    Task,
    /// A volume of the engine.
    Docker {
        /// Shared volumes outlive the task; others are the task's own.
        shared: bool,
        /// Whether a shared volume that does not exist is made.
        autoprovision: bool,
        driver: Option<String>,
        driver_opts: Vec<(String, String)>,
        labels: Vec<(String, String)>,
    },
}

impl ContainerSpec {
    /// The containers that must exist before this one is created: those whose namespaces, links or volumes it takes.
    pub fn created_after(&self) -> impl Iterator<Item = &str> {
        let linked = self.links.iter().map(|link| link.split(':').next().unwrap_or(link));
        let mounted = self.volumes_from.iter().map(|from| from.container.as_str());
        let pause = self.depends_on.iter().map(|d| d.container.as_str()).filter(|&name| name == PAUSE_CONTAINER);
        linked.chain(mounted).chain(pause)
    }
}

impl TaskSpec {
    /// The region that the task is in.
    #[must_use]
    pub fn region(&self) -> &str {
        self.arn.split(':').nth(3).unwrap_or_default()
    }

    /// The position of the container called `name`.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.containers.iter().position(|c| c.name == name)
    }

    /// Whether the task has a pause container whose namespaces the others join.
    #[must_use]
    pub fn has_pause(&self) -> bool {
        self.containers.iter().any(|c| c.internal)
    }
}
