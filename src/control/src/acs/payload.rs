//! From a task and its definition to what its agent is told: pure.
//!
//! What the task's overrides change is already in the containers, so an agent needs to know nothing of overrides.
//! Docker's own part of a container is written as Docker's JSON ([`docker`]).

use gantry_model::secret::reference::SecretReference;
use gantry_model::task::{DesiredStatus, Task};
use gantry_model::{Arn, Resource};
use gantry_wire::acs_task::{
    AcsContainer, AcsDependency, AcsDockerVolume, AcsEnvironmentFile, AcsHostVolume, AcsMountPoint, AcsPortMapping,
    AcsRestartPolicy, AcsSecret, AcsTask, AcsVolume, AcsVolumeFrom, AsmAuthData, DockerConfig, EcrAuthData,
    Environment, LOG_DRIVER, RegistryAuthentication,
};
use gantry_wire::shapes::ecs::{
    ContainerDefinition, ContainerOverride, EnvironmentFile, KeyValuePair, PortMapping, Secret, TaskDefinition,
    TaskOverride, Volume,
};

mod docker;
#[cfg(test)]
mod tests;

/// The version of Docker's API that the Docker parts are written for.
const DOCKER_API: &str = "1.41";

/// A stored task that does not read as what it should be.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    #[error("the {what} of task {task} does not read")]
    Malformed {
        task: String,
        what: &'static str,
        #[source]
        source: serde_json::Error,
    },
}

/// What the agent of `task`'s host is told of it. Images at `registry_host` are pulled with a token.
///
/// # Errors
/// [`PayloadError`] when the stored overrides do not read.
pub fn task(task: &Task, definition: &TaskDefinition, registry_host: &str) -> Result<AcsTask, PayloadError> {
    let overrides = overrides(task)?;
    let containers = definition.container_definitions.iter().flatten();
    let number = |text: Option<&String>| text.and_then(|t| t.trim().parse::<i64>().ok());
    let cpu = number(overrides.cpu.as_ref().or(definition.cpu.as_ref()));
    Ok(AcsTask {
        arn: Arn::task(&task.scope, &task.cluster, &task.id).to_string(),
        family: task.task_definition.family.to_string(),
        version: task.task_definition.revision.to_string(),
        desired_status: task.told_status().as_str().to_owned(),
        task_definition_account_id: Some(task.scope.account.to_string()),
        containers: containers.map(|c| container(task, c, &overrides, registry_host)).collect(),
        volumes: definition.volumes.iter().flatten().map(volume).collect(),
        cpu: cpu.map(vcpus),
        memory: number(overrides.memory.as_ref().or(definition.memory.as_ref())),
        pid_mode: definition.pid_mode.clone(),
        ipc_mode: definition.ipc_mode.clone(),
        network_mode: Some(definition.network_mode.clone().unwrap_or_else(|| "bridge".to_owned())),
        service_name: task.service.as_ref().map(ToString::to_string),
        group: Some(task.group.clone()),
        launch_type: Some(task.launch_type.as_str().to_owned()),
        ..AcsTask::default()
    })
}

/// A task that is to stop needs no more than its name; its containers are there so that one that the agent does not know
/// any more can be reported whole.
///
pub fn stop(task: &Task) -> AcsTask {
    let named = |c: &gantry_model::task::Container| AcsContainer {
        name: c.name.clone(),
        image: c.image.clone(),
        essential: c.essential,
        ..AcsContainer::default()
    };
    AcsTask {
        arn: Arn::task(&task.scope, &task.cluster, &task.id).to_string(),
        family: task.task_definition.family.to_string(),
        version: task.task_definition.revision.to_string(),
        desired_status: DesiredStatus::Stopped.as_str().to_owned(),
        containers: task.containers.iter().map(named).collect(),
        ..AcsTask::default()
    }
}

fn overrides(task: &Task) -> Result<TaskOverride, PayloadError> {
    if task.overrides.is_null() {
        return Ok(TaskOverride::default());
    }
    serde_json::from_value(task.overrides.clone()).map_err(|source| PayloadError::Malformed {
        task: task.id.to_string(),
        what: "overrides",
        source,
    })
}

