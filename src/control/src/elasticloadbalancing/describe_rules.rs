//! DescribeRules (Elastic Load Balancing API reference): by ARN, or those of a listener with its default one at the end.

use gantry_store::load_balancer;
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{DescribeRulesInput, DescribeRulesOutput};

use super::{resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeRules.
///
/// # Errors
/// RuleNotFoundException, ListenerNotFoundException, ValidationException.
pub(super) async fn describe_rules(call: Call, input: DescribeRulesInput) -> Result<DescribeRulesOutput, Failure> {
    let mut reader = call.control.store.read().await?;
    let mut found = Vec::new();
    match (input.listener_arn, input.rule_arns) {
        (Some(arn), None) => {
            let listener = resolve::listener(&mut reader, &call, &arn).await?;
            found.extend(load_balancer::rules(&mut reader, &listener.arn).await?.iter().map(view::rule));
            found.push(view::default_rule(&listener));
        }
        (None, Some(arns)) => {
            for arn in arns {
                match resolve::listener_of_default_rule(&mut reader, &call, &arn).await? {
                    Some(listener) => found.push(view::default_rule(&listener)),
                    None => found.push(view::rule(&resolve::rule(&mut reader, &call, &arn).await?)),
                }
            }
        }
        _ => return Err(ApiError::validation("You must specify either listener rule ARNs or a listener ARN").into()),
    }
    let key = |rule: &gantry_wire::shapes::elasticloadbalancing::Rule| {
        let priority = rule.priority.as_ref().and_then(|priority| priority.parse::<u32>().ok()).unwrap_or(u32::MAX);
        format!("{priority:010}{}", rule.rule_arn.as_deref().unwrap_or_default())
    };
    let (page, next_marker) = resolve::page(found, key, input.marker.as_deref(), input.page_size)?;
    Ok(DescribeRulesOutput { rules: Some(page), next_marker })
}
