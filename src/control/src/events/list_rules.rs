//! ListRules (EventBridge API reference): by name.

use gantry_model::rule::Rule;
use gantry_store::rule::{self, StoredRule};
use gantry_wire::shapes::events::{ListRulesRequest, ListRulesResponse, Rule as RuleShape};
use gantry_wire::{ApiError, paginate};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

pub(super) const DEFAULT_PAGE: i32 = 100;

/// Answers ListRules.
///
/// # Errors
/// ResourceNotFoundException for another bus, ValidationException for a token that is none.
pub(super) async fn list_rules(call: Call, input: ListRulesRequest) -> Result<ListRulesResponse, Failure> {
    resolve::bus(&call, input.event_bus_name.as_deref())?;
    let prefix = input.name_prefix.unwrap_or_default();
    let mut all = rule::list(&mut *call.control.store.read().await?, &call.scope).await?;
    all.retain(|stored| stored.rule.name.as_str().starts_with(&prefix));
    let max = usize::try_from(input.limit.unwrap_or(DEFAULT_PAGE)).unwrap_or(1);
    let (page, next_token) = page(all, input.next_token.as_deref(), max)?;
    Ok(ListRulesResponse { rules: Some(page.iter().map(|stored| view(&stored.rule)).collect()), next_token })
}

/// A page of rules by name.
///
/// # Errors
/// ValidationException for a token that is none.
pub(super) fn page(
    rules: Vec<StoredRule>,
    token: Option<&str>,
    max: usize,
) -> Result<(Vec<StoredRule>, Option<String>), ApiError> {
    let name = |stored: &StoredRule| stored.rule.name.to_string();
    paginate::page(rules, name, token, max)
        .map_err(|_| ApiError::validation("NextToken is not one that this operation returned."))
}

/// A rule as it is told.
pub(super) fn view(rule: &Rule) -> RuleShape {
    RuleShape {
        name: Some(rule.name.to_string()),
        arn: Some(rule.arn()),
        state: Some(if rule.enabled { "ENABLED" } else { "DISABLED" }.to_owned()),
        description: rule.description.clone(),
        schedule_expression: Some(rule.schedule.clone()),
        role_arn: rule.role_arn.clone(),
        event_bus_name: Some(resolve::BUS.to_owned()),
        ..RuleShape::default()
    }
}
