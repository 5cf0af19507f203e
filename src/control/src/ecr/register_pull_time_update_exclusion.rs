//! RegisterPullTimeUpdateExclusion (ECR API reference).

use std::collections::btree_map::Entry;

use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{RegisterPullTimeUpdateExclusionRequest, RegisterPullTimeUpdateExclusionResponse};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// The most principals of a registry.
const MOST: usize = 100;

/// Answers RegisterPullTimeUpdateExclusion: from here on pulls by the principal leave the time of the last pull alone.
///
/// # Errors
/// ExclusionAlreadyExistsException, LimitExceededException.
pub(super) async fn register_pull_time_update_exclusion(
    call: Call,
    input: RegisterPullTimeUpdateExclusionRequest,
) -> Result<RegisterPullTimeUpdateExclusionResponse, Failure> {
    let principal = resolve::required("principalArn", input.principal_arn)?;
    let (arn, now) = (principal.clone(), call.now);
    call.control
        .registry
        .update_registry_settings(&call.scope, move |registry| {
            let exclusions = &mut registry.pull_time_exclusions;
            let is_full = exclusions.len() >= MOST;
            match exclusions.entry(arn) {
                Entry::Occupied(place) => Err(Failure::from(exists(place.key()))),
                Entry::Vacant(_) if is_full => {
                    Err(ApiError::limit_exceeded(format!("A registry can exclude at most {MOST} principals")).into())
                }
                Entry::Vacant(place) => {
                    place.insert(now);
                    Ok(())
                }
            }
        })
        .await?;
    Ok(RegisterPullTimeUpdateExclusionResponse { principal_arn: Some(principal), created_at: Some(now.into()) })
}

fn exists(principal: &str) -> ApiError {
    ApiError::new("ExclusionAlreadyExistsException", format!("The principal '{principal}' is excluded already"))
}
