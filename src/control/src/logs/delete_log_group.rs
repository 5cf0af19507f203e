//! DeleteLogGroup (CloudWatch Logs API reference): with its streams and their lines.

use gantry_store::{Tx, log_group};
use gantry_wire::ApiError;
use gantry_wire::shapes::logs::DeleteLogGroupRequest;

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteLogGroup.
///
/// # Errors
/// ResourceNotFoundException, ValidationException for a protected group, InvalidParameterException.
pub(super) async fn delete_log_group(call: Call, input: DeleteLogGroupRequest) -> Result<(), Failure> {
    let name = resolve::group_name(input.log_group_name.as_deref())?;
    let scope = call.scope;
    call.control
        .store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let group = resolve::group(tx, &scope, &name).await?;
                if group.group.deletion_protection {
                    return Err(ApiError::log_group_protected().into());
                }
                Ok(log_group::delete(tx, group.id).await?)
            })
        })
        .await
}
