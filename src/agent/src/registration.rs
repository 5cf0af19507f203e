//! RegisterContainerInstance: what the host has to give, and who it is.

use gantry_model::resources::Resources;
use gantry_wire::schema::Service;
use gantry_wire::shapes::ecs::{
    Attribute, RegisterContainerInstanceRequest, RegisterContainerInstanceResponse, Resource, VersionInfo,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::api::{Api, CallError};
use crate::capability;
use crate::config::AgentConfig;
use crate::engine::EngineInfo;

/// The agent's version, as it is registered and said to every socket.
pub const AGENT_VERSION: &str = env!("CARGO_PKG_VERSION");
/// What stands for the commit that the agent was built from.
pub const AGENT_HASH: &str = "gantry";

/// Memory that is kept from tasks for the host itself, in MiB, where there is plenty.
const MEMORY_RESERVE_MIB: u32 = 256;
/// The ports that Amazon's agent keeps back: SSH, the Docker daemon's, its own.
const RESERVED_TCP_PORTS: [&str; 5] = ["22", "2375", "2376", "51678", "51679"];

/// What the host offers to tasks.
#[must_use]
pub fn total(config: &AgentConfig, engine: &EngineInfo) -> Resources {
    let reserve = MEMORY_RESERVE_MIB.min(engine.memory_mib / 8);
    Resources {
        cpu: config.cpu.unwrap_or_else(|| engine.cpus.saturating_mul(1024)),
        memory_mib: config.memory_mib.unwrap_or_else(|| engine.memory_mib.saturating_sub(reserve)),
    }
}

/// Registers the host, as `known` if it was registered before, and answers its ARN.
///
/// # Errors
/// [`CallError`].
pub async fn register(
    api: &Api,
    config: &AgentConfig,
    engine: &EngineInfo,
    known: Option<String>,
) -> Result<String, CallError> {
    const OPERATION: &str = "RegisterContainerInstance";
    let input = request(config, engine, known);
    let answer: RegisterContainerInstanceResponse = api.call(Service::Ecs, OPERATION, &input).await?;
    let arn = answer.container_instance.and_then(|instance| instance.container_instance_arn);
    arn.ok_or_else(|| CallError::Malformed {
        operation: OPERATION.to_owned(),
        source: serde::de::Error::missing_field("containerInstanceArn"),
    })
}

fn request(config: &AgentConfig, engine: &EngineInfo, known: Option<String>) -> RegisterContainerInstanceRequest {
    let total = total(config, engine);
    let amount = |name: &str, value: u32| Resource {
        name: Some(name.to_owned()),
        r#type: Some("INTEGER".to_owned()),
        integer_value: Some(i32::try_from(value).unwrap_or(i32::MAX)),
        ..Resource::default()
    };
    let ports = |name: &str, ports: &[&str]| Resource {
        name: Some(name.to_owned()),
        r#type: Some("STRINGSET".to_owned()),
        string_set_value: Some(ports.iter().map(|&port| port.to_owned()).collect()),
        ..Resource::default()
    };
    let attribute = |a: gantry_model::container_instance::Attribute| Attribute {
        name: Some(a.name),
        value: a.value,
        ..Attribute::default()
    };
    let identity = json!({ "instanceId": instance_id(config, engine), "region": config.region });
    RegisterContainerInstanceRequest {
        cluster: Some(config.cluster_name().to_owned()),
        instance_identity_document: Some(identity.to_string()),
        total_resources: Some(vec![
            amount("CPU", total.cpu),
            amount("MEMORY", total.memory_mib),
            ports("PORTS", &RESERVED_TCP_PORTS),
            ports("PORTS_UDP", &[]),
        ]),
        version_info: Some(VersionInfo {
            agent_version: Some(AGENT_VERSION.to_owned()),
            agent_hash: Some(AGENT_HASH.to_owned()),
            docker_version: Some(format!("DockerVersion: {}", engine.version)),
        }),
        container_instance_arn: known,
        attributes: Some(capability::attributes(config, engine).into_iter().map(attribute).collect()),
        ..RegisterContainerInstanceRequest::default()
    }
}

/// An id in the form of an EC2 instance's that is the same each time and no other agent's: it follows from the engine and
/// the agent's label on it.
fn instance_id(config: &AgentConfig, engine: &EngineInfo) -> String {
    let digest = Sha256::digest(format!("{}/{}", engine.id, config.container_label()));
    format!("i-{}", &hex::encode(digest)[..17])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine() -> EngineInfo {
        EngineInfo {
            id: "E".to_owned(),
            version: "20.10.24".to_owned(),
            api_version: "1.41".to_owned(),
            cpus: 2,
            memory_mib: 4096,
            os_type: "linux".to_owned(),
            architecture: "x86_64".to_owned(),
            log_drivers: Vec::new(),
            volume_drivers: Vec::new(),
        }
    }

    fn config() -> AgentConfig {
        let region = gantry_model::Region::parse("us-east-1").unwrap();
        AgentConfig::new(String::new(), String::new(), String::new(), region, "/a".into())
    }

    #[test]
    fn the_host_offers_what_it_has_or_what_it_is_told_to() {
        assert_eq!(total(&config(), &engine()), Resources { cpu: 2048, memory_mib: 4096 - 256 });
        let told = AgentConfig { cpu: Some(512), memory_mib: Some(1000), ..config() };
        assert_eq!(total(&told, &engine()), Resources { cpu: 512, memory_mib: 1000 });
        let small = EngineInfo { memory_mib: 800, ..engine() };
        assert_eq!(total(&config(), &small).memory_mib, 700);
    }

    #[test]
    fn a_host_that_registers_again_says_who_it_was() {
        let input = request(&config(), &engine(), Some("arn:x".to_owned()));
        assert_eq!(input.container_instance_arn.as_deref(), Some("arn:x"));
        assert_eq!(input.cluster.as_deref(), Some("default"));
    }

    #[test]
    fn agents_on_one_engine_are_different_hosts_and_each_stays_the_same() {
        let other = AgentConfig { label: Some("other".to_owned()), ..config() };
        assert_eq!(instance_id(&config(), &engine()), instance_id(&config(), &engine()));
        assert_ne!(instance_id(&config(), &engine()), instance_id(&other, &engine()));
        assert_eq!(instance_id(&config(), &engine()).len(), 19);
    }
}
