//! PutTargets (EventBridge API reference): what a rule runs. A target with an id that the rule has takes its place.

use gantry_model::rule::MAX_TARGETS;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::events::{PutTargetsRequest, PutTargetsResponse};

use super::{record, resolve, target};
use crate::context::Call;
use crate::error::Failure;

/// Answers PutTargets; all targets are taken or none.
///
/// # Errors
/// ResourceNotFoundException, LimitExceededException, ValidationException for what is not a task of a cluster here.
pub(super) async fn put_targets(call: Call, input: PutTargetsRequest) -> Result<PutTargetsResponse, Failure> {
    resolve::bus(&call, input.event_bus_name.as_deref())?;
    let name = resolve::name(input.rule)?;
    let given = input.targets.unwrap_or_default();
    let given = given.iter().map(|shape| target::read(&call, shape)).collect::<Result<Vec<_>, _>>()?;
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut rule = resolve::rule(tx, &call, &name).await?.rule;
                for target in given {
                    match rule.targets.iter_mut().find(|present| present.id == target.id) {
                        Some(present) => *present = target,
                        None => rule.targets.push(target),
                    }
                }
                if rule.targets.len() > MAX_TARGETS {
                    return Err(ApiError::too_many_targets().into());
                }
                record::put(tx, &rule).await?;
                Ok(PutTargetsResponse { failed_entry_count: Some(0), failed_entries: Some(Vec::new()) })
            })
        })
        .await
}
