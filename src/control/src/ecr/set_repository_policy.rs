//! SetRepositoryPolicy (ECR API reference).

use gantry_wire::shapes::ecr::{SetRepositoryPolicyRequest, SetRepositoryPolicyResponse};

use super::{policies, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers SetRepositoryPolicy; the policy takes the place of the one before. `force` changes nothing: an administrator
/// cannot lock itself out.
///
/// # Errors
/// RepositoryNotFoundException; InvalidParameterException for a text that is no policy.
pub(super) async fn set_repository_policy(
    call: Call,
    input: SetRepositoryPolicyRequest,
) -> Result<SetRepositoryPolicyResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    call.control.registry.repository(&call.scope, &name).await?;
    let text = resolve::required("policyText", input.policy_text)?;
    policies::check("repository", "PolicyText", &text)?;
    let policy = text.clone();
    call.control
        .registry
        .update_repository(&call.scope, &name, move |repository| {
            repository.policy = Some(policy);
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(SetRepositoryPolicyResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(name.to_string()),
        policy_text: Some(text),
    })
}
