//! How targets come and go, for RegisterTargets as for services.

use std::net::IpAddr;

use gantry_model::container_instance::ContainerInstance;
use gantry_model::load_balancing::{Target, TargetGroup, TargetKey, TargetState, TargetType};
use gantry_model::{Scope, TaskId};
use gantry_store::{Conn, StoreError, Tx, container_instance, target_group};
use gantry_wire::ApiError;

use super::record;
use crate::error::Failure;

/// Where a host is reached: its agent says so.
///
/// # Errors
/// InvalidTargetException when it has not.
pub(crate) fn address_of(host: &ContainerInstance) -> Result<String, ApiError> {
    host.address().map(str::to_owned).ok_or_else(|| {
        let id = &host.ec2_instance_id;
        ApiError::invalid_target(format!(
            "The agent of the instance '{id}' has not said by which address it is reached"
        ))
    })
}

/// The address and the zone of what a request calls `id` in `group`.
///
/// # Errors
/// InvalidTargetException.
pub(super) async fn locate(
    conn: &mut Conn,
    scope: &Scope,
    group: &TargetGroup,
    id: &str,
) -> Result<(String, Option<String>), Failure> {
    match group.target_type {
        TargetType::Ip => match id.parse::<IpAddr>() {
            Ok(address) => Ok((address.to_string(), None)),
            Err(_) => Err(ApiError::invalid_target(format!("The IP address '{id}' is not a valid IP address")).into()),
        },
        TargetType::Instance => {
            let all = container_instance::all(conn).await?;
            let host = all.into_iter().find(|host| host.scope == *scope && host.ec2_instance_id == id);
            let text = format!("The following targets are not container instances: '{id}'");
            let host = host.ok_or_else(|| ApiError::invalid_target(text))?;
            Ok((address_of(&host)?, host.availability_zone().map(str::to_owned)))
        }
    }
}

/// Where a target is.
pub(crate) struct Place {
    pub(crate) key: TargetKey,
    pub(crate) address: String,
    pub(crate) availability_zone: Option<String>,
    pub(crate) task: Option<TaskId>,
}

/// Registers a target. One that is registered already stays as it is; one that is let go is taken back as a new one.
///
/// # Errors
/// The store's.
pub(crate) async fn register(tx: &mut Tx, place: Place) -> Result<(), StoreError> {
    let before = target_group::target(tx, &place.key).await?;
    let stays = |target: &Target| {
        target.draining_since.is_none() && target.address == place.address && target.task == place.task
    };
    if before.as_ref().is_some_and(stays) {
        return Ok(());
    }
    let target = Target {
        key: place.key,
        address: place.address,
        availability_zone: place.availability_zone,
        task: place.task,
        registered_at: tx.now(),
        draining_since: None,
        state: TargetState::Initial,
        reason: Some("Elb.RegistrationInProgress".to_owned()),
        description: Some("Target registration is in progress".to_owned()),
    };
    record::put_target(tx, &target).await
}

/// Lets a target go: it gets nothing new, and is gone once nothing is under way to it or its group's delay is over.
///
/// # Errors
/// The store's.
pub(crate) async fn let_go(tx: &mut Tx, mut target: Target) -> Result<(), StoreError> {
    if target.draining_since.is_some() {
        return Ok(());
    }
    target.draining_since = Some(tx.now());
    record::put_target(tx, &target).await
}
