//! UntagResource (EventBridge API reference): takes tags off a rule.

use gantry_store::Tx;
use gantry_wire::shapes::events::{UntagResourceRequest, UntagResourceResponse};

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers UntagResource. Keys that the rule does not have are off it already.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn untag_resource(call: Call, input: UntagResourceRequest) -> Result<UntagResourceResponse, Failure> {
    let (arn, keys) = (input.resource_arn.unwrap_or_default(), input.tag_keys.unwrap_or_default());
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut rule = resolve::tagged(tx, &call, &arn).await?.rule;
                rule.tags.retain(|tag| !keys.contains(&tag.key));
                record::put(tx, &rule).await?;
                Ok(UntagResourceResponse {})
            })
        })
        .await
}
