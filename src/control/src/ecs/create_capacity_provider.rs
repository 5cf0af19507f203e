//! CreateCapacityProvider: names a pool of hosts (ECS API reference, `CreateCapacityProvider`).
//!
//! The Auto Scaling group is kept as it was given: hosts come into the pool by their attribute, and nothing but their
//! owner makes or ends one.

use gantry_model::capacity_provider::{CapacityProvider, ManagedScaling};
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{
    CreateCapacityProviderRequest, CreateCapacityProviderResponse, ManagedScaling as WireScaling,
};

use crate::context::Call;
use crate::ecs::{launch, record, view};
use crate::error::Failure;

/// Answers CreateCapacityProvider.
///
/// # Errors
/// InvalidParameterException for a name of a wrong form, that is taken or reserved, and for scaling out of bounds;
/// UnsupportedFeatureException for managed instances.
pub async fn create_capacity_provider(
    call: Call,
    input: CreateCapacityProviderRequest,
) -> Result<CreateCapacityProviderResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { create(tx, &call, &input).await })).await
}

async fn create(
    tx: &mut Tx,
    call: &Call,
    input: &CreateCapacityProviderRequest,
) -> Result<CreateCapacityProviderResponse, Failure> {
    if input.managed_instances_provider.is_some() || input.cluster.is_some() {
        return Err(
            ApiError::unsupported_feature("managedInstancesProvider is AWS's own: there is no EC2 here.").into()
        );
    }
    let name = input.name.clone().unwrap_or_default();
    check_name(&name)?;
    if gantry_store::capacity_provider::get(tx, &call.scope, &name).await?.is_some() {
        let text = format!("The specified capacity provider already exists: '{name}'.");
        return Err(ApiError::invalid_parameter(text).into());
    }
    let Some(group) = &input.auto_scaling_group_provider else {
        return Err(ApiError::invalid_parameter("autoScalingGroupProvider is required.").into());
    };
    let provider = CapacityProvider {
        scope: call.scope.clone(),
        name,
        auto_scaling_group_arn: group.auto_scaling_group_arn.clone().unwrap_or_default(),
        managed_scaling: group.managed_scaling.as_ref().map(|s| scaling(s, ManagedScaling::default())).transpose()?,
        managed_termination_protection: is_on(group.managed_termination_protection.as_deref()).unwrap_or(false),
        managed_draining: is_on(group.managed_draining.as_deref()),
        update_status: None,
        created_at: call.now,
        tags: launch::tags(input.tags.as_deref().unwrap_or_default())?,
    };
    check_protection(&provider)?;
    record::put_capacity_provider(tx, &provider).await?;
    Ok(CreateCapacityProviderResponse {
        capacity_provider: Some(view::capacity_provider::capacity_provider(&provider, true)),
    })
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let in_form =
        (1..=255).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !in_form {
        return Err(ApiError::invalid_parameter("name must be 1 to 255 letters, digits, hyphens or underscores."));
    }
    let lower = name.to_ascii_lowercase();
    if ["aws", "ecs", "fargate"].iter().any(|prefix| lower.starts_with(prefix)) {
        return Err(ApiError::invalid_parameter("name must not start with aws, ecs or fargate."));
    }
    Ok(())
}

/// Whether a switch is on; `None` when it was not given.
pub(crate) fn is_on(given: Option<&str>) -> Option<bool> {
    given.map(|value| value == "ENABLED")
}

/// Scaling as given over `base`.
///
/// # Errors
/// InvalidParameterException for a number out of bounds.
pub(crate) fn scaling(given: &WireScaling, base: ManagedScaling) -> Result<ManagedScaling, ApiError> {
    let bounded = |name: &str, given: Option<i32>, base: u32, least: u32, most: u32| match given {
        None => Ok(base),
        Some(n) => u32::try_from(n).ok().filter(|n| (least..=most).contains(n)).ok_or_else(|| {
            ApiError::invalid_parameter(format!("managedScaling.{name} must be between {least} and {most}."))
        }),
    };
    let scaling = ManagedScaling {
        enabled: is_on(given.status.as_deref()).unwrap_or(base.enabled),
        target_capacity: bounded("targetCapacity", given.target_capacity, base.target_capacity, 1, 100)?,
        minimum_scaling_step_size: bounded(
            "minimumScalingStepSize",
            given.minimum_scaling_step_size,
            base.minimum_scaling_step_size,
            1,
            10_000,
        )?,
        maximum_scaling_step_size: bounded(
            "maximumScalingStepSize",
            given.maximum_scaling_step_size,
            base.maximum_scaling_step_size,
            1,
            10_000,
        )?,
        instance_warmup_period_s: bounded(
            "instanceWarmupPeriod",
            given.instance_warmup_period,
            base.instance_warmup_period_s,
            0,
            10_000,
        )?,
    };
    if scaling.minimum_scaling_step_size > scaling.maximum_scaling_step_size {
        return Err(ApiError::invalid_parameter(
            "managedScaling.minimumScalingStepSize must not be above maximumScalingStepSize.",
        ));
    }
    Ok(scaling)
}

/// Hosts can only be protected from what scaling would do.
///
/// # Errors
/// InvalidParameterException.
pub(crate) fn check_protection(provider: &CapacityProvider) -> Result<(), ApiError> {
    let scales = provider.managed_scaling.is_some_and(|scaling| scaling.enabled);
    if provider.managed_termination_protection && !scales {
        return Err(ApiError::invalid_parameter(
            "The managed termination protection setting for the capacity provider is invalid. To enable managed \
             termination protection for a capacity provider, enable managed scaling.",
        ));
    }
    Ok(())
}
