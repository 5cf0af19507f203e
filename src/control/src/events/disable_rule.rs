//! DisableRule (EventBridge API reference).

use gantry_store::Tx;
use gantry_wire::shapes::events::DisableRuleRequest;

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers DisableRule. What was due already is run.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn disable_rule(call: Call, input: DisableRuleRequest) -> Result<(), Failure> {
    resolve::bus(&call, input.event_bus_name.as_deref())?;
    let name = resolve::name(input.name)?;
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut rule = resolve::rule(tx, &call, &name).await?.rule;
                rule.enabled = false;
                rule.next_at = None;
                Ok(record::put(tx, &rule).await?)
            })
        })
        .await
}
