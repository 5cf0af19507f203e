//! GetRegistryPolicy (ECR API reference).

use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{GetRegistryPolicyRequest, GetRegistryPolicyResponse};

use super::view;
use crate::context::Call;
use crate::error::Failure;

/// Answers GetRegistryPolicy: the text as it was given.
///
/// # Errors
/// RegistryPolicyNotFoundException.
pub(super) async fn get_registry_policy(
    call: Call,
    _: GetRegistryPolicyRequest,
) -> Result<GetRegistryPolicyResponse, Failure> {
    let policy = call.control.registry.registry_settings(&call.scope).await?.policy;
    let text = policy.ok_or_else(|| ApiError::registry_policy_not_found(call.scope.account.as_str()))?;
    Ok(GetRegistryPolicyResponse { registry_id: view::registry_id(&call), policy_text: Some(text) })
}
