//! DeleteCluster (ECS API reference): a cluster must be empty; deleted, it is INACTIVE and stays describable.

use gantry_model::cluster::{Cluster, ClusterStatus};
use gantry_model::service::ServiceStatus;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{DeleteClusterRequest, DeleteClusterResponse};

use crate::context::Call;
use crate::ecs::pool_scaling::{self, PoolKey};
use crate::ecs::view::cluster::Include;
use crate::ecs::{record, resolve, view};
use crate::error::Failure;

/// Answers DeleteCluster. A cluster that is INACTIVE already is answered as it is.
///
/// # Errors
/// ClusterNotFoundException; ClusterContainsContainerInstancesException, ClusterContainsServicesException and
/// ClusterContainsTasksException, in this order.
pub async fn delete_cluster(call: Call, input: DeleteClusterRequest) -> Result<DeleteClusterResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { delete(tx, &call, &input).await })).await
}

async fn delete(tx: &mut Tx, call: &Call, input: &DeleteClusterRequest) -> Result<DeleteClusterResponse, Failure> {
    let name = resolve::cluster_name(&call.scope, input.cluster.as_deref())?;
    let found = gantry_store::cluster::get(tx, &call.scope, &name).await?;
    let mut cluster = found.ok_or_else(ApiError::cluster_not_found)?;
    if cluster.status == ClusterStatus::Active {
        require_empty(tx, &cluster).await?;
        cluster.status = ClusterStatus::Inactive;
        record::put_cluster(tx, &cluster).await?;
        for provider in &cluster.capacity_providers {
            let (scope, cluster) = (cluster.scope.clone(), cluster.name.clone());
            pool_scaling::forget(tx, &PoolKey { scope, cluster, provider: provider.clone() }).await?;
        }
    }
    let counts = gantry_store::cluster::counts(tx, &cluster.scope, &cluster.name).await?;
    let include = Include { settings: true, configurations: true, tags: true, statistics: None };
    Ok(DeleteClusterResponse { cluster: Some(view::cluster::cluster(&cluster, counts, &include)?) })
}

async fn require_empty(tx: &mut Tx, cluster: &Cluster) -> Result<(), Failure> {
    let counts = gantry_store::cluster::counts(tx, &cluster.scope, &cluster.name).await?;
    if counts.registered_instances > 0 {
        return Err(ApiError::cluster_contains_container_instances().into());
    }
    let services = gantry_store::service::list(tx, &cluster.scope, &cluster.name).await?;
    if services.iter().any(|s| s.status != ServiceStatus::Inactive) {
        return Err(ApiError::cluster_contains_services().into());
    }
    if !gantry_store::task::counts_by_launch_type(tx, &cluster.scope, &cluster.name).await?.is_empty() {
        return Err(ApiError::cluster_contains_tasks().into());
    }
    Ok(())
}
