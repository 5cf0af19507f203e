//! The task of an ACS payload: what the agent needs to run it.
//!
//! Docker's own part of a container is kept as Docker's JSON, in text ([`DockerConfig`]): what the API can say to
//! Docker the control plane can say to an agent of any age. Secrets never show in `Debug`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A task as the agent is told of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AcsTask {
    pub arn: String,
    pub family: String,
    /// The revision of the task definition.
    pub version: String,
    /// `RUNNING` or `STOPPED`.
    pub desired_status: String,
    /// The task's overrides as JSON text; what they change is already in the containers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overrides: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition_account_id: Option<String>,
    pub containers: Vec<AcsContainer>,
    pub volumes: Vec<AcsVolume>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_credentials: Option<RoleCredentials>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_role_credentials: Option<RoleCredentials>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elastic_network_interfaces: Vec<ElasticNetworkInterface>,
    /// The task's limit in vCPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<f64>,
    /// The task's limit in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid_mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipc_mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_fault_injection: Option<bool>,
}

/// A container of the task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AcsContainer {
    pub name: String,
    pub image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_arn: Option<String>,
    /// CPU units.
    pub cpu: i64,
    /// The hard limit in MiB, or the soft one where there is no hard one; 0 for none.
    pub memory: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entry_point: Vec<String>,
    pub environment: Environment,
    pub essential: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    pub port_mappings: Vec<AcsPortMapping>,
    pub mount_points: Vec<AcsMountPoint>,
    pub volumes_from: Vec<AcsVolumeFrom>,
    pub docker_config: DockerConfig,
    /// `docker` when the container has a health check (which itself is in [`DockerConfig::config`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry_authentication: Option<RegistryAuthentication>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs_auth_strategy: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<AcsSecret>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<AcsDependency>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timeout: Option<i64>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_policy: Option<AcsRestartPolicy>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub managed_agents: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environment_files: Vec<AcsEnvironmentFile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firelens_configuration: Option<Value>,
    /// The container's overrides as JSON text; what they change is already in the other members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overrides: Option<String>,
}

/// Docker's own part of a container: `POST /containers/create`'s body and its `HostConfig`, each as JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DockerConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_config: Option<String>,
    /// The version of Docker's API that the texts are written for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Environment variables. Their values may be secrets: `Debug` shows the names only.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Environment(pub BTreeMap<String, String>);

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A container port, and the host port that it wants; 0 for any.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AcsPortMapping {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_port: Option<u16>,
    /// `tcp` or `udp`.
    pub protocol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_port_range: Option<String>,
}

/// A volume of the task, mounted into a container.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AcsMountPoint {
    pub source_volume: String,
    pub container_path: String,
    pub read_only: bool,
}

/// All mounts of another container.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AcsVolumeFrom {
    pub source_container: String,
    pub read_only: bool,
}

/// A volume of the task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AcsVolume {
    pub name: String,
    /// `host`, `docker` or `efs`.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<AcsHostVolume>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docker_volume_configuration: Option<AcsDockerVolume>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub efs_volume_configuration: Option<Value>,
}

/// A folder of the host; without a path the agent makes one that lives as long as the task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AcsHostVolume {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_path: Option<String>,
}

/// A volume of Docker's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AcsDockerVolume {
    /// `task` or `shared`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoprovision: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub driver_opts: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// What another container must have reached before this one starts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AcsDependency {
    pub container_name: String,
    /// `START`, `COMPLETE`, `SUCCESS` or `HEALTHY`.
    pub condition: String,
}

/// Restarts of a single container within its task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AcsRestartPolicy {
    pub enabled: bool,
    pub ignored_exit_codes: Vec<i64>,
    /// Seconds that a container must have run before it is restarted again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_attempt_period: Option<i64>,
}

/// How the image's registry is signed in to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegistryAuthentication {
    /// `ecr` or `asm`.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecr_auth_data: Option<EcrAuthData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asm_auth_data: Option<AsmAuthData>,
}

/// An image in ECR: the agent asks GetAuthorizationToken.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EcrAuthData {
    pub region: String,
    pub registry_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_override: Option<String>,
    pub use_execution_role: bool,
}

/// Registry credentials that stand in a secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AsmAuthData {
    pub credentials_parameter: String,
    pub region: String,
}

/// The target of secrets that are options of the log driver.
pub const LOG_DRIVER: &str = "LOG_DRIVER";

/// A secret that becomes an environment variable, or an option of the log driver.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AcsSecret {
    pub name: String,
    pub value_from: String,
    /// `ssm` or `asm`.
    pub provider: String,
    pub region: String,
    /// `ENVIRONMENT_VARIABLE`, or what else the secret is for.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// [`LOG_DRIVER`]; the container itself without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// A file of environment variables.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AcsEnvironmentFile {
    pub value: String,
    /// `s3`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Credentials of a task's role, for a while. `Debug` shows neither the secret nor the token.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoleCredentials {
    pub credentials_id: String,
    pub role_arn: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: String,
    /// RFC 3339.
    pub expiration: String,
}

impl fmt::Debug for RoleCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleCredentials")
            .field("credentials_id", &self.credentials_id)
            .field("role_arn", &self.role_arn)
            .field("access_key_id", &self.access_key_id)
            .field("expiration", &self.expiration)
            .finish_non_exhaustive()
    }
}

/// The network interface of an awsvpc task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ElasticNetworkInterface {
    pub ec2_id: String,
    pub attachment_arn: String,
    pub mac_address: String,
    pub ipv4_addresses: Vec<Ipv4Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_gateway_ipv4_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_dns_name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domain_name: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub domain_name_servers: Vec<String>,
}

/// An address of a network interface.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ipv4Address {
    pub primary: bool,
    pub private_address: String,
}
