//! UntagLogGroup (CloudWatch Logs API reference): UntagResource by name, which older clients call.

use gantry_wire::shapes::logs::UntagLogGroupRequest;

use super::{resolve, tags};
use crate::context::Call;
use crate::error::Failure;

/// Answers UntagLogGroup. Keys that the group does not have are no error.
///
/// # Errors
/// ResourceNotFoundException, InvalidParameterException.
pub(super) async fn untag_log_group(call: Call, input: UntagLogGroupRequest) -> Result<(), Failure> {
    let name = resolve::group_name(input.log_group_name.as_deref())?;
    let keys = input.tags.unwrap_or_default();
    resolve::change_group(&call, name, move |stored| {
        tags::remove(stored, &keys);
        Ok(())
    })
    .await
}
