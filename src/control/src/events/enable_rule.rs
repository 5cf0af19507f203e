//! EnableRule (EventBridge API reference).

use gantry_store::Tx;
use gantry_wire::shapes::events::EnableRuleRequest;

use super::{put_rule, record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers EnableRule. A rate counts from now; what would have been due before is not made up for.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn enable_rule(call: Call, input: EnableRuleRequest) -> Result<(), Failure> {
    resolve::bus(&call, input.event_bus_name.as_deref())?;
    let name = resolve::name(input.name)?;
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut rule = resolve::rule(tx, &call, &name).await?.rule;
                if rule.enabled {
                    return Ok(());
                }
                rule.enabled = true;
                rule.anchor = call.now;
                rule.next_at = put_rule::next(&rule, call.now)?;
                Ok(record::put(tx, &rule).await?)
            })
        })
        .await
}
