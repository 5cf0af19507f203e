//! From what a caller wrote, a short name or an ARN, to the thing that is meant.
//!
//! "Inputs accept short names or ARNs everywhere" (ECS API reference, each operation's parameters). An ARN of another
//! account, region or cluster names nothing here.

use gantry_model::cluster::{Cluster, ClusterStatus};
use gantry_model::task_definition::TaskDefinition;
use gantry_model::{
    Arn, ClusterName, ContainerInstanceId, Family, Resource, Scope, ServiceName, TaskDefinitionId, TaskId,
};
use gantry_store::Conn;
use gantry_wire::ApiError;

use crate::error::Failure;

/// The cluster that is meant when none is named.
pub const DEFAULT_CLUSTER: &str = "default";

/// The name of the cluster that `text` means; `default` when it is absent.
///
/// # Errors
/// InvalidParameterException when `text` is neither a cluster's name nor its ARN; ClusterNotFoundException when it is
/// the ARN of a cluster elsewhere.
pub fn cluster_name(scope: &Scope, text: Option<&str>) -> Result<ClusterName, ApiError> {
    let text = text.unwrap_or(DEFAULT_CLUSTER);
    if !text.starts_with("arn:") {
        return ClusterName::parse(text)
            .map_err(|_| ApiError::invalid_parameter("Identifier is for a cluster is invalid: cluster"));
    }
    match text.parse::<Arn>() {
        Ok(Arn { scope: of, resource: Resource::Cluster(name) }) if of == *scope => Ok(name),
        Ok(Arn { resource: Resource::Cluster(_), .. }) => Err(ApiError::cluster_not_found()),
        _ => Err(ApiError::invalid_parameter(format!("Invalid ARN for parameter cluster: {text}"))),
    }
}

/// The ACTIVE cluster that `text` means.
///
/// # Errors
/// As [`cluster_name`]; ClusterNotFoundException when there is no such cluster or it was deleted.
pub async fn cluster(conn: &mut Conn, scope: &Scope, text: Option<&str>) -> Result<Cluster, Failure> {
    let name = cluster_name(scope, text)?;
    match gantry_store::cluster::get(conn, scope, &name).await? {
        Some(cluster) if cluster.status == ClusterStatus::Active => Ok(cluster),
        _ => Err(ApiError::cluster_not_found().into()),
    }
}

/// The name of the service that `text` means in `cluster`; `None` when it names one elsewhere or is not a name.
#[must_use]
pub fn service_name(scope: &Scope, cluster: &ClusterName, text: &str) -> Option<ServiceName> {
    if !text.starts_with("arn:") {
        return ServiceName::parse(text).ok();
    }
    match text.parse::<Arn>() {
        Ok(Arn { scope: of, resource: Resource::Service(in_cluster, name) })
            if of == *scope && in_cluster == *cluster =>
        {
            Some(name)
        }
        _ => None,
    }
}

/// The id of the task that `text` means in `cluster`; `None` when it names one elsewhere or is not an id.
#[must_use]
pub fn task_id(scope: &Scope, cluster: &ClusterName, text: &str) -> Option<TaskId> {
    if !text.starts_with("arn:") {
        return TaskId::parse(text).ok();
    }
    match text.parse::<Arn>() {
        Ok(Arn { scope: of, resource: Resource::Task(in_cluster, id) }) if of == *scope && in_cluster == *cluster => {
            Some(id)
        }
        _ => None,
    }
}

/// The id of the container instance that `text` means in `cluster`; `None` when it names one elsewhere.
#[must_use]
pub fn container_instance_id(scope: &Scope, cluster: &ClusterName, text: &str) -> Option<ContainerInstanceId> {
    if !text.starts_with("arn:") {
        return ContainerInstanceId::parse(text).ok();
    }
    match text.parse::<Arn>() {
        Ok(Arn { scope: of, resource: Resource::ContainerInstance(in_cluster, id) })
            if of == *scope && in_cluster == *cluster =>
        {
            Some(id)
        }
        _ => None,
    }
}

/// What a caller may write for a task definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskDefinitionRef {
    /// A family alone: its latest ACTIVE revision.
    Latest(Family),
    /// One revision.
    Revision(TaskDefinitionId),
}

/// Reads `family`, `family:revision` or an ARN; `None` when it is none of these or of another account or region.
#[must_use]
pub fn task_definition_ref(scope: &Scope, text: &str) -> Option<TaskDefinitionRef> {
    if text.starts_with("arn:") {
        return match text.parse::<Arn>() {
            Ok(Arn { scope: of, resource: Resource::TaskDefinition(id) }) if of == *scope => {
                Some(TaskDefinitionRef::Revision(id))
            }
            _ => None,
        };
    }
    if text.contains(':') {
        return text.parse().ok().map(TaskDefinitionRef::Revision);
    }
    Family::parse(text).ok().map(TaskDefinitionRef::Latest)
}

/// The task definition that `text` means, whatever its status; a bare family means its latest ACTIVE revision.
///
/// # Errors
/// Only the store's; an unknown one is `None`.
pub async fn task_definition(conn: &mut Conn, scope: &Scope, text: &str) -> Result<Option<TaskDefinition>, Failure> {
    Ok(match task_definition_ref(scope, text) {
        None => None,
        Some(TaskDefinitionRef::Latest(family)) => {
            gantry_store::task_definition::latest_active(conn, scope, &family).await?
        }
        Some(TaskDefinitionRef::Revision(id)) => gantry_store::task_definition::get(conn, scope, &id).await?,
    })
}
