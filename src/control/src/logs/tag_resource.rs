//! TagResource (CloudWatch Logs API reference): puts tags on a log group.

use gantry_wire::ApiError;
use gantry_wire::shapes::logs::TagResourceRequest;

use super::{resolve, tags};
use crate::context::Call;
use crate::error::Failure;

/// Answers TagResource.
///
/// # Errors
/// ResourceNotFoundException, TooManyTagsException, InvalidParameterException.
pub(super) async fn tag_resource(call: Call, input: TagResourceRequest) -> Result<(), Failure> {
    let name = resolve::group_by_arn(&call, &input.resource_arn.unwrap_or_default())?;
    let given = tags::read(input.tags)?;
    resolve::change_group(&call, name, move |stored| tags::add(stored, given, ApiError::too_many_tags)).await
}