#[expect(clippy::cast_precision_loss, reason = "cpu units are far below 2^53")]
fn vcpus(units: i64) -> f64 {
    units as f64 / 1024.0
}

fn container(task: &Task, c: &ContainerDefinition, overrides: &TaskOverride, registry_host: &str) -> AcsContainer {
    let none = ContainerOverride::default();
    let over = overrides.container_overrides.iter().flatten().find(|o| o.name == c.name).unwrap_or(&none);
    let name = c.name.clone().unwrap_or_default();
    let kept = task.containers.iter().find(|k| k.name == name);
    // What the task says its image is wins: a service may have fixed the tag to a digest.
    let image = kept.map_or_else(|| c.image.clone().unwrap_or_default(), |k| k.image.clone());
    let amount = |over: Option<i32>, own: Option<i32>| i64::from(over.or(own).unwrap_or(0));
    let memory_mib = amount(over.memory, c.memory);
    let soft_mib = amount(over.memory_reservation, c.memory_reservation);
    AcsContainer {
        registry_authentication: registry_authentication(task, c, &image, registry_host),
        name,
        image,
        container_arn: kept.map(|k| {
            let resource = Resource::Container(task.cluster.clone(), task.id.clone(), k.id.clone());
            Arn::new(&task.scope, resource).to_string()
        }),
        cpu: amount(over.cpu, c.cpu),
        memory: memory_mib,
        command: over.command.clone().or_else(|| c.command.clone()).unwrap_or_default(),
        entry_point: c.entry_point.clone().unwrap_or_default(),
        environment: environment(c.environment.as_deref(), over.environment.as_deref()),
        essential: c.essential.unwrap_or(true),
        links: c.links.clone().unwrap_or_default(),
        port_mappings: c.port_mappings.iter().flatten().map(port_mapping).collect(),
        mount_points: c
            .mount_points
            .iter()
            .flatten()
            .map(|m| AcsMountPoint {
                source_volume: m.source_volume.clone().unwrap_or_default(),
                container_path: m.container_path.clone().unwrap_or_default(),
                read_only: m.read_only.unwrap_or_default(),
            })
            .collect(),
        volumes_from: c
            .volumes_from
            .iter()
            .flatten()
            .map(|v| AcsVolumeFrom {
                source_container: v.source_container.clone().unwrap_or_default(),
                read_only: v.read_only.unwrap_or_default(),
            })
            .collect(),
        docker_config: DockerConfig {
            config: Some(docker::config(c).to_string()),
            host_config: Some(docker::host_config(c, memory_mib, soft_mib).to_string()),
            version: Some(DOCKER_API.to_owned()),
        },
        health_check_type: c.health_check.as_ref().map(|_| "docker".to_owned()),
        secrets: secrets(task, c),
        depends_on: c
            .depends_on
            .iter()
            .flatten()
            .map(|d| AcsDependency {
                container_name: d.container_name.clone().unwrap_or_default(),
                condition: d.condition.clone().unwrap_or_default(),
            })
            .collect(),
        start_timeout: c.start_timeout.map(i64::from),
        stop_timeout: c.stop_timeout.map(i64::from),
        restart_policy: c.restart_policy.as_ref().map(|p| AcsRestartPolicy {
            enabled: p.enabled.unwrap_or_default(),
            ignored_exit_codes: p.ignored_exit_codes.iter().flatten().map(|&code| i64::from(code)).collect(),
            restart_attempt_period: p.restart_attempt_period.map(i64::from),
        }),
        environment_files: environment_files(c.environment_files.as_deref(), over.environment_files.as_deref()),
        firelens_configuration: c.firelens_configuration.as_ref().and_then(|f| serde_json::to_value(f).ok()),
        ..AcsContainer::default()
    }
}

