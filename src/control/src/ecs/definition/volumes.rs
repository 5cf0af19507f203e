//! Volumes, and that what containers mount is there.

use std::collections::BTreeSet;

use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{ContainerDefinition, TaskDefinition, Volume};

/// Checks the volumes of the task and the mounts of its containers.
///
/// # Errors
/// ClientException.
pub(super) fn check(definition: &TaskDefinition, containers: &[ContainerDefinition]) -> Result<(), ApiError> {
    let mut names = BTreeSet::new();
    for volume in definition.volumes.iter().flatten() {
        let name = volume.name.as_deref().unwrap_or_default();
        check_volume(name, volume)?;
        if !names.insert(name) {
            return Err(ApiError::client(format!("Volume names must be unique: '{name}' is used twice.")));
        }
    }
    for container in containers {
        check_mounts(container, &names, containers)?;
    }
    Ok(())
}

fn check_volume(name: &str, volume: &Volume) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 255 || !name.chars().all(allowed) {
        return Err(ApiError::client(format!(
            "Invalid volume name '{name}': up to 255 letters, numbers, hyphens and underscores are allowed."
        )));
    }
    let kinds = [
        volume.host.is_some(),
        volume.docker_volume_configuration.is_some(),
        volume.efs_volume_configuration.is_some(),
        volume.fsx_windows_file_server_volume_configuration.is_some(),
        volume.s3files_volume_configuration.is_some(),
        volume.configured_at_launch == Some(true),
    ];
    if kinds.into_iter().filter(|&given| given).count() > 1 {
        return Err(ApiError::client(format!("The volume '{name}' must have one kind of source only.")));
    }
    if volume.s3files_volume_configuration.is_some() || volume.configured_at_launch == Some(true) {
        return Err(ApiError::client(format!(
            "The volume '{name}' is of storage that AWS alone has; use host or dockerVolumeConfiguration."
        )));
    }
    let docker = volume.docker_volume_configuration.as_ref();
    if docker.is_some_and(|d| d.autoprovision.is_some() && d.scope.as_deref() != Some("shared")) {
        return Err(ApiError::client(format!("The volume '{name}': autoprovision needs the scope shared.")));
    }
    Ok(())
}

fn check_mounts(
    container: &ContainerDefinition,
    volumes: &BTreeSet<&str>,
    containers: &[ContainerDefinition],
) -> Result<(), ApiError> {
    let name = container.name.as_deref().unwrap_or_default();
    for mount in container.mount_points.iter().flatten() {
        let source = mount.source_volume.as_deref().unwrap_or_default();
        if !volumes.contains(source) {
            return Err(ApiError::client(format!("Unknown volume '{source}'.")));
        }
        if !mount.container_path.as_deref().unwrap_or_default().starts_with('/') {
            return Err(ApiError::client(format!(
                "Invalid mount point of container '{name}': containerPath must be an absolute path."
            )));
        }
    }
    for from in container.volumes_from.iter().flatten() {
        let source = from.source_container.as_deref().unwrap_or_default();
        if source == name || !containers.iter().any(|c| c.name.as_deref() == Some(source)) {
            return Err(ApiError::client(format!(
                "Invalid volumesFrom of container '{name}': the container '{source}' is not another one of this task."
            )));
        }
    }
    Ok(())
}
