//! DeleteRule (EventBridge API reference).

use gantry_store::{Tx, rule};
use gantry_wire::ApiError;
use gantry_wire::shapes::events::DeleteRuleRequest;

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteRule. A rule that is not there is deleted. `Force` is for rules that services of AWS manage, of which there
/// are none.
///
/// # Errors
/// ResourceNotFoundException for another bus, ValidationException while it has targets.
pub(super) async fn delete_rule(call: Call, input: DeleteRuleRequest) -> Result<(), Failure> {
    resolve::bus(&call, input.event_bus_name.as_deref())?;
    let name = resolve::name(input.name)?;
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let Some(stored) = rule::get(tx, &call.scope, &name).await? else { return Ok(()) };
                if !stored.rule.targets.is_empty() {
                    return Err(ApiError::validation("Rule can't be deleted since it has targets.").into());
                }
                Ok(record::delete(tx, &stored).await?)
            })
        })
        .await
}
