//! ListTagsForResource (EventBridge API reference): the tags of a rule.

use gantry_wire::shapes::events::{ListTagsForResourceRequest, ListTagsForResourceResponse, Tag};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers ListTagsForResource.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn list_tags_for_resource(
    call: Call,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, Failure> {
    let arn = input.resource_arn.unwrap_or_default();
    let found = resolve::tagged(&mut *call.control.store.read().await?, &call, &arn).await?;
    let tag = |tag: gantry_model::Tag| Tag { key: Some(tag.key), value: Some(tag.value) };
    Ok(ListTagsForResourceResponse { tags: Some(found.rule.tags.into_iter().map(tag).collect()) })
}
