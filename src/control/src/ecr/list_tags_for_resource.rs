//! ListTagsForResource (ECR API reference).

use gantry_wire::shapes::ecr::{ListTagsForResourceRequest, ListTagsForResourceResponse, Tag};

use super::tags;
use crate::context::Call;
use crate::error::Failure;

/// Answers ListTagsForResource.
///
/// # Errors
/// RepositoryNotFoundException, InvalidParameterException for an ARN that is not a repository's.
pub(super) async fn list_tags_for_resource(
    call: Call,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, Failure> {
    let name = tags::resource(&call, input.resource_arn.as_deref())?;
    let repository = call.control.registry.repository(&call.scope, &name).await?;
    let tags = repository.tags.into_iter().map(|tag| Tag { key: Some(tag.key), value: Some(tag.value) }).collect();
    Ok(ListTagsForResourceResponse { tags: Some(tags) })
}
