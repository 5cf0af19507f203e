//! RemoveTagsFromResource (Systems Manager API reference): takes tags off a parameter.

use gantry_wire::shapes::ssm::{RemoveTagsFromResourceRequest, RemoveTagsFromResourceResult};

use super::tags;
use crate::context::Call;
use crate::error::Failure;

/// Answers RemoveTagsFromResource. Keys that the parameter does not have are off it already.
///
/// # Errors
/// InvalidResourceType, InvalidResourceId.
pub(super) async fn remove_tags_from_resource(
    call: Call,
    input: RemoveTagsFromResourceRequest,
) -> Result<RemoveTagsFromResourceResult, Failure> {
    let keys = input.tag_keys.unwrap_or_default();
    let without = move |tags: &mut Vec<gantry_model::Tag>| {
        tags.retain(|tag| !keys.contains(&tag.key));
        Ok(())
    };
    tags::change(call, input.resource_type, input.resource_id, without).await?;
    Ok(RemoveTagsFromResourceResult {})
}
