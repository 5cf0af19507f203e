//! AddTags (Elastic Load Balancing API reference): puts tags on load balancers, listeners, rules and target groups.

use gantry_model::tag;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{AddTagsInput, AddTagsOutput};

use super::resolve;
use super::tagged::Tagged;
use crate::context::Call;
use crate::error::Failure;

/// Answers AddTags.
///
/// # Errors
/// The NotFound of each kind, DuplicateTagKeysException, TooManyTagsException.
pub(super) async fn add_tags(call: Call, input: AddTagsInput) -> Result<AddTagsOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let given = resolve::tags(input.tags)?;
                for arn in input.resource_arns.unwrap_or_default() {
                    let mut found = Tagged::find(tx, &call, &arn).await?;
                    if !tag::merge(found.tags_mut(), given.clone()) {
                        return Err(ApiError::too_many_load_balancing_tags().into());
                    }
                    found.put(tx, &call).await?;
                }
                Ok(AddTagsOutput {})
            })
        })
        .await
}
