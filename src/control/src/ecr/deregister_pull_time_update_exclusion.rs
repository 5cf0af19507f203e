//! DeregisterPullTimeUpdateExclusion (ECR API reference).

use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{DeregisterPullTimeUpdateExclusionRequest, DeregisterPullTimeUpdateExclusionResponse};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers DeregisterPullTimeUpdateExclusion.
///
/// # Errors
/// ExclusionNotFoundException.
pub(super) async fn deregister_pull_time_update_exclusion(
    call: Call,
    input: DeregisterPullTimeUpdateExclusionRequest,
) -> Result<DeregisterPullTimeUpdateExclusionResponse, Failure> {
    let principal = resolve::required("principalArn", input.principal_arn)?;
    let arn = principal.clone();
    call.control
        .registry
        .update_registry_settings(&call.scope, move |registry| {
            registry.pull_time_exclusions.remove(&arn).map(drop).ok_or_else(|| Failure::from(not_found(&arn)))
        })
        .await?;
    Ok(DeregisterPullTimeUpdateExclusionResponse { principal_arn: Some(principal) })
}

fn not_found(principal: &str) -> ApiError {
    ApiError::new("ExclusionNotFoundException", format!("The principal '{principal}' is not excluded"))
}
