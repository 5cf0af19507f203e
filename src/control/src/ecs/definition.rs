//! The rules of task definitions: what RegisterTaskDefinition refuses, and what it fills in.
//!
//! Source: ECS API reference, `RegisterTaskDefinition`, `ContainerDefinition`; developer guide, "Task definition
//! parameters" and "Task CPU and memory". Refusals are `ClientException`s, as ECS's are.
//!
//! Read [`complete`] first: it checks, then fills in, then derives what placement needs.

mod attributes;
mod container;
mod fargate;
mod order;
mod ports;
mod size;
mod task;
#[cfg(test)]
mod tests;
mod volumes;

use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{RegisterTaskDefinitionRequest, TaskDefinition};

/// The definition that the request registers, complete but for its ARN, revision, status and dates.
///
/// # Errors
/// ClientException with the rule that the request breaks.
pub fn complete(input: RegisterTaskDefinitionRequest, registry_host: &str) -> Result<TaskDefinition, ApiError> {
    let mut definition = unchecked(input);
    task::check(&definition)?;
    size::normalise(&mut definition)?;
    let containers = definition.container_definitions.as_deref().unwrap_or_default();
    container::check_all(containers, &definition)?;
    volumes::check(&definition, containers)?;
    order::check(containers)?;
    size::check(&definition, containers)?;
    fill_in(&mut definition)?;
    definition.compatibilities = Some(compatibilities(&definition)?);
    let attributes = attributes::required(&definition, registry_host);
    definition.requires_attributes = (!attributes.is_empty()).then_some(attributes);
    Ok(definition)
}

fn unchecked(input: RegisterTaskDefinitionRequest) -> TaskDefinition {
    TaskDefinition {
        container_definitions: input.container_definitions,
        family: input.family,
        task_role_arn: input.task_role_arn.filter(|a| !a.is_empty()),
        execution_role_arn: input.execution_role_arn.filter(|a| !a.is_empty()),
        network_mode: input.network_mode,
        volumes: Some(input.volumes.unwrap_or_default()),
        placement_constraints: Some(input.placement_constraints.unwrap_or_default()),
        runtime_platform: input.runtime_platform,
        requires_compatibilities: input.requires_compatibilities.filter(|c| !c.is_empty()),
        cpu: input.cpu.filter(|c| !c.is_empty()),
        memory: input.memory.filter(|m| !m.is_empty()),
        inference_accelerators: input.inference_accelerators,
        pid_mode: input.pid_mode.filter(|m| !m.is_empty()),
        ipc_mode: input.ipc_mode.filter(|m| !m.is_empty()),
        proxy_configuration: input.proxy_configuration,
        ephemeral_storage: input.ephemeral_storage,
        enable_fault_injection: Some(input.enable_fault_injection.unwrap_or(false)),
        trusted_execution_configuration: input.trusted_execution_configuration,
        ..TaskDefinition::default()
    }
}

/// What ECS answers beyond what was given: the lists that are always there, and the defaults of cpu, essential and ports.
fn fill_in(definition: &mut TaskDefinition) -> Result<(), ApiError> {
    let mode = definition.network_mode.clone();
    for efs in definition.volumes.iter_mut().flatten().filter_map(|v| v.efs_volume_configuration.as_mut()) {
        efs.root_directory.get_or_insert_with(|| "/".to_owned());
    }
    for container in definition.container_definitions.iter_mut().flatten() {
        container.cpu.get_or_insert(0);
        container.essential.get_or_insert(true);
        container.environment.get_or_insert_default();
        container.mount_points.get_or_insert_default();
        container.volumes_from.get_or_insert_default();
        container.system_controls.get_or_insert_default();
        let name = container.name.clone().unwrap_or_default();
        for mapping in container.port_mappings.get_or_insert_default() {
            ports::fill_in(mapping, mode.as_deref(), &name)?;
        }
    }
    Ok(())
}

/// Where the definition can run. Fargate and awsvpc go without external instances.
fn compatibilities(definition: &TaskDefinition) -> Result<Vec<String>, ApiError> {
    let required = |kind: &str| definition.requires_compatibilities.iter().flatten().any(|c| c == kind);
    let fargate = fargate::check(definition);
    if required("FARGATE") {
        fargate.clone()?;
    }
    if required("MANAGED_INSTANCES") {
        return Err(ApiError::client("requiresCompatibilities: Gantry has no MANAGED_INSTANCES; use EC2 or FARGATE."));
    }
    let awsvpc = definition.network_mode.as_deref() == Some("awsvpc");
    if required("EXTERNAL") && awsvpc {
        return Err(ApiError::client("EXTERNAL launch type does not support network mode 'awsvpc'."));
    }
    let kinds: &[&str] = match (fargate.is_ok(), awsvpc) {
        (true, _) => &["EC2", "FARGATE"],
        (false, true) => &["EC2"],
        (false, false) => &["EXTERNAL", "EC2"],
    };
    Ok(kinds.iter().map(|k| (*k).to_owned()).collect())
}
