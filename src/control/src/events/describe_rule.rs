//! DescribeRule (EventBridge API reference).

use gantry_wire::shapes::events::{DescribeRuleRequest, DescribeRuleResponse};

use super::list_rules::view;
use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeRule.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn describe_rule(call: Call, input: DescribeRuleRequest) -> Result<DescribeRuleResponse, Failure> {
    resolve::bus(&call, input.event_bus_name.as_deref())?;
    let name = resolve::name(input.name)?;
    let found = resolve::rule(&mut *call.control.store.read().await?, &call, &name).await?;
    let rule = view(&found.rule);
    Ok(DescribeRuleResponse {
        name: rule.name,
        arn: rule.arn,
        schedule_expression: rule.schedule_expression,
        state: rule.state,
        description: rule.description,
        role_arn: rule.role_arn,
        event_bus_name: rule.event_bus_name,
        created_by: Some(call.scope.account.to_string()),
        ..DescribeRuleResponse::default()
    })
}