/// The definition's variables with those of the override on top.
fn environment(own: Option<&[KeyValuePair]>, over: Option<&[KeyValuePair]>) -> Environment {
    let pair = |p: &KeyValuePair| Some((p.name.clone()?, p.value.clone().unwrap_or_default()));
    Environment(own.into_iter().chain(over).flatten().filter_map(pair).collect())
}

fn environment_files(own: Option<&[EnvironmentFile]>, over: Option<&[EnvironmentFile]>) -> Vec<AcsEnvironmentFile> {
    let file = |f: &EnvironmentFile| AcsEnvironmentFile {
        value: f.value.clone().unwrap_or_default(),
        kind: f.r#type.clone().unwrap_or_default(),
    };
    own.into_iter().chain(over).flatten().map(file).collect()
}

fn port_mapping(mapping: &PortMapping) -> AcsPortMapping {
    let port = |n: Option<i32>| n.and_then(|n| u16::try_from(n).ok());
    AcsPortMapping {
        container_port: port(mapping.container_port),
        host_port: port(mapping.host_port),
        protocol: mapping.protocol.clone().unwrap_or_else(|| "tcp".to_owned()),
        container_port_range: mapping.container_port_range.clone(),
    }
}

fn secrets(task: &Task, c: &ContainerDefinition) -> Vec<AcsSecret> {
    let options = c.log_configuration.iter().filter_map(|log| log.secret_options.as_ref()).flatten();
    let option = |s: &Secret| AcsSecret { target: Some(LOG_DRIVER.to_owned()), ..secret(task, s) };
    c.secrets.iter().flatten().map(|s| secret(task, s)).chain(options.map(option)).collect()
}

fn secret(task: &Task, secret: &Secret) -> AcsSecret {
    let value_from = secret.value_from.clone().unwrap_or_default();
    AcsSecret {
        name: secret.name.clone().unwrap_or_default(),
        provider: if SecretReference::is_secret(&value_from) { "asm" } else { "ssm" }.to_owned(),
        value_from,
        region: task.scope.region.to_string(),
        kind: Some("ENVIRONMENT_VARIABLE".to_owned()),
        target: None,
    }
}

fn registry_authentication(
    task: &Task,
    c: &ContainerDefinition,
    image: &str,
    registry_host: &str,
) -> Option<RegistryAuthentication> {
    let region = task.scope.region.to_string();
    if let Some(parameter) = c.repository_credentials.as_ref().and_then(|r| r.credentials_parameter.clone()) {
        return Some(RegistryAuthentication {
            kind: "asm".to_owned(),
            asm_auth_data: Some(AsmAuthData { credentials_parameter: parameter, region }),
            ecr_auth_data: None,
        });
    }
    let (host, _) = image.split_once('/')?;
    (host == registry_host).then(|| RegistryAuthentication {
        kind: "ecr".to_owned(),
        ecr_auth_data: Some(EcrAuthData {
            region,
            registry_id: task.scope.account.to_string(),
            ..EcrAuthData::default()
        }),
        asm_auth_data: None,
    })
}

fn volume(volume: &Volume) -> AcsVolume {
    let docker = volume.docker_volume_configuration.as_ref().map(|d| AcsDockerVolume {
        scope: d.scope.clone(),
        autoprovision: d.autoprovision,
        driver: d.driver.clone(),
        driver_opts: d.driver_opts.clone().unwrap_or_default(),
        labels: d.labels.clone().unwrap_or_default(),
    });
    let efs = volume.efs_volume_configuration.as_ref().and_then(|e| serde_json::to_value(e).ok());
    let kind = match (&docker, &efs) {
        (Some(_), _) => "docker",
        (None, Some(_)) => "efs",
        (None, None) => "host",
    };
    let source_path = volume.host.as_ref().and_then(|h| h.source_path.clone());
    AcsVolume {
        name: volume.name.clone().unwrap_or_default(),
        kind: kind.to_owned(),
        host: (kind == "host").then_some(AcsHostVolume { source_path }),
        docker_volume_configuration: docker,
        efs_volume_configuration: efs,
    }
}
