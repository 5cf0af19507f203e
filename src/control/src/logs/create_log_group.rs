//! CreateLogGroup (CloudWatch Logs API reference).

use gantry_model::logs::LogGroup;
use gantry_store::{Tx, log_group};
use gantry_wire::ApiError;
use gantry_wire::shapes::logs::CreateLogGroupRequest;

use super::{resolve, tags};
use crate::context::Call;
use crate::error::Failure;

/// Answers CreateLogGroup.
///
/// # Errors
/// ResourceAlreadyExistsException; InvalidParameterException, also for a KMS key and for any class but STANDARD, which are
/// not built.
pub(super) async fn create_log_group(call: Call, input: CreateLogGroupRequest) -> Result<(), Failure> {
    let group = wanted(&call, input)?;
    call.control
        .store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                match log_group::create(tx, &group).await? {
                    true => Ok(()),
                    false => Err(ApiError::log_group_already_exists().into()),
                }
            })
        })
        .await
}

fn wanted(call: &Call, input: CreateLogGroupRequest) -> Result<LogGroup, ApiError> {
    if input.kms_key_id.is_some() {
        return Err(ApiError::invalid_parameter("kmsKeyId is not supported: log groups have no key of their own."));
    }
    if input.log_group_class.is_some_and(|class| class != "STANDARD") {
        return Err(ApiError::invalid_parameter("logGroupClass is not supported: every log group is STANDARD."));
    }
    Ok(LogGroup {
        scope: call.scope.clone(),
        name: resolve::group_name(input.log_group_name.as_deref())?,
        created_at: call.now,
        retention_days: None,
        deletion_protection: input.deletion_protection_enabled.unwrap_or(false),
        tags: tags::read(input.tags)?,
    })
}
