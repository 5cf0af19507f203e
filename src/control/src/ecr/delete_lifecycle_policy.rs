//! DeleteLifecyclePolicy (ECR API reference).

use gantry_wire::shapes::ecr::{DeleteLifecyclePolicyRequest, DeleteLifecyclePolicyResponse};

use super::lifecycle::NEVER;
use super::{lifecycle, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteLifecyclePolicy: what the policy was.
///
/// # Errors
/// RepositoryNotFoundException; LifecyclePolicyNotFoundException.
pub(super) async fn delete_lifecycle_policy(
    call: Call,
    input: DeleteLifecyclePolicyRequest,
) -> Result<DeleteLifecyclePolicyResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let policy = lifecycle::of(&call, &name).await?;
    call.control
        .registry
        .update_repository(&call.scope, &name, |repository| {
            repository.lifecycle_policy = None;
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(DeleteLifecyclePolicyResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(name.to_string()),
        lifecycle_policy_text: Some(policy.text),
        last_evaluated_at: Some(policy.last_evaluated_at.unwrap_or(NEVER).into()),
    })
}
