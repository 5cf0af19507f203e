//! PutLogGroupDeletionProtection (CloudWatch Logs API reference).

use gantry_wire::shapes::logs::PutLogGroupDeletionProtectionRequest;

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers PutLogGroupDeletionProtection.
///
/// # Errors
/// ResourceNotFoundException, InvalidParameterException.
pub(super) async fn put_protection(call: Call, input: PutLogGroupDeletionProtectionRequest) -> Result<(), Failure> {
    let name = resolve::group_of(&call, None, input.log_group_identifier.as_deref())?;
    let protection = input.deletion_protection_enabled.unwrap_or(false);
    resolve::change_group(&call, name, move |stored| {
        stored.group.deletion_protection = protection;
        Ok(())
    })
    .await
}
