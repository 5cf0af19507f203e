//! DeleteTargetGroup (Elastic Load Balancing API reference): with its targets. One that is not there is gone already.

use gantry_store::{Tx, target_group};
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{DeleteTargetGroupInput, DeleteTargetGroupOutput};

use super::describe_target_groups::users;
use super::record;
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteTargetGroup.
///
/// # Errors
/// ResourceInUseException when a listener or a rule sends to it.
pub(super) async fn delete_target_group(
    call: Call,
    input: DeleteTargetGroupInput,
) -> Result<DeleteTargetGroupOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let arn = input.target_group_arn.unwrap_or_default();
                let found = target_group::get(tx, &arn).await?.filter(|found| found.scope == call.scope);
                if found.is_none() {
                    return Ok(DeleteTargetGroupOutput {});
                }
                if users(tx).await?.contains_key(&arn) {
                    return Err(ApiError::target_group_in_use(&arn).into());
                }
                target_group::delete(tx, &arn).await?;
                record::tell_target_group(tx, &arn);
                Ok(DeleteTargetGroupOutput {})
            })
        })
        .await
}
