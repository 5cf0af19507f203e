//! DescribeTags (Elastic Load Balancing API reference): of load balancers, listeners, rules and target groups.

use gantry_wire::shapes::elasticloadbalancing::{DescribeTagsInput, DescribeTagsOutput, Tag, TagDescription};

use super::tagged::Tagged;
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeTags.
///
/// # Errors
/// The NotFound of each kind.
pub(super) async fn describe_tags(call: Call, input: DescribeTagsInput) -> Result<DescribeTagsOutput, Failure> {
    let mut reader = call.control.store.read().await?;
    let mut descriptions = Vec::new();
    for arn in input.resource_arns.unwrap_or_default() {
        let found = Tagged::find(&mut reader, &call, &arn).await?;
        let tag = |tag: &gantry_model::Tag| Tag { key: Some(tag.key.clone()), value: Some(tag.value.clone()) };
        let tags = Some(found.tags().iter().map(tag).collect());
        descriptions.push(TagDescription { resource_arn: Some(arn), tags });
    }
    Ok(DescribeTagsOutput { tag_descriptions: Some(descriptions) })
}
