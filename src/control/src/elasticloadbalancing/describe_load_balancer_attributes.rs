//! DescribeLoadBalancerAttributes (Elastic Load Balancing API reference): all that a load balancer has, with their values.

use gantry_model::load_balancing::LoadBalancer;
use gantry_wire::shapes::elasticloadbalancing::{
    DescribeLoadBalancerAttributesInput, DescribeLoadBalancerAttributesOutput, LoadBalancerAttribute,
};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeLoadBalancerAttributes.
///
/// # Errors
/// LoadBalancerNotFoundException.
pub(super) async fn describe_load_balancer_attributes(
    call: Call,
    input: DescribeLoadBalancerAttributesInput,
) -> Result<DescribeLoadBalancerAttributesOutput, Failure> {
    let arn = input.load_balancer_arn.unwrap_or_default();
    let found = resolve::load_balancer(&mut *call.control.store.read().await?, &call, &arn).await?;
    Ok(DescribeLoadBalancerAttributesOutput { attributes: Some(view(&found)) })
}

/// The attributes as they are answered.
pub(super) fn view(of: &LoadBalancer) -> Vec<LoadBalancerAttribute> {
    let attribute = |known: &gantry_model::load_balancing::Known| LoadBalancerAttribute {
        key: Some(known.key.to_owned()),
        value: Some(of.attributes.get(known.key).map_or(known.default, String::as_str).to_owned()),
    };
    of.known_attributes().iter().map(attribute).collect()
}
