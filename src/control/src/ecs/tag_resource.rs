//! TagResource (ECS API reference): adds tags; one whose key is there already is replaced.

use gantry_model::tag::merge;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{TagResourceRequest, TagResourceResponse};

use crate::context::Call;
use crate::ecs::launch;
use crate::ecs::tagged::{self, Tagged};
use crate::error::Failure;

/// Answers TagResource.
///
/// # Errors
/// ClusterNotFoundException, ResourceNotFoundException; InvalidParameterException for an ARN or tag of a wrong form, or
/// when the resource would have more than fifty.
pub async fn tag_resource(call: Call, input: TagResourceRequest) -> Result<TagResourceResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { tag(tx, &call, &input).await })).await
}

async fn tag(tx: &mut Tx, call: &Call, input: &TagResourceRequest) -> Result<TagResourceResponse, Failure> {
    let text = input.resource_arn.as_deref().unwrap_or_default();
    let given = launch::tags(input.tags.as_deref().unwrap_or_default())?;
    let mut resource = Tagged::load(tx, &call.scope, text).await?.ok_or_else(|| tagged::not_found(text))?;
    let mut tags = resource.tags().to_vec();
    if !merge(&mut tags, given) {
        return Err(ApiError::invalid_parameter("A resource can have at most 50 tags.").into());
    }
    resource.write(tx, tags).await?;
    Ok(TagResourceResponse {})
}
