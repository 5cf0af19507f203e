//! PutLifecyclePolicy (ECR API reference). It is applied within the minute, and then every hour.

use gantry_model::image::StoredLifecyclePolicy;
use gantry_wire::shapes::ecr::{PutLifecyclePolicyRequest, PutLifecyclePolicyResponse};

use super::{lifecycle, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers PutLifecyclePolicy; the policy takes the place of the one before.
///
/// # Errors
/// RepositoryNotFoundException; InvalidParameterException for a text that is no policy.
pub(super) async fn put_lifecycle_policy(
    call: Call,
    input: PutLifecyclePolicyRequest,
) -> Result<PutLifecyclePolicyResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    call.control.registry.repository(&call.scope, &name).await?;
    let text = resolve::required("lifecyclePolicyText", input.lifecycle_policy_text)?;
    lifecycle::parse(&text)?;
    let stored = StoredLifecyclePolicy { text: text.clone(), last_evaluated_at: None };
    call.control
        .registry
        .update_repository(&call.scope, &name, move |repository| {
            repository.lifecycle_policy = Some(stored);
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(PutLifecyclePolicyResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(name.to_string()),
        lifecycle_policy_text: Some(text),
    })
}
