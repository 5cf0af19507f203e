//! StartLifecyclePolicyPreview (ECR API reference): which policy GetLifecyclePolicyPreview answers for. Nothing is left to
//! wait for: what would expire is found out when it is asked for.

use gantry_wire::shapes::ecr::{StartLifecyclePolicyPreviewRequest, StartLifecyclePolicyPreviewResponse};

use super::{lifecycle, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers StartLifecyclePolicyPreview, of the given policy or else of the repository's own.
///
/// # Errors
/// RepositoryNotFoundException; LifecyclePolicyNotFoundException without either; InvalidParameterException for a text that
/// is no policy.
pub(super) async fn start_lifecycle_policy_preview(
    call: Call,
    input: StartLifecyclePolicyPreviewRequest,
) -> Result<StartLifecyclePolicyPreviewResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    call.control.registry.repository(&call.scope, &name).await?;
    let text = match input.lifecycle_policy_text {
        Some(text) => text,
        None => lifecycle::of(&call, &name).await?.text,
    };
    lifecycle::parse(&text)?;
    let previewed = text.clone();
    call.control
        .registry
        .update_repository(&call.scope, &name, move |repository| {
            repository.lifecycle_preview = Some(previewed);
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(StartLifecyclePolicyPreviewResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(name.to_string()),
        lifecycle_policy_text: Some(text),
        status: Some("IN_PROGRESS".to_owned()),
    })
}
