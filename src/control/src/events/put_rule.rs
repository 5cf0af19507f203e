//! PutRule (EventBridge API reference): makes a rule, or replaces one, whose targets and tags stay.

use gantry_model::UnixMillis;
use gantry_model::rule::Rule;
use gantry_scheduler::schedule::Schedule;
use gantry_store::{Tx, rule};
use gantry_wire::ApiError;
use gantry_wire::shapes::events::{PutRuleRequest, PutRuleResponse};

use super::{record, resolve, tags};
use crate::context::Call;
use crate::error::Failure;

/// Answers PutRule.
///
/// # Errors
/// ResourceNotFoundException for another bus, ValidationException, also for patterns of events, which are not built.
pub(super) async fn put_rule(call: Call, input: PutRuleRequest) -> Result<PutRuleResponse, Failure> {
    resolve::bus(&call, input.event_bus_name.as_deref())?;
    let wanted = wanted(&call, input)?;
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let before = rule::get(tx, &wanted.scope, &wanted.name).await?.map(|stored| stored.rule);
                let changed = replaced(wanted, before);
                record::put(tx, &changed).await?;
                Ok(PutRuleResponse { rule_arn: Some(changed.arn()) })
            })
        })
        .await
}

fn wanted(call: &Call, input: PutRuleRequest) -> Result<Rule, ApiError> {
    if input.event_pattern.as_ref().is_some_and(|pattern| !pattern.is_empty()) {
        return Err(ApiError::validation("EventPattern is not supported: rules run by a schedule."));
    }
    let enabled = match input.state.as_deref() {
        None | Some("ENABLED") => true,
        Some("DISABLED") => false,
        Some(other) => {
            return Err(ApiError::validation(format!("State {other} is not supported: there is no CloudTrail.")));
        }
    };
    let schedule = input.schedule_expression.filter(|text| !text.is_empty());
    let schedule = schedule
        .ok_or_else(|| ApiError::validation("Parameter(s) EventPattern or ScheduleExpression must be specified."))?;
    let name = resolve::name(input.name)?;
    let mut wanted = Rule {
        scope: call.scope.clone(),
        name,
        schedule,
        enabled,
        description: input.description.filter(|text| !text.is_empty()),
        role_arn: input.role_arn.filter(|text| !text.is_empty()),
        created_at: call.now,
        anchor: call.now,
        next_at: None,
        tags: Vec::new(),
        targets: Vec::new(),
    };
    tags::add(&mut wanted.tags, tags::read(input.tags)?)?;
    wanted.next_at = next(&wanted, call.now)?;
    Ok(wanted)
}

/// When a rule is due next; never when it is disabled.
///
/// # Errors
/// ValidationException when its schedule is none.
pub(super) fn next(rule: &Rule, now: UnixMillis) -> Result<Option<UnixMillis>, ApiError> {
    let schedule = Schedule::parse(&rule.schedule)
        .map_err(|error| ApiError::validation(format!("Parameter ScheduleExpression is not valid: {error}.")))?;
    Ok(schedule.next(rule.anchor, now).filter(|_| rule.enabled))
}

/// What a rule is after it was replaced. A schedule that stays goes on counting where it was.
fn replaced(wanted: Rule, before: Option<Rule>) -> Rule {
    let Some(before) = before else { return wanted };
    let goes_on = before.schedule == wanted.schedule && before.enabled == wanted.enabled;
    Rule {
        created_at: before.created_at,
        anchor: if goes_on { before.anchor } else { wanted.anchor },
        next_at: if goes_on { before.next_at } else { wanted.next_at },
        tags: before.tags,
        targets: before.targets,
        ..wanted
    }
}
