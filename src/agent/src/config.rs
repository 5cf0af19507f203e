//! What an agent is told when it is started.

use std::fmt;
use std::path::{Path, PathBuf};

use gantry_model::container_instance::Attribute;
use gantry_model::{ClusterName, Region};
use sha2::{Digest, Sha256};

use crate::transport::Trust;

/// An agent's configuration. `Debug` does not show the secret.
#[derive(Clone)]
pub struct AgentConfig {
    /// The control plane's URL, `http://HOST:PORT` or `https://…`.
    pub server_url: String,
    /// Whose certificate is taken for the control plane's; what the host knows unless given.
    pub trust: Trust,
    pub access_key_id: String,
    pub secret_access_key: String,
    /// The region that requests are signed for and the host belongs to.
    pub region: Region,
    /// Where the agent keeps its state.
    pub data_dir: PathBuf,
    /// The cluster to join; `default` unless given.
    pub cluster: Option<ClusterName>,
    /// The engine's address; the local socket unless given.
    pub docker_host: Option<String>,
    /// The zone to say; the region's first unless given.
    pub availability_zone: Option<String>,
    /// The instance type to say.
    pub instance_type: Option<String>,
    /// Custom attributes.
    pub attributes: Vec<Attribute>,
    /// CPU units to offer; what the host has unless given.
    pub cpu: Option<u32>,
    /// MiB of memory to offer; what the host has, less a reserve, unless given.
    pub memory_mib: Option<u32>,
    /// What tells this agent's containers from those of others on the same engine; follows from `data_dir` unless given.
    pub label: Option<String>,
    /// `host:port` of the registries that take the control plane's tokens.
    pub registry_hosts: Vec<String>,
    /// Whether the host also serves Fargate tasks of every cluster.
    pub serves_fargate: bool,
    /// How many containers are created or started at the same time; two a core unless given.
    pub parallel_starts: Option<usize>,
}

impl AgentConfig {
    /// An agent that takes everything from its host.
    #[must_use]
    pub fn new(
        server_url: String,
        access_key_id: String,
        secret_access_key: String,
        region: Region,
        data_dir: PathBuf,
    ) -> Self {
        Self {
            server_url,
            trust: Trust::default(),
            access_key_id,
            secret_access_key,
            region,
            data_dir,
            cluster: None,
            docker_host: None,
            availability_zone: None,
            instance_type: None,
            attributes: Vec::new(),
            cpu: None,
            memory_mib: None,
            label: None,
            registry_hosts: Vec::new(),
            serves_fargate: false,
            parallel_starts: None,
        }
    }

    /// The name of the cluster to join.
    #[must_use]
    pub fn cluster_name(&self) -> &str {
        self.cluster.as_ref().map_or("default", ClusterName::as_str)
    }

    /// The zone that the host says.
    #[must_use]
    pub fn availability_zone(&self) -> String {
        self.availability_zone.clone().unwrap_or_else(|| format!("{}a", self.region))
    }

    /// The label of this agent's containers. It follows from the folder's path, not from what is in it: an agent whose
    /// folder was emptied still finds its containers.
    #[must_use]
    pub fn container_label(&self) -> String {
        self.label.clone().unwrap_or_else(|| {
            let path = std::path::absolute(&self.data_dir).unwrap_or_else(|_| self.data_dir.clone());
            label_of(&path)
        })
    }
}

fn label_of(path: &Path) -> String {
    hex::encode(&Sha256::digest(path.as_os_str().as_encoded_bytes())[..6])
}

impl fmt::Debug for AgentConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentConfig")
            .field("server_url", &self.server_url)
            .field("access_key_id", &self.access_key_id)
            .field("region", &self.region)
            .field("data_dir", &self.data_dir)
            .field("cluster", &self.cluster)
            .field("docker_host", &self.docker_host)
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_with_folders_of_their_own_have_labels_of_their_own() {
        assert_eq!(label_of(Path::new("/a/agent")), label_of(Path::new("/a/agent")));
        assert_ne!(label_of(Path::new("/a/agent")), label_of(Path::new("/b/agent")));
    }

    #[test]
    fn the_secret_is_not_shown() {
        let region = Region::parse("us-east-1").unwrap();
        let config = AgentConfig::new("http://x".into(), "key".into(), "hush".into(), region, "/a".into());
        assert!(!format!("{config:?}").contains("hush"));
    }
}
