//! UntagResource (ECR API reference): takes tags from a repository; keys that it has not are no error.

use gantry_wire::shapes::ecr::{UntagResourceRequest, UntagResourceResponse};

use super::tags;
use crate::context::Call;
use crate::error::Failure;

/// Answers UntagResource.
///
/// # Errors
/// RepositoryNotFoundException, InvalidParameterException for an ARN that is not a repository's.
pub(super) async fn untag_resource(call: Call, input: UntagResourceRequest) -> Result<UntagResourceResponse, Failure> {
    let name = tags::resource(&call, input.resource_arn.as_deref())?;
    let keys = input.tag_keys.unwrap_or_default();
    call.control
        .registry
        .update_repository(&call.scope, &name, move |repository| {
            repository.tags.retain(|tag| !keys.contains(&tag.key));
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(UntagResourceResponse {})
}
