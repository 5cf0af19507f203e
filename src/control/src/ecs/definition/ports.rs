//! Port mappings by network mode.

use std::collections::BTreeSet;

use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{ContainerDefinition, PortMapping};

const MOST_RANGES: usize = 100;

fn refuse(name: &str, text: &str) -> ApiError {
    ApiError::client(format!("Invalid port mapping of container '{name}'. {text}"))
}

/// Checks the mappings of one container.
///
/// # Errors
/// ClientException.
pub(super) fn check(name: &str, container: &ContainerDefinition, mode: Option<&str>) -> Result<(), ApiError> {
    let mappings = container.port_mappings.as_deref().unwrap_or_default();
    if mode == Some("none") && !mappings.is_empty() {
        return Err(ApiError::client("When networkMode=none, port mappings are not supported."));
    }
    for mapping in mappings {
        check_one(name, mapping, mode)?;
    }
    if mappings.iter().filter(|m| m.container_port_range.is_some()).count() > MOST_RANGES {
        return Err(refuse(name, "At most 100 port ranges are allowed."));
    }
    check_overlap(name, mappings)
}

fn check_one(name: &str, mapping: &PortMapping, mode: Option<&str>) -> Result<(), ApiError> {
    let in_range = |port: Option<i32>, least| port.is_none_or(|p| (least..=65_535).contains(&p));
    if !in_range(mapping.container_port, 1) || !in_range(mapping.host_port, 0) {
        return Err(refuse(name, "Ports must be between 1 and 65535; a hostPort may also be 0."));
    }
    match (mapping.container_port, mapping.container_port_range.as_deref()) {
        (None, None) => return Err(refuse(name, "A containerPort or a containerPortRange is needed.")),
        (Some(_), Some(_)) => return Err(refuse(name, "containerPort and containerPortRange exclude each other.")),
        (None, Some(range)) => check_range(name, mapping, range, mode)?,
        (Some(_), None) => {}
    }
    let Some(port_name) = mapping.name.as_deref() else { return Ok(()) };
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if port_name.is_empty() || port_name.len() > 64 || port_name.starts_with('-') || !port_name.chars().all(allowed) {
        return Err(refuse(
            name,
            "A name has up to 64 lower-case letters, numbers, hyphens and underscores and does not begin with a hyphen.",
        ));
    }
    Ok(())
}

fn check_range(name: &str, mapping: &PortMapping, range: &str, mode: Option<&str>) -> Result<(), ApiError> {
    if mode == Some("host") {
        return Err(refuse(name, "containerPortRange needs networkMode bridge or awsvpc."));
    }
    if mapping.host_port.is_some() {
        return Err(refuse(name, "A hostPort cannot stand beside a containerPortRange."));
    }
    range_of(range).map(drop).ok_or_else(|| refuse(name, &format!("'{range}' is not a range such as 8000-8010.")))
}

/// First and last port of `8000-8010`.
fn range_of(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first > 0 && first <= last).then_some((first, last))
}

fn check_overlap(name: &str, mappings: &[PortMapping]) -> Result<(), ApiError> {
    let mut taken: Vec<(bool, u16, u16)> = Vec::with_capacity(mappings.len());
    for mapping in mappings {
        let single = mapping.container_port.and_then(|p| u16::try_from(p).ok()).map(|p| (p, p));
        let Some((first, last)) = single.or_else(|| mapping.container_port_range.as_deref().and_then(range_of)) else {
            continue;
        };
        let udp = mapping.protocol.as_deref() == Some("udp");
        // A port may be published on several host ports; ranges may not overlap with anything.
        let ranged = mapping.container_port_range.is_some();
        if taken.iter().any(|&(u, f, l)| u == udp && first <= l && f <= last && (ranged || f != l)) {
            return Err(refuse(name, "Port ranges must not overlap."));
        }
        taken.push((udp, first, last));
    }
    Ok(())
}

/// Checks that no two mappings of the task share a name.
///
/// # Errors
/// ClientException.
pub(super) fn check_names(containers: &[ContainerDefinition]) -> Result<(), ApiError> {
    let mut names = BTreeSet::new();
    let mappings = containers.iter().flat_map(|c| c.port_mappings.iter().flatten());
    match mappings.filter_map(|m| m.name.as_deref()).find(|name| !names.insert(*name)) {
        Some(twice) => Err(ApiError::client(format!("Port mapping names must be unique: '{twice}' is used twice."))),
        None => Ok(()),
    }
}

/// Fills in protocol and host port: the container's own port where the mode shares the network, 0 for "any" where not.
///
/// # Errors
/// ClientException when a host port is given that the mode cannot have.
pub(super) fn fill_in(mapping: &mut PortMapping, mode: Option<&str>, name: &str) -> Result<(), ApiError> {
    mapping.protocol.get_or_insert_with(|| "tcp".to_owned());
    let Some(port) = mapping.container_port else { return Ok(()) };
    let shared = matches!(mode, Some("awsvpc" | "host"));
    if !shared {
        mapping.host_port.get_or_insert(0);
        return Ok(());
    }
    if mapping.host_port.is_some_and(|host| host != port && host != 0) {
        return Err(refuse(
            name,
            &format!(
                "When networkMode={}, the host ports and container ports in port mappings must match.",
                mode.unwrap_or_default()
            ),
        ));
    }
    mapping.host_port = Some(port);
    Ok(())
}
