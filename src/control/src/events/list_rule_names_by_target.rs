//! ListRuleNamesByTarget (EventBridge API reference): the rules that run something on a cluster.

use gantry_store::rule;
use gantry_wire::shapes::events::{ListRuleNamesByTargetRequest, ListRuleNamesByTargetResponse};

use super::list_rules::{DEFAULT_PAGE, page};
use super::{resolve, target};
use crate::context::Call;
use crate::error::Failure;

/// Answers ListRuleNamesByTarget.
///
/// # Errors
/// ResourceNotFoundException for another bus, ValidationException for a token that is none.
pub(super) async fn list_rule_names_by_target(
    call: Call,
    input: ListRuleNamesByTargetRequest,
) -> Result<ListRuleNamesByTargetResponse, Failure> {
    resolve::bus(&call, input.event_bus_name.as_deref())?;
    let arn = input.target_arn.unwrap_or_default();
    let mut all = rule::list(&mut *call.control.store.read().await?, &call.scope).await?;
    all.retain(|stored| stored.rule.targets.iter().any(|own| target::arn(own) == Some(&arn)));
    let max = usize::try_from(input.limit.unwrap_or(DEFAULT_PAGE)).unwrap_or(1);
    let (page, next_token) = page(all, input.next_token.as_deref(), max)?;
    let names = page.iter().map(|stored| stored.rule.name.to_string()).collect();
    Ok(ListRuleNamesByTargetResponse { rule_names: Some(names), next_token })
}
