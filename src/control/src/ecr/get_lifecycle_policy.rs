//! GetLifecyclePolicy (ECR API reference).

use gantry_wire::shapes::ecr::{GetLifecyclePolicyRequest, GetLifecyclePolicyResponse};

use super::lifecycle::NEVER;
use super::{lifecycle, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers GetLifecyclePolicy: the text as it was given, and when it was last applied.
///
/// # Errors
/// RepositoryNotFoundException; LifecyclePolicyNotFoundException.
pub(super) async fn get_lifecycle_policy(
    call: Call,
    input: GetLifecyclePolicyRequest,
) -> Result<GetLifecyclePolicyResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let policy = lifecycle::of(&call, &name).await?;
    Ok(GetLifecyclePolicyResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(name.to_string()),
        lifecycle_policy_text: Some(policy.text),
        last_evaluated_at: Some(policy.last_evaluated_at.unwrap_or(NEVER).into()),
    })
}
