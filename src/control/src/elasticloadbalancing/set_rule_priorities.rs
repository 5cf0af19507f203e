//! SetRulePriorities (Elastic Load Balancing API reference): of several rules at once, so that two can change places.

use gantry_store::{Tx, load_balancer};
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{SetRulePrioritiesInput, SetRulePrioritiesOutput};

use super::{record, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers SetRulePriorities.
///
/// # Errors
/// RuleNotFoundException, PriorityInUseException, OperationNotPermittedException for a default rule.
pub(super) async fn set_rule_priorities(
    call: Call,
    input: SetRulePrioritiesInput,
) -> Result<SetRulePrioritiesOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut changed = Vec::new();
                for pair in input.rule_priorities.unwrap_or_default() {
                    let arn = pair.rule_arn.unwrap_or_default();
                    if resolve::listener_of_default_rule(tx, &call, &arn).await?.is_some() {
                        let text = format!("The priority of the default rule '{arn}' cannot be changed");
                        return Err(ApiError::operation_not_permitted(text).into());
                    }
                    let mut rule = resolve::rule(tx, &call, &arn).await?;
                    rule.priority = u32::try_from(pair.priority.unwrap_or_default()).unwrap_or_default();
                    let listener = resolve::listener(tx, &call, &rule.listener).await?;
                    record::put_rule(tx, &listener, &rule).await?;
                    changed.push(rule);
                }
                // With all of them in their new places: nothing is written when two would have the same.
                for rule in &changed {
                    let all = load_balancer::rules(tx, &rule.listener).await?;
                    if all.iter().any(|other| other.arn != rule.arn && other.priority == rule.priority) {
                        return Err(ApiError::priority_in_use(rule.priority).into());
                    }
                }
                Ok(SetRulePrioritiesOutput { rules: Some(changed.iter().map(view::rule).collect()) })
            })
        })
        .await
}
