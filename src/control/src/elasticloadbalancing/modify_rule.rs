//! ModifyRule (Elastic Load Balancing API reference): what is omitted stays. The action of a default rule is changed by ModifyListener.

use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{ModifyRuleInput, ModifyRuleOutput};

use super::{action, condition, record, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers ModifyRule.
///
/// # Errors
/// RuleNotFoundException, OperationNotPermittedException, TargetGroupNotFoundException, IncompatibleProtocolsException,
/// ValidationException.
pub(super) async fn modify_rule(call: Call, input: ModifyRuleInput) -> Result<ModifyRuleOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let arn = input.rule_arn.as_deref().unwrap_or_default();
                if resolve::listener_of_default_rule(tx, &call, arn).await?.is_some() {
                    let text = format!("Default rule '{arn}' cannot be modified");
                    return Err(ApiError::operation_not_permitted(text).into());
                }
                if input.transforms.as_ref().is_some_and(|transforms| !transforms.is_empty()) {
                    return Err(ApiError::validation("Transforms are not supported").into());
                }
                let mut changed = resolve::rule(tx, &call, arn).await?;
                let listener = resolve::listener(tx, &call, &changed.listener).await?;
                let balancer = resolve::load_balancer(tx, &call, &listener.load_balancer).await?;
                if input.conditions.is_some() {
                    changed.conditions = condition::read(input.conditions.as_deref())?;
                }
                if input.actions.is_some() {
                    changed.action =
                        action::read(tx, &call, &balancer, listener.protocol, input.actions.as_deref()).await?;
                }
                record::put_rule(tx, &listener, &changed).await?;
                Ok(ModifyRuleOutput { rules: Some(vec![view::rule(&changed)]) })
            })
        })
        .await
}
