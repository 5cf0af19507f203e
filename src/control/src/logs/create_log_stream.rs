//! CreateLogStream (CloudWatch Logs API reference).

use gantry_store::{Tx, log_stream};
use gantry_wire::ApiError;
use gantry_wire::shapes::logs::CreateLogStreamRequest;

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers CreateLogStream.
///
/// # Errors
/// ResourceNotFoundException, ResourceAlreadyExistsException, InvalidParameterException.
pub(super) async fn create_log_stream(call: Call, input: CreateLogStreamRequest) -> Result<(), Failure> {
    let group = resolve::group_name(input.log_group_name.as_deref())?;
    let stream = resolve::stream_name(input.log_stream_name.as_deref())?;
    let scope = call.scope;
    call.control
        .store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let group = resolve::group(tx, &scope, &group).await?;
                match log_stream::create(tx, group.id, &stream).await? {
                    true => Ok(()),
                    false => Err(ApiError::log_stream_already_exists().into()),
                }
            })
        })
        .await
}
