//! ListTagsForResource (CloudWatch Logs API reference): the tags of a log group.

use gantry_wire::shapes::logs::{ListTagsForResourceRequest, ListTagsForResourceResponse};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers ListTagsForResource.
///
/// # Errors
/// ResourceNotFoundException, InvalidParameterException.
pub(super) async fn list_tags_for_resource(
    call: Call,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, Failure> {
    let name = resolve::group_by_arn(&call, &input.resource_arn.unwrap_or_default())?;
    let mut reader = call.control.store.read().await?;
    let stored = resolve::group(&mut reader, &call.scope, &name).await?;
    Ok(ListTagsForResourceResponse { tags: Some(stored.group.tags) })
}
