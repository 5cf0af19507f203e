//! What a definition must be to run on Fargate.
//!
//! Source: ECS developer guide, "Task definition differences for the Fargate launch type" and "Task CPU and memory".

use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{ContainerDefinition, LinuxParameters, TaskDefinition};

/// Cpu units, and the memory in MiB that goes with them: least, most, step.
const SIZES: [(u32, u32, u32, u32); 7] = [
    (256, 512, 2048, 512),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16_384, 1024),
    (4096, 8192, 30_720, 1024),
    (8192, 16_384, 61_440, 4096),
    (16_384, 32_768, 122_880, 8192),
];

/// Checks that the definition can run on Fargate.
///
/// # Errors
/// ClientException with what speaks against it.
pub(super) fn check(definition: &TaskDefinition) -> Result<(), ApiError> {
    if definition.network_mode.as_deref() != Some("awsvpc") {
        return Err(ApiError::client("Fargate only supports network mode ‘awsvpc’."));
    }
    let number = |text: &Option<String>| text.as_deref().and_then(|t| t.parse::<u32>().ok());
    let (cpu, memory) = match (number(&definition.cpu), number(&definition.memory)) {
        (Some(cpu), Some(memory)) => (cpu, memory),
        (None, _) => return Err(ApiError::client("Fargate requires that 'cpu' be defined at the task level.")),
        (_, None) => return Err(ApiError::client("Fargate requires that 'memory' be defined at the task level.")),
    };
    if !is_size(cpu, memory) {
        return Err(ApiError::no_fargate_configuration());
    }
    if definition.pid_mode.as_deref() == Some("host") {
        return Err(ApiError::client(
            "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is 'task'.",
        ));
    }
    if definition.ipc_mode.is_some() {
        return Err(ApiError::client("Tasks using the Fargate launch type do not support ipcMode."));
    }
    if definition.placement_constraints.as_ref().is_some_and(|c| !c.is_empty()) {
        return Err(ApiError::client("Tasks using the Fargate launch type do not support placementConstraints."));
    }
    let on_host = |v: &gantry_wire::shapes::ecs::Volume| {
        v.docker_volume_configuration.is_some()
            || v.efs_volume_configuration.is_some()
            || v.fsx_windows_file_server_volume_configuration.is_some()
            || v.host.as_ref().is_some_and(|h| h.source_path.is_some())
    };
    if definition.volumes.iter().flatten().any(on_host) {
        return Err(ApiError::client(
            "Tasks using the Fargate launch type can have volumes of their own only: no sourcePath, driver or file system.",
        ));
    }
    definition.container_definitions.iter().flatten().try_for_each(check_container)
}

fn is_size(cpu: u32, memory: u32) -> bool {
    // The smallest size goes from half a GB to one, then to two.
    if cpu == 256 {
        return matches!(memory, 512 | 1024 | 2048);
    }
    SIZES.iter().any(|&(units, least, most, step)| {
        units == cpu && (least..=most).contains(&memory) && (memory - least).is_multiple_of(step)
    })
}

fn check_container(container: &ContainerDefinition) -> Result<(), ApiError> {
    let name = container.name.as_deref().unwrap_or_default();
    let refuse = |what: &str| {
        Err(ApiError::client(format!("The container '{name}' uses {what}, which Fargate does not support.")))
    };
    if container.privileged == Some(true) {
        return refuse("privileged");
    }
    if container.stop_timeout.is_some_and(|s| s > 120) {
        return Err(ApiError::client(format!(
            "The container '{name}': stopTimeout is at most 120 seconds on Fargate."
        )));
    }
    if container.links.as_ref().is_some_and(|l| !l.is_empty()) {
        return refuse("links");
    }
    if container.resource_requirements.as_ref().is_some_and(|r| !r.is_empty()) {
        return refuse("resourceRequirements");
    }
    if container.docker_security_options.as_ref().is_some_and(|o| !o.is_empty()) {
        return refuse("dockerSecurityOptions");
    }
    match container.linux_parameters.as_ref().and_then(unsupported) {
        Some(what) => refuse(what),
        None => Ok(()),
    }
}

fn unsupported(parameters: &LinuxParameters) -> Option<&'static str> {
    let added = parameters.capabilities.iter().flat_map(|c| c.add.iter().flatten());
    if parameters.devices.as_ref().is_some_and(|d| !d.is_empty()) {
        Some("devices")
    } else if parameters.shared_memory_size.is_some() {
        Some("sharedMemorySize")
    } else if parameters.max_swap.is_some() {
        Some("maxSwap")
    } else if parameters.swappiness.is_some() {
        Some("swappiness")
    } else if added.into_iter().any(|capability| capability != "SYS_PTRACE") {
        Some("an added capability other than SYS_PTRACE")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_table() {
        for (cpu, memory) in
            [(256, 512), (256, 2048), (512, 4096), (1024, 2048), (4096, 30_720), (8192, 20_480), (16_384, 122_880)]
        {
            assert!(is_size(cpu, memory), "{cpu} {memory}");
        }
        for (cpu, memory) in
            [(256, 1536), (256, 4096), (512, 512), (1024, 2500), (8192, 17_408), (128, 512), (32_768, 65_536)]
        {
            assert!(!is_size(cpu, memory), "{cpu} {memory}");
        }
    }
}
