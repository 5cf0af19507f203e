//! DeleteRepositoryPolicy (ECR API reference).

use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{DeleteRepositoryPolicyRequest, DeleteRepositoryPolicyResponse};

use super::{resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteRepositoryPolicy with what the policy was.
///
/// # Errors
/// RepositoryNotFoundException; RepositoryPolicyNotFoundException.
pub(super) async fn delete_repository_policy(
    call: Call,
    input: DeleteRepositoryPolicyRequest,
) -> Result<DeleteRepositoryPolicyResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let not_found = ApiError::repository_policy_not_found(name.as_str(), call.scope.account.as_str());
    let before = call.control.registry.repository(&call.scope, &name).await?.policy;
    call.control
        .registry
        .update_repository(&call.scope, &name, move |repository| {
            repository.policy.take().map(drop).ok_or_else(|| Failure::from(not_found))
        })
        .await?;
    Ok(DeleteRepositoryPolicyResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(name.to_string()),
        policy_text: before,
    })
}
