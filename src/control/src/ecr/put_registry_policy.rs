//! PutRegistryPolicy (ECR API reference).

use gantry_wire::shapes::ecr::{PutRegistryPolicyRequest, PutRegistryPolicyResponse};

use super::{policies, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers PutRegistryPolicy; the policy takes the place of the one before.
///
/// # Errors
/// InvalidParameterException for a text that is no policy.
pub(super) async fn put_registry_policy(
    call: Call,
    input: PutRegistryPolicyRequest,
) -> Result<PutRegistryPolicyResponse, Failure> {
    let text = resolve::required("policyText", input.policy_text)?;
    policies::check("registry", "PolicyText", &text)?;
    let policy = text.clone();
    call.control
        .registry
        .update_registry_settings(&call.scope, move |registry| {
            registry.policy = Some(policy);
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(PutRegistryPolicyResponse { registry_id: view::registry_id(&call), policy_text: Some(text) })
}
