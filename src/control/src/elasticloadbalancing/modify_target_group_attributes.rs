//! ModifyTargetGroupAttributes (Elastic Load Balancing API reference): those that are given; the others stay.

use gantry_model::load_balancing::check_attribute;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{ModifyTargetGroupAttributesInput, ModifyTargetGroupAttributesOutput};

use super::describe_target_group_attributes::view;
use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers ModifyTargetGroupAttributes.
///
/// # Errors
/// TargetGroupNotFoundException, ValidationException for an attribute that is none, or is not for this target group.
pub(super) async fn modify_target_group_attributes(
    call: Call,
    input: ModifyTargetGroupAttributesInput,
) -> Result<ModifyTargetGroupAttributesOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let arn = input.target_group_arn.as_deref().unwrap_or_default();
                let mut changed = resolve::target_group(tx, &call, arn).await?;
                for attribute in input.attributes.unwrap_or_default() {
                    let (key, value) = (attribute.key.unwrap_or_default(), attribute.value.unwrap_or_default());
                    check_attribute(changed.known_attributes(), &key, &value).map_err(ApiError::validation)?;
                    changed.attributes.insert(key, value);
                }
                record::put_target_group(tx, &changed).await?;
                Ok(ModifyTargetGroupAttributesOutput { attributes: Some(view(&changed)) })
            })
        })
        .await
}
