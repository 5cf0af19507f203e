//! ModifyLoadBalancerAttributes (Elastic Load Balancing API reference): those that are given; the others stay.

use gantry_model::load_balancing::check_attribute;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{
    ModifyLoadBalancerAttributesInput, ModifyLoadBalancerAttributesOutput,
};

use super::describe_load_balancer_attributes::view;
use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers ModifyLoadBalancerAttributes.
///
/// # Errors
/// LoadBalancerNotFoundException, ValidationException for an attribute that is none, or is not for this load balancer.
pub(super) async fn modify_load_balancer_attributes(
    call: Call,
    input: ModifyLoadBalancerAttributesInput,
) -> Result<ModifyLoadBalancerAttributesOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let arn = input.load_balancer_arn.as_deref().unwrap_or_default();
                let mut changed = resolve::load_balancer(tx, &call, arn).await?;
                for attribute in input.attributes.unwrap_or_default() {
                    let (key, value) = (attribute.key.unwrap_or_default(), attribute.value.unwrap_or_default());
                    check_attribute(changed.known_attributes(), &key, &value).map_err(ApiError::validation)?;
                    changed.attributes.insert(key, value);
                }
                record::put_load_balancer(tx, &changed).await?;
                Ok(ModifyLoadBalancerAttributesOutput { attributes: Some(view(&changed)) })
            })
        })
        .await
}
