//! TagResource (EventBridge API reference): puts tags on a rule.

use gantry_store::Tx;
use gantry_wire::shapes::events::{TagResourceRequest, TagResourceResponse};

use super::{record, resolve, tags};
use crate::context::Call;
use crate::error::Failure;

/// Answers TagResource.
///
/// # Errors
/// ResourceNotFoundException, LimitExceededException, ValidationException.
pub(super) async fn tag_resource(call: Call, input: TagResourceRequest) -> Result<TagResourceResponse, Failure> {
    let given = tags::read(input.tags)?;
    let arn = input.resource_arn.unwrap_or_default();
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut rule = resolve::tagged(tx, &call, &arn).await?.rule;
                tags::add(&mut rule.tags, given)?;
                record::put(tx, &rule).await?;
                Ok(TagResourceResponse {})
            })
        })
        .await
}
