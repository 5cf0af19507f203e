//! UpdateCapacityProvider (ECS API reference). What is omitted stays.

use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{UpdateCapacityProviderRequest, UpdateCapacityProviderResponse};

use crate::context::Call;
use crate::ecs::create_capacity_provider::{check_protection, is_on, scaling};
use crate::ecs::{capacity_providers, record, view};
use crate::error::Failure;

/// Answers UpdateCapacityProvider.
///
/// # Errors
/// ClientException for a provider that is not there; InvalidParameterException for those behind Fargate and for scaling out
/// of bounds; UnsupportedFeatureException for managed instances.
pub async fn update_capacity_provider(
    call: Call,
    input: UpdateCapacityProviderRequest,
) -> Result<UpdateCapacityProviderResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { update(tx, &call, &input).await })).await
}

async fn update(
    tx: &mut Tx,
    call: &Call,
    input: &UpdateCapacityProviderRequest,
) -> Result<UpdateCapacityProviderResponse, Failure> {
    if input.managed_instances_provider.is_some() || input.cluster.is_some() {
        return Err(
            ApiError::unsupported_feature("managedInstancesProvider is AWS's own: there is no EC2 here.").into()
        );
    }
    let name = input.name.as_deref().unwrap_or_default();
    let mut provider = capacity_providers::changeable(tx, &call.scope, name).await?;
    if let Some(group) = &input.auto_scaling_group_provider {
        if let Some(given) = &group.managed_scaling {
            provider.managed_scaling = Some(scaling(given, provider.managed_scaling.unwrap_or_default())?);
        }
        if let Some(protect) = is_on(group.managed_termination_protection.as_deref()) {
            provider.managed_termination_protection = protect;
        }
        provider.managed_draining = is_on(group.managed_draining.as_deref()).or(provider.managed_draining);
    }
    check_protection(&provider)?;
    provider.update_status = Some("UPDATE_COMPLETE".to_owned());
    record::put_capacity_provider(tx, &provider).await?;
    Ok(UpdateCapacityProviderResponse {
        capacity_provider: Some(view::capacity_provider::capacity_provider(&provider, true)),
    })
}
