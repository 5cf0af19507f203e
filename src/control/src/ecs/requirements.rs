//! What a task of a definition reserves on its host (ECS developer guide, "Task placement"; API reference,
//! `ContainerDefinition.memoryReservation`).

use std::collections::BTreeSet;

use gantry_model::placement::PlacementConstraint;
use gantry_model::resources::{Requirements, Resources};
use gantry_model::task::LaunchType;
use gantry_wire::shapes::ecs::{ContainerDefinition, ContainerOverride, TaskDefinition, TaskOverride};

/// The reservation of a task of `definition` under `overrides`.
///
/// Task-level cpu and memory count when set; else the sum over the containers, with the soft limit of memory before the
/// hard one. Only fixed host ports are reserved. Fargate asks for no attributes: its hosts are Gantry's choice.
#[must_use]
pub fn of_task(definition: &TaskDefinition, overrides: &TaskOverride, launch_type: LaunchType) -> Requirements {
    let containers = definition.container_definitions.as_deref().unwrap_or_default();
    let (tcp_ports, udp_ports) = fixed_ports(definition.network_mode.as_deref(), containers);
    Requirements {
        resources: resources(definition, containers, overrides),
        tcp_ports,
        udp_ports,
        gpus: containers.iter().map(gpus).sum(),
        attributes: match launch_type {
            LaunchType::Fargate => BTreeSet::new(),
            LaunchType::Ec2 | LaunchType::External => required_attributes(definition),
        },
    }
}

/// The `memberOf` constraints that the definition itself carries.
#[must_use]
pub fn constraints(definition: &TaskDefinition) -> Vec<PlacementConstraint> {
    definition
        .placement_constraints
        .iter()
        .flatten()
        .filter_map(|c| c.expression.clone())
        .map(|expression| PlacementConstraint::MemberOf { expression })
        .collect()
}

fn resources(definition: &TaskDefinition, containers: &[ContainerDefinition], overrides: &TaskOverride) -> Resources {
    let task_cpu = overrides.cpu.as_deref().or(definition.cpu.as_deref()).and_then(units);
    let task_memory = overrides.memory.as_deref().or(definition.memory.as_deref()).and_then(units);
    let mut sum = Resources::default();
    for container in containers {
        let over = override_of(overrides, container);
        sum = sum.plus(container_resources(container, over));
    }
    Resources { cpu: task_cpu.unwrap_or(sum.cpu), memory_mib: task_memory.unwrap_or(sum.memory_mib) }
}

fn override_of<'a>(overrides: &'a TaskOverride, container: &ContainerDefinition) -> Option<&'a ContainerOverride> {
    overrides.container_overrides.iter().flatten().find(|o| o.name == container.name)
}

fn container_resources(container: &ContainerDefinition, over: Option<&ContainerOverride>) -> Resources {
    let pick = |own: Option<i32>, over: Option<i32>| over.or(own).and_then(|n| u32::try_from(n).ok());
    let cpu = pick(container.cpu, over.and_then(|o| o.cpu));
    let soft = pick(container.memory_reservation, over.and_then(|o| o.memory_reservation)).filter(|&m| m > 0);
    let hard = pick(container.memory, over.and_then(|o| o.memory));
    Resources { cpu: cpu.unwrap_or(0), memory_mib: soft.or(hard).unwrap_or(0) }
}

/// Task-level cpu and memory are stored as integers in text.
fn units(text: &str) -> Option<u32> {
    text.trim().parse().ok()
}

fn fixed_ports(network_mode: Option<&str>, containers: &[ContainerDefinition]) -> (BTreeSet<u16>, BTreeSet<u16>) {
    let (mut tcp, mut udp) = (BTreeSet::new(), BTreeSet::new());
    let on_host = match network_mode {
        None | Some("bridge") => false,
        Some("host") => true,
        Some(_) => return (tcp, udp),
    };
    for mapping in containers.iter().flat_map(|c| c.port_mappings.iter().flatten()) {
        let host_port = mapping.host_port.filter(|&p| p != 0).or(if on_host { mapping.container_port } else { None });
        let Some(port) = host_port.and_then(|p| u16::try_from(p).ok()) else { continue };
        if mapping.protocol.as_deref() == Some("udp") {
            udp.insert(port)
        } else {
            tcp.insert(port)
        };
    }
    (tcp, udp)
}

fn gpus(container: &ContainerDefinition) -> u32 {
    container
        .resource_requirements
        .iter()
        .flatten()
        .filter(|r| r.r#type.as_deref() == Some("GPU"))
        .filter_map(|r| r.value.as_deref().and_then(units))
        .sum()
}

fn required_attributes(definition: &TaskDefinition) -> BTreeSet<String> {
    definition.requires_attributes.iter().flatten().filter_map(|a| a.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_wire::shapes::ecs::PortMapping;

    fn container(cpu: i32, memory: i32, soft: Option<i32>) -> ContainerDefinition {
        ContainerDefinition {
            name: Some("app".to_owned()),
            cpu: Some(cpu),
            memory: Some(memory),
            memory_reservation: soft,
            ..ContainerDefinition::default()
        }
    }

    fn definition(containers: Vec<ContainerDefinition>) -> TaskDefinition {
        TaskDefinition { container_definitions: Some(containers), ..TaskDefinition::default() }
    }

    fn of(definition: &TaskDefinition) -> Requirements {
        of_task(definition, &TaskOverride::default(), LaunchType::Ec2)
    }

    #[test]
    fn without_task_size_the_containers_add_up_and_the_soft_limit_counts() {
        let required = of(&definition(vec![container(100, 64, None), container(28, 512, Some(128))]));
        assert_eq!(required.resources, Resources { cpu: 128, memory_mib: 192 });
    }

    #[test]
    fn the_task_size_counts_when_it_is_set_and_an_override_before_it() {
        let mut sized = definition(vec![container(100, 64, None)]);
        sized.cpu = Some("256".to_owned());
        sized.memory = Some("512".to_owned());
        assert_eq!(of(&sized).resources, Resources { cpu: 256, memory_mib: 512 });
        let larger = TaskOverride { memory: Some("1024".to_owned()), ..TaskOverride::default() };
        assert_eq!(of_task(&sized, &larger, LaunchType::Ec2).resources.memory_mib, 1024);
    }

    #[test]
    fn only_fixed_ports_are_reserved_and_host_mode_fixes_the_container_port() {
        let mapping = |container_port, host_port, protocol: &str| PortMapping {
            container_port: Some(container_port),
            host_port,
            protocol: Some(protocol.to_owned()),
            ..PortMapping::default()
        };
        let mut app = container(0, 64, None);
        app.port_mappings =
            Some(vec![mapping(80, Some(8080), "tcp"), mapping(81, Some(0), "tcp"), mapping(53, None, "udp")]);
        let bridge = definition(vec![app]);
        assert_eq!(of(&bridge).tcp_ports, BTreeSet::from([8080]));
        assert_eq!(of(&bridge).udp_ports, BTreeSet::new());
        let host = TaskDefinition { network_mode: Some("host".to_owned()), ..bridge.clone() };
        assert_eq!(of(&host).udp_ports, BTreeSet::from([53]));
        let awsvpc = TaskDefinition { network_mode: Some("awsvpc".to_owned()), ..bridge };
        assert_eq!(of(&awsvpc).tcp_ports, BTreeSet::new());
    }
}
