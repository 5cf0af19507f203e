//! GetRepositoryPolicy (ECR API reference).

use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{GetRepositoryPolicyRequest, GetRepositoryPolicyResponse};

use super::{resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers GetRepositoryPolicy: the text as it was given.
///
/// # Errors
/// RepositoryNotFoundException; RepositoryPolicyNotFoundException.
pub(super) async fn get_repository_policy(
    call: Call,
    input: GetRepositoryPolicyRequest,
) -> Result<GetRepositoryPolicyResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let repository = call.control.registry.repository(&call.scope, &name).await?;
    let not_found = || ApiError::repository_policy_not_found(name.as_str(), call.scope.account.as_str());
    let text = repository.policy.ok_or_else(not_found)?;
    Ok(GetRepositoryPolicyResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(name.to_string()),
        policy_text: Some(text),
    })
}
