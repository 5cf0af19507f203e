//! CreateRule (Elastic Load Balancing API reference): what is done with the requests that its conditions hold for.

use gantry_model::load_balancing::{Kind, Rule};
use gantry_store::{Tx, load_balancer};
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{CreateRuleInput, CreateRuleOutput};

use super::{action, condition, record, resolve, view};
use crate::context::Call;
use crate::error::Failure;
use crate::ids;

/// The most rules of a listener (user guide, "Quotas").
const MOST: usize = 200;

/// Answers CreateRule.
///
/// # Errors
/// ListenerNotFoundException, PriorityInUseException, TargetGroupNotFoundException, IncompatibleProtocolsException,
/// TooManyRulesException, ValidationException.
pub(super) async fn create_rule(call: Call, input: CreateRuleInput) -> Result<CreateRuleOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let listener = resolve::listener(tx, &call, input.listener_arn.as_deref().unwrap_or_default()).await?;
                let balancer = resolve::load_balancer(tx, &call, &listener.load_balancer).await?;
                if balancer.kind != Kind::Application {
                    return Err(
                        ApiError::validation("Rules are only for listeners of Application Load Balancers").into()
                    );
                }
                if input.transforms.as_ref().is_some_and(|transforms| !transforms.is_empty()) {
                    return Err(ApiError::validation("Transforms are not supported").into());
                }
                let present = load_balancer::rules(tx, &listener.arn).await?;
                if present.len() >= MOST {
                    return Err(ApiError::new(
                        "TooManyRulesException",
                        format!("A listener can have at most {MOST} rules"),
                    )
                    .into());
                }
                let priority = u32::try_from(input.priority.unwrap_or_default()).unwrap_or_default();
                if present.iter().any(|rule| rule.priority == priority) {
                    return Err(ApiError::priority_in_use(priority).into());
                }
                let path = listener.arn.split_once(":listener/").map_or("", |(_, path)| path);
                let prefix = gantry_model::load_balancing::arn_prefix(&call.scope);
                let created = Rule {
                    arn: format!("{prefix}listener-rule/{path}/{}", ids::load_balancing_id()?),
                    listener: listener.arn.clone(),
                    priority,
                    conditions: condition::read(input.conditions.as_deref())?,
                    action: action::read(tx, &call, &balancer, listener.protocol, input.actions.as_deref()).await?,
                    tags: resolve::tags(input.tags)?,
                };
                record::put_rule(tx, &listener, &created).await?;
                Ok(CreateRuleOutput { rules: Some(vec![view::rule(&created)]) })
            })
        })
        .await
}
