//! What this agent can do, as the attributes that placement matches task definitions against.
//!
//! Names are those of Amazon's agent. Only what really works is named: a task that needs more is not placed here, and the
//! reason names the attribute, which is better than a task that starts and misbehaves.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _, UdpSocket};

use gantry_model::container_instance::{ADDRESS, AVAILABILITY_ZONE, Attribute, INSTANCE_TYPE};

use crate::config::AgentConfig;
use crate::engine::EngineInfo;

const COM: &str = "com.amazonaws.ecs.capability.";
const ECS: &str = "ecs.capability.";

/// The log drivers that a task definition may name and the engine serves by itself. `awslogs` is not among them: the
/// engine would send the lines to AWS; the agent ships them itself.
const LOG_DRIVERS: [&str; 6] = ["json-file", "syslog", "journald", "gelf", "fluentd", "splunk"];
/// What the agent does whatever the engine is.
const ALWAYS: [(&str, &str); 17] = [
    (COM, "ecr-auth"),
    (COM, "privileged-container"),
    (COM, "logging-driver.awslogs"),
    (ECS, "execution-role-awslogs"),
    (ECS, "execution-role-ecr-pull"),
    (ECS, "task-eni"),
    (ECS, "container-health-check"),
    (ECS, "container-ordering"),
    (ECS, "container-restart-policy"),
    (ECS, "pid-ipc-namespace-sharing"),
    (ECS, "private-registry-authentication.secretsmanager"),
    (ECS, "secrets.asm.bootstrap.log-driver"),
    (ECS, "secrets.asm.environment-variables"),
    (ECS, "secrets.ssm.bootstrap.log-driver"),
    (ECS, "secrets.ssm.environment-variables"),
    (ECS, "task-cpu-mem-limit"),
    (ECS, "increased-task-cpu-limit"),
];
/// The oldest version of Docker's API that ECS names.
const OLDEST_API: u32 = 17;

/// The address that the host has towards the control plane; nothing is sent to find it out. None when the control plane's
/// host is not known.
fn own_address(server_url: &str) -> Option<String> {
    let uri: http::Uri = server_url.parse().ok()?;
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let server = (host, port).to_socket_addrs().ok()?.next()?;
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(server).ok()?;
    Some(socket.local_addr().ok()?.ip().to_string())
}

/// The attributes of the host: what it is, what it can do, and what the operator says of it.
#[must_use]
pub(crate) fn attributes(config: &AgentConfig, engine: &EngineInfo) -> Vec<Attribute> {
    let instance_type = config.instance_type.clone().unwrap_or_else(|| "gantry.host".to_owned());
    let architecture = match engine.architecture.as_str() {
        "aarch64" | "arm64" => "arm64",
        _ => "x86_64",
    };
    let os_type = if engine.os_type.is_empty() { "linux" } else { &engine.os_type };
    let mut attributes = vec![
        named(AVAILABILITY_ZONE, &config.availability_zone()),
        named(INSTANCE_TYPE, &instance_type),
        named("ecs.os-type", os_type),
        named("ecs.cpu-architecture", architecture),
    ];
    if config.serves_fargate {
        attributes.push(named("gantry.serves-fargate", "true"));
    }
    if !config.attributes.iter().any(|attribute| attribute.name == ADDRESS)
        && let Some(address) = own_address(&config.server_url)
    {
        attributes.push(named(ADDRESS, &address));
    }
    attributes.extend(capabilities(engine).into_iter().map(|name| Attribute { name, value: None }));
    attributes.extend(config.attributes.iter().cloned());
    attributes
}

fn named(name: &str, value: &str) -> Attribute {
    Attribute { name: name.to_owned(), value: Some(value.to_owned()) }
}

fn capabilities(engine: &EngineInfo) -> Vec<String> {
    let mut names: Vec<String> = ALWAYS.iter().map(|(prefix, name)| format!("{prefix}{name}")).collect();
    let minor = engine.api_version.strip_prefix("1.").and_then(|minor| minor.parse().ok()).unwrap_or(OLDEST_API);
    names.extend((OLDEST_API..=minor).map(|minor| format!("{COM}docker-remote-api.1.{minor}")));
    let drivers = LOG_DRIVERS.iter().filter(|driver| engine.log_drivers.iter().any(|d| d == *driver));
    names.extend(drivers.map(|driver| format!("{COM}logging-driver.{driver}")));
    names.extend(engine.volume_drivers.iter().map(|driver| format!("{ECS}docker-plugin.{driver}")));
    names
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
            architecture: "aarch64".to_owned(),
            log_drivers: vec!["json-file".to_owned(), "awslogs".to_owned(), "local".to_owned()],
            volume_drivers: vec!["local".to_owned()],
        }
    }

    fn config() -> AgentConfig {
        let region = gantry_model::Region::parse("eu-west-1").unwrap();
        AgentConfig::new(String::new(), String::new(), String::new(), region, "/".into())
    }

    #[test]
    fn the_host_says_what_it_is() {
        let all = attributes(&config(), &engine());
        for (name, value) in [
            ("ecs.availability-zone", "eu-west-1a"),
            ("ecs.instance-type", "gantry.host"),
            ("ecs.os-type", "linux"),
            ("ecs.cpu-architecture", "arm64"),
        ] {
            assert!(all.contains(&named(name, value)), "{name}");
        }
    }

    #[test]
    fn only_capabilities_that_the_engine_has_are_named() {
        let all = capabilities(&engine());
        let has = |name: &str| all.iter().any(|n| n == name);
        assert!(has("com.amazonaws.ecs.capability.docker-remote-api.1.17"));
        assert!(has("com.amazonaws.ecs.capability.docker-remote-api.1.41"));
        assert!(!has("com.amazonaws.ecs.capability.docker-remote-api.1.42"));
        assert!(has("com.amazonaws.ecs.capability.logging-driver.json-file"));
        assert!(has("com.amazonaws.ecs.capability.logging-driver.awslogs"));
        assert!(!has("com.amazonaws.ecs.capability.logging-driver.syslog"));
        assert!(has("ecs.capability.docker-plugin.local"));
    }
}
