//! RemoveTargets (EventBridge API reference).

use gantry_store::Tx;
use gantry_wire::shapes::events::{RemoveTargetsRequest, RemoveTargetsResponse, RemoveTargetsResultEntry};

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers RemoveTargets; ids that the rule does not have are told of. `Force` is for rules that services of AWS manage, of
/// which there are none.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn remove_targets(call: Call, input: RemoveTargetsRequest) -> Result<RemoveTargetsResponse, Failure> {
    resolve::bus(&call, input.event_bus_name.as_deref())?;
    let (name, ids) = (resolve::name(input.rule)?, input.ids.unwrap_or_default());
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut rule = resolve::rule(tx, &call, &name).await?.rule;
                let missing = |id: &&String| !rule.targets.iter().any(|target| target.id == **id);
                let failed: Vec<RemoveTargetsResultEntry> = ids
                    .iter()
                    .filter(missing)
                    .map(|id| RemoveTargetsResultEntry {
                        target_id: Some(id.clone()),
                        error_code: Some("ResourceNotFoundException".to_owned()),
                        error_message: Some(format!("Rule {name} does not have a target {id}.")),
                    })
                    .collect();
                rule.targets.retain(|target| !ids.contains(&target.id));
                record::put(tx, &rule).await?;
                Ok(RemoveTargetsResponse {
                    failed_entry_count: Some(i32::try_from(failed.len()).unwrap_or(i32::MAX)),
                    failed_entries: Some(failed),
                })
            })
        })
        .await
}
