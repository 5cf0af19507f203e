//! Why not: what every host lacks for a task, in a sentence with numbers.

use gantry_model::ContainerInstanceId;

use crate::place::{Filter, PlacementRequest, Reason};
use crate::state::ClusterState;

/// One thing that keeps a host from taking a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyNot {
    pub instance: ContainerInstanceId,
    pub reason: Reason,
    /// A sentence for people, with what is needed and what there is.
    pub detail: String,
}

/// Everything that keeps each host of `state` from taking one task of `request`, hosts in the order of their ids and
/// reasons in the order of [`Reason`]. A host that could take it does not appear, nor does one outside of the pool that the
/// request asks for.
#[must_use]
pub fn explain(state: &ClusterState, request: &PlacementRequest<'_>) -> Vec<WhyNot> {
    let filter = Filter::new(request);
    let mut answer = Vec::new();
    for host in (0..state.hosts.len()).filter(|&host| filter.looks_at(state, host)) {
        for reason in filter.refusals(state, host) {
            let detail = sentence(&filter, state, request, host, reason);
            answer.push(WhyNot { instance: state.hosts[host].id.clone(), reason, detail });
        }
    }
    answer
}

fn sentence(
    filter: &Filter<'_>,
    state: &ClusterState,
    request: &PlacementRequest<'_>,
    host: usize,
    reason: Reason,
) -> String {
    let have = &state.hosts[host];
    let need = request.requirements;
    match reason {
        Reason::NotActive => format!("The instance is {}, not ACTIVE.", have.status.as_str()),
        Reason::Agent => "The instance's agent is not connected.".to_owned(),
        Reason::Cpu => format!("Needs {} CPU units, {} are free.", need.resources.cpu, have.free_cpu.max(0)),
        Reason::Memory => {
            format!("Needs {} MiB of memory, {} are free.", need.resources.memory_mib, have.free_memory_mib.max(0))
        }
        Reason::Gpu => format!("Needs {} GPUs, {} are free.", need.gpus, have.free_gpus.max(0)),
        Reason::Ports => {
            let ports: Vec<String> = have.taken_ports(need).iter().map(u16::to_string).collect();
            format!("Host port {} is in use.", ports.join(", "))
        }
        Reason::Attribute => format!("Lacks the attribute {}.", filter.missing_attributes(state, host).join(", ")),
        Reason::MemberOf => format!("Does not satisfy {}.", filter.unsatisfied(state, host).join("; ")),
        Reason::DistinctInstance => format!("Already runs a task of the group {}.", request.group),
    }
}

#[cfg(test)]
mod tests {
    use gantry_model::container_instance::InstanceStatus;
    use gantry_model::placement::PlacementConstraint;

    use super::*;
    use crate::fixtures::{HostBuilder, cluster, host, request, requirements};

    #[test]
    fn every_reason_of_every_host_is_told_with_numbers() {
        let mut first = host(1).with_resources(512, 256);
        first.status = InstanceStatus::Draining;
        first.reserved_tcp_ports.insert(80);
        let mut second = host(2).with_resources(4096, 4096);
        second.agent_connected = false;
        let state = ClusterState::new(&cluster(), &[second, first, host(3)], &[]);
        let mut needs = requirements(1024, 512);
        needs.tcp_ports.insert(80);
        let member_of = [PlacementConstraint::MemberOf { expression: "ec2InstanceId != i-2".to_owned() }];
        let request = PlacementRequest { constraints: &member_of, ..request(&needs, "service:web") };

        let lines: Vec<String> = explain(&state, &request)
            .iter()
            .map(|w| format!("{} {:?} {}", w.instance.as_str().trim_start_matches('0'), w.reason, w.detail))
            .collect();

        assert_eq!(
            lines,
            [
                "1 NotActive The instance is DRAINING, not ACTIVE.",
                "1 Cpu Needs 1024 CPU units, 512 are free.",
                "1 Memory Needs 512 MiB of memory, 256 are free.",
                "1 Ports Host port 80 is in use.",
                "2 Agent The instance's agent is not connected.",
                "2 MemberOf Does not satisfy ec2InstanceId != i-2.",
            ]
        );
    }
}
