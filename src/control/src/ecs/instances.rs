//! Container instances as several operations look them up and answer them.

use std::collections::BTreeMap;

use gantry_model::container_instance::{ContainerInstance, InstanceStatus};
use gantry_model::resources::Resources;
use gantry_model::{Arn, ClusterName, ContainerInstanceId, Scope};
use gantry_scheduler::{ClusterState, Remaining};
use gantry_store::Conn;
use gantry_store::task::InstanceCounts;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;

use crate::ecs::resolve;
use crate::ecs::view::container_instance::{self as view, Beside};
use crate::error::Failure;

/// The container instance that `text` means in `cluster`, whatever its status.
///
/// # Errors
/// The store's.
pub async fn named(
    conn: &mut Conn,
    scope: &Scope,
    cluster: &ClusterName,
    text: &str,
) -> Result<Option<ContainerInstance>, Failure> {
    let Some(id) = resolve::container_instance_id(scope, cluster, text) else { return Ok(None) };
    let found = gantry_store::container_instance::get(conn, &id).await?;
    Ok(found.filter(|i| i.scope == *scope && i.cluster == *cluster))
}

/// The container instance that `text` means in `cluster`, unless it was deregistered.
///
/// # Errors
/// InvalidParameterException when there is none.
pub async fn registered(
    conn: &mut Conn,
    scope: &Scope,
    cluster: &ClusterName,
    text: &str,
) -> Result<ContainerInstance, Failure> {
    let found = named(conn, scope, cluster, text).await?;
    let registered = found.filter(|i| i.status != InstanceStatus::Inactive);
    Ok(registered.ok_or_else(ApiError::container_instance_not_found)?)
}

/// The ARN under which a container instance that is not there is answered as missing.
#[must_use]
pub fn missing_arn(scope: &Scope, cluster: &ClusterName, text: &str) -> String {
    match resolve::container_instance_id(scope, cluster, text) {
        Some(id) => Arn::container_instance(scope, cluster, &id).to_string(),
        None => text.to_owned(),
    }
}

/// What is known beside the instances of a scope: what their tasks hold and how many there are.
pub struct Surroundings {
    state: ClusterState,
    counts: BTreeMap<ContainerInstanceId, InstanceCounts>,
}

impl Surroundings {
    /// Loads them for `instances`, seen from `cluster`.
    ///
    /// # Errors
    /// The store's.
    pub async fn load(
        conn: &mut Conn,
        scope: &Scope,
        cluster: &ClusterName,
        instances: &[ContainerInstance],
    ) -> Result<Self, Failure> {
        let holding = gantry_store::task::holding(conn, scope).await?;
        let counts = gantry_store::task::counts_by_instance(conn, scope).await?;
        Ok(Self { state: ClusterState::new(cluster, instances, &holding), counts })
    }

    /// The instances as placement sees them.
    #[must_use]
    pub fn state(&self) -> &ClusterState {
        &self.state
    }

    /// `instance` as the API answers it.
    #[must_use]
    pub fn view(&self, instance: &ContainerInstance, with_tags: bool, with_health: bool) -> wire::ContainerInstance {
        let remaining = self.state.remaining(&instance.id).unwrap_or_else(|| nothing(instance));
        let counts = self.counts.get(&instance.id).copied().unwrap_or_default();
        view::container_instance(instance, &Beside { remaining, counts, with_tags, with_health })
    }
}

fn nothing(instance: &ContainerInstance) -> Remaining {
    Remaining {
        resources: Resources::default(),
        used_tcp: instance.reserved_tcp_ports.clone(),
        used_udp: instance.reserved_udp_ports.clone(),
        gpus: 0,
    }
}

/// One instance as the API answers it after a change.
///
/// # Errors
/// The store's.
pub async fn view_of(conn: &mut Conn, instance: &ContainerInstance) -> Result<wire::ContainerInstance, Failure> {
    let alone = std::slice::from_ref(instance);
    let surroundings = Surroundings::load(conn, &instance.scope, &instance.cluster, alone).await?;
    Ok(surroundings.view(instance, true, false))
}
