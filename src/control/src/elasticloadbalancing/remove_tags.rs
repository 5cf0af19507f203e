//! RemoveTags (Elastic Load Balancing API reference): takes tags from load balancers, listeners, rules and target groups.

use gantry_store::Tx;
use gantry_wire::shapes::elasticloadbalancing::{RemoveTagsInput, RemoveTagsOutput};

use super::tagged::Tagged;
use crate::context::Call;
use crate::error::Failure;

/// Answers RemoveTags.
///
/// # Errors
/// The NotFound of each kind.
pub(super) async fn remove_tags(call: Call, input: RemoveTagsInput) -> Result<RemoveTagsOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let keys = input.tag_keys.unwrap_or_default();
                for arn in input.resource_arns.unwrap_or_default() {
                    let mut found = Tagged::find(tx, &call, &arn).await?;
                    found.tags_mut().retain(|tag| !keys.contains(&tag.key));
                    found.put(tx, &call).await?;
                }
                Ok(RemoveTagsOutput {})
            })
        })
        .await
}
