//! PutClusterCapacityProviders: which providers a cluster's tasks may use, and which they use when they ask for none (ECS
//! API reference, `PutClusterCapacityProviders`).

use gantry_model::cluster::Cluster;
use gantry_model::service::ServiceStatus;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{PutClusterCapacityProvidersRequest, PutClusterCapacityProvidersResponse};

use crate::context::Call;
use crate::ecs::pool_scaling::{self, PoolKey};
use crate::ecs::{capacity_providers, resolve, update_cluster};
use crate::error::Failure;

/// Answers PutClusterCapacityProviders: both lists take the place of those that the cluster had.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException for a provider that there is not, or a strategy over others;
/// ResourceInUseException when a service uses a provider that would go.
pub async fn put_cluster_capacity_providers(
    call: Call,
    input: PutClusterCapacityProvidersRequest,
) -> Result<PutClusterCapacityProvidersResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { put(tx, &call, &input).await })).await
}

async fn put(
    tx: &mut Tx,
    call: &Call,
    input: &PutClusterCapacityProvidersRequest,
) -> Result<PutClusterCapacityProvidersResponse, Failure> {
    let mut cluster = resolve::cluster(tx, &call.scope, input.cluster.as_deref()).await?;
    let before = std::mem::take(&mut cluster.capacity_providers);
    let names = input.capacity_providers.as_deref().unwrap_or_default();
    cluster.capacity_providers = capacity_providers::existing(tx, &call.scope, names).await?;
    let items = input.default_capacity_provider_strategy.as_deref().unwrap_or_default();
    cluster.default_capacity_provider_strategy = capacity_providers::default_strategy(tx, &cluster, items).await?;
    for gone in before.iter().filter(|name| !cluster.capacity_providers.contains(name)) {
        refuse_if_used(tx, &cluster, gone).await?;
        let (scope, cluster) = (cluster.scope.clone(), cluster.name.clone());
        pool_scaling::forget(tx, &PoolKey { scope, cluster, provider: gone.clone() }).await?;
    }
    Ok(PutClusterCapacityProvidersResponse { cluster: Some(update_cluster::write(tx, &cluster).await?) })
}

async fn refuse_if_used(tx: &mut Tx, cluster: &Cluster, provider: &str) -> Result<(), Failure> {
    let services = gantry_store::service::list(tx, &cluster.scope, &cluster.name).await?;
    let uses = services.iter().filter(|s| s.status == ServiceStatus::Active).find(|service| {
        let in_sets = service.task_sets.iter().flat_map(|set| &set.workload.capacity_provider_strategy);
        service.capacity_provider_strategy.iter().chain(in_sets).any(|item| item.capacity_provider == provider)
    });
    match uses {
        None => Ok(()),
        Some(service) => {
            let text = format!("The capacity provider '{provider}' is in use by the service '{}'.", service.name);
            Err(ApiError::new("ResourceInUseException", text).into())
        }
    }
}
