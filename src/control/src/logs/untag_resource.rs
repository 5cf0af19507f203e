//! UntagResource (CloudWatch Logs API reference): takes tags off a log group.

use gantry_wire::shapes::logs::UntagResourceRequest;

use super::{resolve, tags};
use crate::context::Call;
use crate::error::Failure;

/// Answers UntagResource. Keys that the group does not have are no error.
///
/// # Errors
/// ResourceNotFoundException, InvalidParameterException.
pub(super) async fn untag_resource(call: Call, input: UntagResourceRequest) -> Result<(), Failure> {
    let name = resolve::group_by_arn(&call, &input.resource_arn.unwrap_or_default())?;
    let keys = input.tag_keys.unwrap_or_default();
    resolve::change_group(&call, name, move |stored| {
        tags::remove(stored, &keys);
        Ok(())
    })
    .await
}
