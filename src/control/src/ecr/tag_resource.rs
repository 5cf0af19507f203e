//! TagResource (ECR API reference): puts tags on a repository; a key that it has gets the new value.

use gantry_wire::shapes::ecr::{TagResourceRequest, TagResourceResponse};

use super::tags;
use crate::context::Call;
use crate::error::Failure;

/// Answers TagResource.
///
/// # Errors
/// RepositoryNotFoundException, InvalidTagParameterException, TooManyTagsException, InvalidParameterException for an ARN
/// that is not a repository's.
pub(super) async fn tag_resource(call: Call, input: TagResourceRequest) -> Result<TagResourceResponse, Failure> {
    let name = tags::resource(&call, input.resource_arn.as_deref())?;
    let tags = tags::read(input.tags.unwrap_or_default())?;
    call.control
        .registry
        .update_repository(&call.scope, &name, move |repository| {
            tags::merge(&mut repository.tags, tags).map_err(Failure::from)
        })
        .await?;
    Ok(TagResourceResponse {})
}
