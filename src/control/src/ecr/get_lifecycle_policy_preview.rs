//! GetLifecyclePolicyPreview (ECR API reference): what the previewed policy would do, as the repository is now.

use gantry_model::lifecycle::{Action, Applied};
use gantry_registry::Due;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{
    GetLifecyclePolicyPreviewRequest, GetLifecyclePolicyPreviewResponse, LifecyclePolicyPreviewResult,
    LifecyclePolicyPreviewSummary, LifecyclePolicyRuleAction, TransitioningImageTotalCount,
};

use super::image_filter::ImageFilter;
use super::{failures, lifecycle, pages, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers GetLifecyclePolicyPreview, the oldest images first. The summary counts all that it would act on.
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
    let due = call.control.registry.due(&call.scope, &name, &policy).await;
    let due = due.map_err(|error| failures::of_image(error, &call.scope, &name))?;
    let shown = shown(&input, &due)?;
    let (page, next_token) = pages::by_place(&shown, input.next_token.as_deref(), input.max_results)?;
    Ok(GetLifecyclePolicyPreviewResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(name.to_string()),
        lifecycle_policy_text: Some(text),
        status: Some("COMPLETE".to_owned()),
        next_token,
        preview_results: Some(page.iter().map(|due| result(due)).collect()),
        summary: Some(summary(&due)),
    })
}

fn summary(due: &[Due]) -> LifecyclePolicyPreviewSummary {
    let count = |action| i32::try_from(due.iter().filter(|d| d.applied.action == action).count()).unwrap_or(i32::MAX);
    let to_archive = count(Action::Transition);
    let transitioning = TransitioningImageTotalCount {
        target_storage_class: Some("ARCHIVE".to_owned()),
        image_total_count: Some(to_archive),
    };
    LifecyclePolicyPreviewSummary {
        expiring_image_total_count: Some(count(Action::Expire)),
        transitioning_image_total_counts: Some((to_archive > 0).then_some(transitioning).into_iter().collect()),
    }
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
fn shown<'a>(input: &GetLifecyclePolicyPreviewRequest, due: &'a [Due]) -> Result<Vec<&'a Due>, ApiError> {
    let filter = input.filter.clone().unwrap_or_default();
    let filter = ImageFilter::new(filter.tag_status.as_deref(), Some("ANY"));
    let mut shown: Vec<&Due> = due.iter().filter(|due| filter.shows(&due.image)).collect();
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

fn result(Due { image, applied: Applied { action, rule_priority } }: &Due) -> LifecyclePolicyPreviewResult {
    let (action, target) = match action {
        Action::Expire => ("EXPIRE", None),
        Action::Transition => ("TRANSITION", Some("ARCHIVE".to_owned())),
    };
    let class = if image.archived_at.is_some() { "ARCHIVE" } else { "STANDARD" };
    LifecyclePolicyPreviewResult {
        image_tags: Some(image.tags.iter().map(ToString::to_string).collect()),
        image_digest: Some(image.digest.to_string()),
        image_pushed_at: Some(image.pushed_at.into()),
        action: Some(LifecyclePolicyRuleAction { r#type: Some(action.to_owned()), target_storage_class: target }),
        applied_rule_priority: i32::try_from(*rule_priority).ok(),
        storage_class: Some(class.to_owned()),
    }
}
