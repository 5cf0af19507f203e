//! DeleteRetentionPolicy (CloudWatch Logs API reference): the lines of a group are kept for ever from now on.

use gantry_wire::shapes::logs::DeleteRetentionPolicyRequest;

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteRetentionPolicy.
///
/// # Errors
/// ResourceNotFoundException, InvalidParameterException.
pub(super) async fn delete_retention_policy(call: Call, input: DeleteRetentionPolicyRequest) -> Result<(), Failure> {
    let name = resolve::group_name(input.log_group_name.as_deref())?;
    resolve::change_group(&call, name, |stored| {
        stored.group.retention_days = None;
        Ok(())
    })
    .await
}
