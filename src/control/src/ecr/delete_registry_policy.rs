//! DeleteRegistryPolicy (ECR API reference).

use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{DeleteRegistryPolicyRequest, DeleteRegistryPolicyResponse};

use super::view;
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteRegistryPolicy with what the policy was.
///
/// # Errors
/// RegistryPolicyNotFoundException.
pub(super) async fn delete_registry_policy(
    call: Call,
    _: DeleteRegistryPolicyRequest,
) -> Result<DeleteRegistryPolicyResponse, Failure> {
    let not_found = ApiError::registry_policy_not_found(call.scope.account.as_str());
    let text = call
        .control
        .registry
        .update_registry_settings(&call.scope, move |registry| {
            registry.policy.take().ok_or_else(|| Failure::from(not_found))
        })
        .await?;
    Ok(DeleteRegistryPolicyResponse { registry_id: view::registry_id(&call), policy_text: Some(text) })
}
