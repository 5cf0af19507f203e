//! DescribeTargetGroupAttributes (Elastic Load Balancing API reference): all that a target group has, with their values.

use gantry_model::load_balancing::TargetGroup;
use gantry_wire::shapes::elasticloadbalancing::{
    DescribeTargetGroupAttributesInput, DescribeTargetGroupAttributesOutput, TargetGroupAttribute,
};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeTargetGroupAttributes.
///
/// # Errors
/// TargetGroupNotFoundException.
pub(super) async fn describe_target_group_attributes(
    call: Call,
    input: DescribeTargetGroupAttributesInput,
) -> Result<DescribeTargetGroupAttributesOutput, Failure> {
    let arn = input.target_group_arn.unwrap_or_default();
    let found = resolve::target_group(&mut *call.control.store.read().await?, &call, &arn).await?;
    Ok(DescribeTargetGroupAttributesOutput { attributes: Some(view(&found)) })
}

/// The attributes as they are answered.
pub(super) fn view(of: &TargetGroup) -> Vec<TargetGroupAttribute> {
    let attribute = |known: &gantry_model::load_balancing::Known| TargetGroupAttribute {
        key: Some(known.key.to_owned()),
        value: Some(of.attributes.get(known.key).map_or(known.default, String::as_str).to_owned()),
    };
    of.known_attributes().iter().map(attribute).collect()
}
