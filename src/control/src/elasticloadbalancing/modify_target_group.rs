//! ModifyTargetGroup (Elastic Load Balancing API reference): how its targets are checked; what is omitted stays.

use gantry_store::Tx;
use gantry_wire::shapes::elasticloadbalancing::{ModifyTargetGroupInput, ModifyTargetGroupOutput};

use super::describe_target_groups::users;
use super::{health_check, record, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers ModifyTargetGroup.
///
/// # Errors
/// TargetGroupNotFoundException, ValidationException.
pub(super) async fn modify_target_group(
    call: Call,
    input: ModifyTargetGroupInput,
) -> Result<ModifyTargetGroupOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let arn = input.target_group_arn.as_deref().unwrap_or_default();
                let mut changed = resolve::target_group(tx, &call, arn).await?;
                let (protocol, version) = (changed.protocol, changed.protocol_version);
                health_check::read(&mut changed.health_check, &(&input).into(), protocol, version)?;
                record::put_target_group(tx, &changed).await?;
                let used = users(tx).await?;
                let used_by =
                    used.get(arn).map(|arns| arns.iter().map(String::as_str).collect::<Vec<_>>()).unwrap_or_default();
                Ok(ModifyTargetGroupOutput { target_groups: Some(vec![view::target_group(&changed, &used_by)]) })
            })
        })
        .await
}
