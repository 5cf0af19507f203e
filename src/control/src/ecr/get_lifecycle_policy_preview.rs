//! GetLifecyclePolicyPreview (ECR API reference): what the previewed policy would expire, as the repository is now.

use gantry_registry::Expiring;
use gantry_wire::shapes::ecr::{
    GetLifecyclePolicyPreviewRequest, GetLifecyclePolicyPreviewResponse, LifecyclePolicyPreviewResult,
    LifecyclePolicyPreviewSummary, LifecyclePolicyRuleAction,
};
use gantry_wire::{ApiError, paginate};

use super::describe_repositories::page_size;
use super::image_filter::ImageFilter;
use super::{failures, lifecycle, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers GetLifecyclePolicyPreview, the oldest images first. The summary counts all that would expire.
///
/// # Errors
/// RepositoryNotFoundException; LifecyclePolicyPreviewNotFoundException when none was started; InvalidParameterException.
pub(super) async fn get_lifecycle_policy_preview(
    call: Call,
    input: GetLifecyclePolicyPreviewRequest,
) -> Result<GetLifecyclePolicyPreviewResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let repository = call.control.registry.repository(&call.scope, &name).await?;
    let text = repository.lifecycle_preview.ok_or_else(|| not_found(&call, name.as_str()))?;
    let policy = lifecycle::parse(&text)?;
    let expiring = call.control.registry.expiring(&call.scope, &name, &policy).await;
    let expiring = expiring.map_err(|error| failures::of_image(error, &call.scope, &name))?;
    let total = i32::try_from(expiring.len()).unwrap_or(i32::MAX);
    let shown = shown(&input, &expiring)?;
    let (page, next_token) = page(&input, &shown)?;
    Ok(GetLifecyclePolicyPreviewResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(name.to_string()),
        lifecycle_policy_text: Some(text),
        status: Some("COMPLETE".to_owned()),
        next_token,
        preview_results: Some(page.iter().map(|expiring| result(expiring)).collect()),
        summary: Some(LifecyclePolicyPreviewSummary {
            expiring_image_total_count: Some(total),
            transitioning_image_total_counts: Some(Vec::new()),
        }),
    })
}

fn not_found(call: &Call, name: &str) -> ApiError {
    ApiError::new(
        "LifecyclePolicyPreviewNotFoundException",
        format!(
            "Lifecycle policy preview does not exist for the repository with name '{name}' in the registry with id '{}'",
            call.scope.account
        ),
    )
}

/// Those that the filter and the ids leave.
fn shown<'a>(
    input: &GetLifecyclePolicyPreviewRequest,
    expiring: &'a [Expiring],
) -> Result<Vec<&'a Expiring>, ApiError> {
    let filter = input.filter.clone().unwrap_or_default();
    let filter = ImageFilter::new(filter.tag_status.as_deref(), None);
    let mut shown: Vec<&Expiring> = expiring.iter().filter(|e| filter.shows(!e.image.tags.is_empty())).collect();
    if let Some(ids) = &input.image_ids {
        let ids = ids.iter().map(resolve::image_id).collect::<Result<Vec<_>, _>>();
        let ids = ids.map_err(|failure| ApiError::constraint("imageIds", &failure.reason))?;
        shown.retain(|e| {
            ids.iter().any(|id| {
                id.digest.as_ref().is_none_or(|digest| *digest == e.image.digest)
                    && id.tag.as_ref().is_none_or(|tag| e.image.tags.contains(tag))
            })
        });
    }
    Ok(shown)
}

fn page<'a>(
    input: &GetLifecyclePolicyPreviewRequest,
    shown: &[&'a Expiring],
) -> Result<(Vec<&'a Expiring>, Option<String>), ApiError> {
    let from: usize = match input.next_token.as_deref() {
        None => 0,
        Some(token) => paginate::decode(token)?.parse().map_err(|_| ApiError::invalid_token())?,
    };
    let max = page_size(input.max_results);
    let page: Vec<&Expiring> = shown.iter().skip(from).take(max).copied().collect();
    let next = from + page.len();
    Ok((page, (next < shown.len()).then(|| paginate::encode(&next.to_string()))))
}

fn result(Expiring { image, rule_priority }: &Expiring) -> LifecyclePolicyPreviewResult {
    LifecyclePolicyPreviewResult {
        image_tags: Some(image.tags.iter().map(ToString::to_string).collect()),
        image_digest: Some(image.digest.to_string()),
        image_pushed_at: Some(image.pushed_at.into()),
        action: Some(LifecyclePolicyRuleAction { r#type: Some("EXPIRE".to_owned()), target_storage_class: None }),
        applied_rule_priority: i32::try_from(*rule_priority).ok(),
        storage_class: Some("STANDARD".to_owned()),
    }
}
