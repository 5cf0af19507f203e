//! UntagResource (ECS API reference): takes tags off; keys that are not there are passed over.

use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{UntagResourceRequest, UntagResourceResponse};

use crate::context::Call;
use crate::ecs::tagged::{self, Tagged};
use crate::error::Failure;

/// Answers UntagResource.
///
/// # Errors
/// ClusterNotFoundException, ResourceNotFoundException; InvalidParameterException for an ARN of a wrong form or a key that
/// is AWS's own.
pub async fn untag_resource(call: Call, input: UntagResourceRequest) -> Result<UntagResourceResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { untag(tx, &call, &input).await })).await
}

async fn untag(tx: &mut Tx, call: &Call, input: &UntagResourceRequest) -> Result<UntagResourceResponse, Failure> {
    let text = input.resource_arn.as_deref().unwrap_or_default();
    let keys = input.tag_keys.as_deref().unwrap_or_default();
    if keys.iter().any(|key| gantry_model::tag::is_reserved(key)) {
        return Err(ApiError::invalid_parameter("tagKeys: keys that start with aws: are reserved.").into());
    }
    let mut resource = Tagged::load(tx, &call.scope, text).await?.ok_or_else(|| tagged::not_found(text))?;
    let left: Vec<_> = resource.tags().iter().filter(|t| !keys.contains(&t.key)).cloned().collect();
    if left.len() != resource.tags().len() {
        resource.write(tx, left).await?;
    }
    Ok(UntagResourceResponse {})
}
