//! ListTargetsByRule (EventBridge API reference).

use gantry_model::rule::RuleTarget;
use gantry_wire::shapes::events::{ListTargetsByRuleRequest, ListTargetsByRuleResponse};
use gantry_wire::{ApiError, paginate};

use super::list_rules::DEFAULT_PAGE;
use super::{resolve, target};
use crate::context::Call;
use crate::error::Failure;

/// Answers ListTargetsByRule.
///
/// # Errors
/// ResourceNotFoundException, ValidationException for a token that is none.
pub(super) async fn list_targets_by_rule(
    call: Call,
    input: ListTargetsByRuleRequest,
) -> Result<ListTargetsByRuleResponse, Failure> {
    resolve::bus(&call, input.event_bus_name.as_deref())?;
    let name = resolve::name(input.rule)?;
    let found = resolve::rule(&mut *call.control.store.read().await?, &call, &name).await?;
    let max = usize::try_from(input.limit.unwrap_or(DEFAULT_PAGE)).unwrap_or(1);
    let id = |target: &RuleTarget| target.id.clone();
    let (page, next_token) = paginate::page(found.rule.targets, id, input.next_token.as_deref(), max)
        .map_err(|_| ApiError::validation("NextToken is not one that this operation returned."))?;
    let targets = page.iter().map(target::shape).collect::<Result<_, _>>()?;
    Ok(ListTargetsByRuleResponse { targets: Some(targets), next_token })
}
