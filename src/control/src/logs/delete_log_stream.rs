//! DeleteLogStream (CloudWatch Logs API reference): with its lines.

use gantry_store::{Tx, log_stream};
use gantry_wire::ApiError;
use gantry_wire::shapes::logs::DeleteLogStreamRequest;

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteLogStream.
///
/// # Errors
/// ResourceNotFoundException, ValidationException in a protected group, InvalidParameterException.
pub(super) async fn delete_log_stream(call: Call, input: DeleteLogStreamRequest) -> Result<(), Failure> {
    let group = resolve::group_name(input.log_group_name.as_deref())?;
    let stream = resolve::stream_name(input.log_stream_name.as_deref())?;
    let scope = call.scope;
    call.control
        .store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let group = resolve::group(tx, &scope, &group).await?;
                let stream = resolve::stream(tx, group.id, &stream).await?;
                if group.group.deletion_protection {
                    return Err(ApiError::log_group_protected().into());
                }
                Ok(log_stream::delete(tx, stream.id).await?)
            })
        })
        .await
}
