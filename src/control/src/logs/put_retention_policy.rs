//! PutRetentionPolicy (CloudWatch Logs API reference): how long the lines of a group are kept.

use gantry_model::logs::RETENTIONS;
use gantry_wire::ApiError;
use gantry_wire::shapes::logs::PutRetentionPolicyRequest;

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers PutRetentionPolicy.
///
/// # Errors
/// ResourceNotFoundException; InvalidParameterException, also for days that AWS does not offer.
pub(super) async fn put_retention_policy(call: Call, input: PutRetentionPolicyRequest) -> Result<(), Failure> {
    let name = resolve::group_name(input.log_group_name.as_deref())?;
    let days = input.retention_in_days.unwrap_or_default();
    if !RETENTIONS.contains(&days) {
        let offered = RETENTIONS.map(|days| days.to_string()).join(", ");
        return Err(ApiError::invalid_parameter(format!(
            "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member must \
             satisfy enum value set: [{offered}]"
        ))
        .into());
    }
    resolve::change_group(&call, name, move |stored| {
        stored.group.retention_days = Some(days);
        Ok(())
    })
    .await
}
