//! ListTagsForResource (Systems Manager API reference): the tags of a parameter.

use gantry_wire::shapes::ssm::{ListTagsForResourceRequest, ListTagsForResourceResult, Tag};

use super::tags;
use crate::context::Call;
use crate::error::Failure;

/// Answers ListTagsForResource.
///
/// # Errors
/// InvalidResourceType, InvalidResourceId.
pub(super) async fn list_tags_for_resource(
    call: Call,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResult, Failure> {
    let mut reader = call.control.store.read().await?;
    let id = input.resource_id.unwrap_or_default();
    let stored = tags::tagged(&mut reader, &call, input.resource_type.as_deref(), &id).await?;
    let tag = |tag: gantry_model::Tag| Tag { key: Some(tag.key), value: Some(tag.value) };
    Ok(ListTagsForResourceResult { tag_list: Some(stored.parameter.tags.into_iter().map(tag).collect()) })
}
