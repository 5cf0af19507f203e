//! DeleteCapacityProvider (ECS API reference).

use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{DeleteCapacityProviderRequest, DeleteCapacityProviderResponse};

use crate::context::Call;
use crate::ecs::{capacity_providers, record, view};
use crate::error::Failure;

/// Answers DeleteCapacityProvider. Its hosts stay what they are.
///
/// # Errors
/// ClientException for a provider that is not there or that a cluster has; InvalidParameterException for those behind
/// Fargate.
pub async fn delete_capacity_provider(
    call: Call,
    input: DeleteCapacityProviderRequest,
) -> Result<DeleteCapacityProviderResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { delete(tx, &call, &input).await })).await
}

async fn delete(
    tx: &mut Tx,
    call: &Call,
    input: &DeleteCapacityProviderRequest,
) -> Result<DeleteCapacityProviderResponse, Failure> {
    let text = input.capacity_provider.as_deref().unwrap_or_default();
    let provider = capacity_providers::changeable(tx, &call.scope, text).await?;
    let clusters = gantry_store::cluster::list(tx, &call.scope).await?;
    if let Some(cluster) = clusters.iter().find(|c| c.capacity_providers.contains(&provider.name)) {
        let text = format!(
            "The specified capacity provider '{}' is in use by the cluster '{}' and cannot be deleted.",
            provider.name, cluster.name
        );
        return Err(ApiError::client(text).into());
    }
    record::delete_capacity_provider(tx, &provider).await?;
    let mut view = view::capacity_provider::capacity_provider(&provider, true);
    view.status = Some("INACTIVE".to_owned());
    view.update_status = Some("DELETE_COMPLETE".to_owned());
    Ok(DeleteCapacityProviderResponse { capacity_provider: Some(view) })
}
