//! DeleteRule (Elastic Load Balancing API reference): requests that it was for go by the next that holds.

use gantry_store::{Tx, load_balancer};
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{DeleteRuleInput, DeleteRuleOutput};

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteRule.
///
/// # Errors
/// RuleNotFoundException, OperationNotPermittedException for a default rule.
pub(super) async fn delete_rule(call: Call, input: DeleteRuleInput) -> Result<DeleteRuleOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let arn = input.rule_arn.as_deref().unwrap_or_default();
                if resolve::listener_of_default_rule(tx, &call, arn).await?.is_some() {
                    let text = format!("Default rule '{arn}' cannot be deleted");
                    return Err(ApiError::operation_not_permitted(text).into());
                }
                let gone = resolve::rule(tx, &call, arn).await?;
                let listener = resolve::listener(tx, &call, &gone.listener).await?;
                load_balancer::delete_rule(tx, &gone.arn).await?;
                record::tell_load_balancer(tx, &listener.load_balancer);
                Ok(DeleteRuleOutput {})
            })
        })
        .await
}
