//! ListTagsForResource (ECS API reference).

use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{ListTagsForResourceRequest, ListTagsForResourceResponse};

use crate::context::Call;
use crate::ecs::tagged::{self, Tagged};
use crate::ecs::view;
use crate::error::Failure;

/// Answers ListTagsForResource.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException for an ARN of a wrong form or of something that is not there (the
/// model has no ResourceNotFoundException here).
pub async fn list_tags_for_resource(
    call: Call,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, Failure> {
    let text = input.resource_arn.unwrap_or_default();
    let mut reader = call.control.store.read().await?;
    let resource = Tagged::load(&mut reader, &call.scope, &text).await?.ok_or_else(|| not_found(&text))?;
    Ok(ListTagsForResourceResponse { tags: Some(view::tags(resource.tags())) })
}

fn not_found(text: &str) -> ApiError {
    let error = tagged::not_found(text);
    if error.code == "ResourceNotFoundException" { ApiError::invalid_parameter(error.message) } else { error }
}
