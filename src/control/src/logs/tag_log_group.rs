//! TagLogGroup (CloudWatch Logs API reference): TagResource by name, which older clients call.

use gantry_model::tag::MAX_TAGS;
use gantry_wire::ApiError;
use gantry_wire::shapes::logs::TagLogGroupRequest;

use super::{resolve, tags};
use crate::context::Call;
use crate::error::Failure;

/// Answers TagLogGroup.
///
/// # Errors
/// ResourceNotFoundException, InvalidParameterException.
pub(super) async fn tag_log_group(call: Call, input: TagLogGroupRequest) -> Result<(), Failure> {
    let name = resolve::group_name(input.log_group_name.as_deref())?;
    let given = tags::read(input.tags)?;
    let too_many = || ApiError::invalid_parameter(format!("A log group may have {MAX_TAGS} tags at most."));
    resolve::change_group(&call, name, move |stored| tags::add(stored, given, too_many)).await
}
