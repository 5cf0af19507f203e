//! The attributes that a definition requires of its host, from what it uses.
//!
//! Names are those that Amazon's agent registers as its capabilities; placement treats each as a hard constraint.

use std::collections::BTreeSet;

use gantry_model::secret::reference::SecretReference;
use gantry_wire::shapes::ecs::{Attribute, ContainerDefinition, TaskDefinition};

const COM: &str = "com.amazonaws.ecs.capability.";
const ECS: &str = "ecs.capability.";

/// Task-level cpu above this needs a capability of its own.
const INCREASED_CPU: u32 = 10 * 1024;

/// The required attributes, by name.
pub(super) fn required(definition: &TaskDefinition, registry_host: &str) -> Vec<Attribute> {
    let mut names = BTreeSet::new();
    of_task(definition, &mut names);
    let has_role = definition.execution_role_arn.is_some();
    for container in definition.container_definitions.iter().flatten() {
        of_container(container, has_role, registry_host, &mut names);
    }
    names.into_iter().map(|name| Attribute { name: Some(name), ..Attribute::default() }).collect()
}

fn of_task(definition: &TaskDefinition, names: &mut BTreeSet<String>) {
    let mut add = |prefix: &str, name: &str| names.insert(format!("{prefix}{name}"));
    let mode = definition.network_mode.as_deref();
    if mode == Some("awsvpc") {
        add(ECS, "task-eni");
    }
    if definition.task_role_arn.is_some() {
        add(COM, if mode == Some("host") { "task-iam-role-network-host" } else { "task-iam-role" });
    }
    if definition.pid_mode.is_some() || definition.ipc_mode.is_some() {
        add(ECS, "pid-ipc-namespace-sharing");
    }
    if definition.cpu.is_some() || definition.memory.is_some() {
        add(ECS, "task-cpu-mem-limit");
    }
    if definition.cpu.as_deref().and_then(|c| c.parse::<u32>().ok()).is_some_and(|c| c > INCREASED_CPU) {
        add(ECS, "increased-task-cpu-limit");
    }
    for volume in definition.volumes.iter().flatten() {
        if let Some(docker) = &volume.docker_volume_configuration {
            add(ECS, &format!("docker-plugin.{}", docker.driver.as_deref().unwrap_or("local")));
        }
        // Hosts with such file systems are AWS's: the definition is kept, and placement says why it fits nowhere.
        if let Some(efs) = &volume.efs_volume_configuration {
            add(ECS, if efs.authorization_config.is_some() { "efsAuth" } else { "efs" });
        }
        if volume.fsx_windows_file_server_volume_configuration.is_some() {
            add(ECS, "fsxWindowsFileServer");
        }
    }
}

fn of_container(container: &ContainerDefinition, has_role: bool, registry_host: &str, names: &mut BTreeSet<String>) {
    let mut add = |prefix: &str, name: &str| names.insert(format!("{prefix}{name}"));
    if is_ecr_image(container.image.as_deref().unwrap_or_default(), registry_host) {
        add(COM, "ecr-auth");
        if has_role {
            add(ECS, "execution-role-ecr-pull");
        }
    }
    if container.health_check.is_some() {
        add(ECS, "container-health-check");
        add(COM, "docker-remote-api.1.24");
    }
    let ordered = container.depends_on.as_ref().is_some_and(|d| !d.is_empty());
    if ordered || container.start_timeout.is_some() || container.stop_timeout.is_some() {
        add(ECS, "container-ordering");
    }
    if container.privileged == Some(true) {
        add(COM, "privileged-container");
    }
    if container.memory_reservation.is_some() {
        add(COM, "docker-remote-api.1.21");
    }
    if container.repository_credentials.is_some() {
        add(ECS, "private-registry-authentication.secretsmanager");
    }
    if container.environment_files.as_ref().is_some_and(|f| !f.is_empty()) {
        add(ECS, "env-files.s3");
    }
    if container.restart_policy.as_ref().is_some_and(|p| p.enabled == Some(true)) {
        add(ECS, "container-restart-policy");
    }
    if container.port_mappings.iter().flatten().any(|m| m.container_port_range.is_some()) {
        add(ECS, "network.container-port-range");
    }
    if let Some(kind) = container.firelens_configuration.as_ref().and_then(|f| f.r#type.as_deref()) {
        add(ECS, &format!("firelens.{kind}"));
    }
    for secret in container.secrets.iter().flatten() {
        let manager = secret.value_from.as_deref().is_some_and(SecretReference::is_secret);
        add(ECS, if manager { "secrets.asm.environment-variables" } else { "secrets.ssm.environment-variables" });
    }
    of_logging(container, has_role, names);
    of_linux(container, names);
}

fn of_logging(container: &ContainerDefinition, has_role: bool, names: &mut BTreeSet<String>) {
    let mut add = |prefix: &str, name: &str| names.insert(format!("{prefix}{name}"));
    let Some(log) = &container.log_configuration else { return };
    let driver = log.log_driver.as_deref().unwrap_or_default();
    add(COM, &format!("logging-driver.{driver}"));
    add(COM, if log.options.is_some() { "docker-remote-api.1.19" } else { "docker-remote-api.1.18" });
    if driver == "awslogs" && has_role {
        add(ECS, "execution-role-awslogs");
    }
    for secret in log.secret_options.iter().flatten() {
        let manager = secret.value_from.as_deref().is_some_and(SecretReference::is_secret);
        add(ECS, if manager { "secrets.asm.bootstrap.log-driver" } else { "secrets.ssm.bootstrap.log-driver" });
    }
}

fn of_linux(container: &ContainerDefinition, names: &mut BTreeSet<String>) {
    let mut add = |name: &str| names.insert(format!("{COM}{name}"));
    let Some(linux) = &container.linux_parameters else { return };
    if linux.shared_memory_size.is_some() || linux.tmpfs.as_ref().is_some_and(|t| !t.is_empty()) {
        add("docker-remote-api.1.22");
    }
    if linux.init_process_enabled == Some(true) {
        add("docker-remote-api.1.25");
    }
}

/// Images of our own registry and of AWS's take credentials of ECR.
fn is_ecr_image(image: &str, registry_host: &str) -> bool {
    let host = image.split('/').next().unwrap_or_default();
    image.contains('/') && (host == registry_host || (host.contains(".dkr.ecr.") && host.contains(".amazonaws.com")))
}
