//! AddTagsToResource (Systems Manager API reference): puts tags on a parameter.

use gantry_wire::shapes::ssm::{AddTagsToResourceRequest, AddTagsToResourceResult};

use super::tags;
use crate::context::Call;
use crate::error::Failure;

/// Answers AddTagsToResource.
///
/// # Errors
/// InvalidResourceType, InvalidResourceId, TooManyTagsError, ValidationException.
pub(super) async fn add_tags_to_resource(
    call: Call,
    input: AddTagsToResourceRequest,
) -> Result<AddTagsToResourceResult, Failure> {
    let given = tags::read(input.tags)?;
    tags::change(call, input.resource_type, input.resource_id, move |tags| tags::add(tags, given)).await?;
    Ok(AddTagsToResourceResult {})
}
