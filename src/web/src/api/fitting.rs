//! Where a task of a definition would fit now, host by host, and why not.

use std::collections::BTreeSet;

use leptos::prelude::*;
use serde_json::Value;

use super::instances::InstanceSummary;
use crate::error::ApiError;
use crate::format::{cpu_units, mebibytes};
use crate::state::State;

/// What a task takes of a host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// CPU units.
    pub cpu: i64,
    /// MiB.
    pub memory: i64,
    /// Ports of the host, such as `80` or `53/udp`.
    pub ports: BTreeSet<String>,
    /// Whether hosts of a cluster may run it at all.
    pub on_hosts: bool,
}

impl Needs {
    /// Reads what a definition asks for: the task's own amounts, or else those of its containers together (ECS API
    /// reference, `TaskDefinition`).
    #[must_use]
    pub fn of(definition: &Value) -> Self {
        let containers = definition.get("containerDefinitions").and_then(Value::as_array);
        let containers = || containers.into_iter().flatten();
        let sum = |amount: fn(&Value) -> i64| containers().map(amount).sum();
        let of_task = |member: &str| definition.get(member).and_then(number).filter(|n| *n > 0);
        let compatibilities = definition.get("requiresCompatibilities").and_then(Value::as_array);
        let mode = definition.get("networkMode").and_then(Value::as_str).unwrap_or("bridge");
        Self {
            cpu: of_task("cpu").unwrap_or_else(|| sum(|c| c.get("cpu").and_then(number).unwrap_or(0))),
            memory: of_task("memory").unwrap_or_else(|| sum(memory_of)),
            ports: containers().flat_map(|container| ports_of(container, mode)).collect(),
            on_hosts: compatibilities
                .is_none_or(|all| all.is_empty() || all.iter().any(|one| one.as_str() != Some("FARGATE"))),
        }
    }
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// What is set aside for a container: its reservation, or else its limit (ECS API reference, `memoryReservation`).
fn memory_of(container: &Value) -> i64 {
    let member = |name: &str| container.get(name).and_then(number);
    member("memoryReservation").or_else(|| member("memory")).unwrap_or(0)
}

fn ports_of(container: &Value, network_mode: &str) -> Vec<String> {
    let mappings = container.get("portMappings").and_then(Value::as_array);
    let port = |mapping: &Value| {
        let member = match network_mode {
            "host" => "containerPort",
            "bridge" => "hostPort",
            _ => return None,
        };
        let port = mapping.get(member).and_then(number).filter(|port| *port > 0)?;
        let udp = mapping.get("protocol").and_then(Value::as_str) == Some("udp");
        Some(if udp { format!("{port}/udp") } else { port.to_string() })
    };
    mappings.into_iter().flatten().filter_map(port).collect()
}

/// Whether a host takes a task, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// How many more tasks it takes.
    pub more: i64,
    pub state: State,
    pub word: String,
}

/// Judges one host.
#[must_use]
pub fn fit(needs: &Needs, host: &InstanceSummary) -> Fit {
    let no = |state: State, word: String| Fit { more: 0, state, word };
    let (state, word) = host.health();
    if state != State::Running {
        return no(state, format!("{}, skipped", word.to_lowercase()));
    }
    if needs.memory > host.memory_free {
        return no(State::Failed, format!("{} of {} free", mebibytes(host.memory_free), mebibytes(needs.memory)));
    }
    if needs.cpu > host.cpu_free {
        return no(State::Failed, format!("{} of {} free", cpu_units(host.cpu_free), cpu_units(needs.cpu)));
    }
    if let Some(port) = needs.ports.iter().find(|port| host.ports.contains(port)) {
        return no(State::Failed, format!("port {port} is taken"));
    }
    let times = |free: i64, need: i64| if need > 0 { free / need } else { i64::MAX };
    let by_port = if needs.ports.is_empty() { i64::MAX } else { 1 };
    let more = times(host.memory_free, needs.memory).min(times(host.cpu_free, needs.cpu)).min(by_port);
    let word = if more == i64::MAX { "any number".to_owned() } else { format!("{more} more") };
    Fit { more, state: State::Running, word }
}

/// The hosts of all clusters.
#[server(prefix = "/ui/api", endpoint = "list-all-hosts")]
pub async fn list_all_hosts() -> Result<Vec<InstanceSummary>, ApiError> {
    let ecs = crate::sdk::ecs()?;
    let mut hosts = Vec::new();
    for cluster in super::clusters::list_clusters().await? {
        hosts.extend(super::instances::read::describe_all(&ecs, &cluster.name).await?);
    }
    Ok(hosts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn host() -> InstanceSummary {
        let ports = vec!["22".to_owned(), "53/udp".to_owned()];
        InstanceSummary { memory_free: 2048, ports, ..InstanceSummary::example("h1", "a") }
    }

    #[test]
    fn a_task_needs_its_own_amounts_or_those_of_its_containers() {
        let containers = json!([{ "cpu": 128, "memory": 512, "memoryReservation": 256 }, { "cpu": 64, "memory": 128 }]);
        let needs = Needs::of(&json!({ "containerDefinitions": containers }));
        assert_eq!((needs.cpu, needs.memory, needs.on_hosts), (192, 384, true));
        let needs = Needs::of(&json!({ "cpu": "256", "memory": "1024", "containerDefinitions": containers }));
        assert_eq!((needs.cpu, needs.memory), (256, 1024));
        assert!(!Needs::of(&json!({ "requiresCompatibilities": ["FARGATE"] })).on_hosts);
        assert!(Needs::of(&json!({ "requiresCompatibilities": ["FARGATE", "EC2"] })).on_hosts);
    }

    #[test]
    fn only_ports_of_the_host_are_needed() {
        let ports = json!([
            { "containerPort": 80, "hostPort": 8080 },
            { "containerPort": 81, "hostPort": 0 },
            { "containerPort": 53, "hostPort": 53, "protocol": "udp" }
        ]);
        let of = |mode: &str| {
            Needs::of(&json!({ "networkMode": mode, "containerDefinitions": [{ "portMappings": ports }] })).ports
        };
        assert_eq!(of("bridge"), BTreeSet::from(["8080".to_owned(), "53/udp".to_owned()]));
        assert_eq!(of("host"), BTreeSet::from(["80".to_owned(), "81".to_owned(), "53/udp".to_owned()]));
        assert!(of("awsvpc").is_empty());
    }

    #[test]
    fn a_host_says_how_many_it_takes_or_what_it_lacks() {
        let needs = |cpu: i64, memory: i64, port: &str| {
            let ports = if port.is_empty() { BTreeSet::new() } else { BTreeSet::from([port.to_owned()]) };
            Needs { cpu, memory, ports, on_hosts: true }
        };
        for (needs, said) in [
            (needs(512, 256, ""), "2 more"),
            (needs(0, 1024, ""), "2 more"),
            (needs(0, 0, ""), "any number"),
            (needs(0, 256, "80"), "1 more"),
            (needs(0, 4096, ""), "2\u{a0}GiB of 4\u{a0}GiB free"),
            (needs(2048, 0, ""), "1\u{a0}vCPU of 2\u{a0}vCPU free"),
            (needs(0, 0, "22"), "port 22 is taken"),
            (needs(0, 0, "53/udp"), "port 53/udp is taken"),
        ] {
            assert_eq!(fit(&needs, &host()).word, said);
        }
        let silent = InstanceSummary { agent_connected: false, ..host() };
        assert_eq!(fit(&needs(1, 1, ""), &silent).word, "agent silent, skipped");
    }
}
