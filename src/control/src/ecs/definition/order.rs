//! The order in which containers start: dependsOn, links and volumesFrom, without cycles.

use std::collections::BTreeMap;

use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{ContainerDefinition, ContainerDependency};

/// Checks it.
///
/// # Errors
/// ClientException.
pub(super) fn check(containers: &[ContainerDefinition]) -> Result<(), ApiError> {
    for container in containers {
        for dependency in container.depends_on.iter().flatten() {
            check_dependency(container, dependency, containers)?;
        }
        for link in container.links.iter().flatten() {
            let target = link.split(':').next().unwrap_or(link);
            if other(container, target, containers).is_none() {
                return Err(refuse(container, &format!("it links to '{target}', which is not another container.")));
            }
        }
    }
    check_cycles(containers)
}

fn refuse(container: &ContainerDefinition, text: &str) -> ApiError {
    let name = container.name.as_deref().unwrap_or_default();
    ApiError::client(format!("Invalid dependency of container '{name}': {text}"))
}

fn other<'a>(
    container: &ContainerDefinition,
    name: &str,
    containers: &'a [ContainerDefinition],
) -> Option<&'a ContainerDefinition> {
    containers.iter().find(|c| c.name.as_deref() == Some(name) && c.name != container.name)
}

fn check_dependency(
    container: &ContainerDefinition,
    dependency: &ContainerDependency,
    containers: &[ContainerDefinition],
) -> Result<(), ApiError> {
    let name = dependency.container_name.as_deref().unwrap_or_default();
    let Some(target) = other(container, name, containers) else {
        return Err(refuse(container, &format!("it depends on '{name}', which is not another container.")));
    };
    match dependency.condition.as_deref() {
        Some("START") => Ok(()),
        Some("HEALTHY") if target.health_check.is_none() => {
            Err(refuse(container, &format!("the condition HEALTHY needs a healthCheck on the container '{name}'.")))
        }
        Some("HEALTHY") => Ok(()),
        Some(condition @ ("COMPLETE" | "SUCCESS")) if target.essential.unwrap_or(true) => Err(refuse(
            container,
            &format!("the condition {condition} cannot be set on the essential container '{name}'."),
        )),
        Some("COMPLETE" | "SUCCESS") => Ok(()),
        other => Err(refuse(container, &format!("'{}' is not a condition.", other.unwrap_or_default()))),
    }
}

/// Every container that must be there before the named one.
fn before(container: &ContainerDefinition) -> impl Iterator<Item = &str> {
    let depends = container.depends_on.iter().flatten().filter_map(|d| d.container_name.as_deref());
    let links = container.links.iter().flatten().map(|l| l.split(':').next().unwrap_or(l));
    let volumes = container.volumes_from.iter().flatten().filter_map(|v| v.source_container.as_deref());
    depends.chain(links).chain(volumes)
}

/// Takes away containers that wait for nothing that is left, until none is left or none can go.
fn check_cycles(containers: &[ContainerDefinition]) -> Result<(), ApiError> {
    let name = |c: &ContainerDefinition| c.name.clone().unwrap_or_default();
    let mut waiting: BTreeMap<String, Vec<String>> =
        containers.iter().map(|c| (name(c), before(c).map(str::to_owned).collect())).collect();
    while !waiting.is_empty() {
        let ready: Vec<String> = waiting
            .iter()
            .filter(|(_, needs)| !needs.iter().any(|n| waiting.contains_key(n)))
            .map(|(name, _)| name.clone())
            .collect();
        if ready.is_empty() {
            let stuck: Vec<&str> = waiting.keys().map(String::as_str).collect();
            return Err(ApiError::client(format!("Container dependencies form a cycle among: {}.", stuck.join(", "))));
        }
        for name in ready {
            waiting.remove(&name);
        }
    }
    Ok(())
}
