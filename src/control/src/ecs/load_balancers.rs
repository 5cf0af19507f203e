//! The load balancers that a service stands behind: what its requests say of them, and where its traffic goes.
//!
//! `loadBalancers` names a target group and the container and port that become its targets ([`targets`]). With
//! `advancedConfiguration` there are two groups, and a deployment in stages moves the weights of a listener's rule from the
//! one to the other ([`shift`]); which of the two a deployment's tasks are in is [`Deployment::is_alternate`].
//!
//! Source: ECS API reference, `LoadBalancer`, `AdvancedConfiguration`; ECS developer guide, "Application Load Balancer
//! resources for blue/green deployments".

use gantry_model::load_balancing::{Action, GroupWeight, TargetType};
use gantry_model::rollout::{ALL, Strategy};
use gantry_model::service::{Deployment, RolloutState, Service, Workload};
use gantry_store::{Conn, StoreError, Tx, load_balancer};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;

use crate::context::Call;
use crate::ecs::targets;
use crate::elasticloadbalancing::{record, resolve, users};
use crate::error::Failure;

/// The member among those of a revision that names target groups.
pub const MEMBER: &str = "loadBalancers";

/// The most target groups of a service.
const MOST: usize = 5;

/// The load balancers that a revision names. What was kept was read when it was given.
#[must_use]
pub fn of(workload: &Workload) -> Vec<wire::LoadBalancer> {
    let kept = workload.kept.get(MEMBER).cloned();
    kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default()
}

/// Checks what a request says of load balancers for tasks of `document`.
///
/// # Errors
/// InvalidParameterException.
pub async fn check(
    conn: &mut Conn,
    call: &Call,
    given: &[wire::LoadBalancer],
    document: &wire::TaskDefinition,
    strategy: Strategy,
) -> Result<(), Failure> {
    if given.len() > MOST {
        let text = format!("loadBalancers: a service can name at most {MOST} target groups.");
        return Err(ApiError::invalid_parameter(text).into());
    }
    let used = users(conn).await?;
    for one in given {
        let group = one.target_group_arn.as_deref().unwrap_or_default();
        if one.load_balancer_name.is_some() || group.is_empty() {
            let text = "loadBalancers: there are no Classic Load Balancers here; targetGroupArn is required.";
            return Err(ApiError::invalid_parameter(text).into());
        }
        check_port(one, document)?;
        let alternate =
            one.advanced_configuration.as_ref().and_then(|advanced| advanced.alternate_target_group_arn.clone());
        for arn in std::iter::once(group).chain(alternate.as_deref()) {
            let Ok(found) = resolve::target_group(conn, call, arn).await else {
                let text = format!("loadBalancers: the target group {arn} does not exist.");
                return Err(ApiError::invalid_parameter(text).into());
            };
            if !used.contains_key(arn) {
                let text =
                    format!("The target group with targetGroupArn {arn} does not have an associated load balancer.");
                return Err(ApiError::invalid_parameter(text).into());
            }
            let awsvpc = document.network_mode.as_deref() == Some("awsvpc");
            if (found.target_type == TargetType::Ip) != awsvpc {
                let mode = document.network_mode.as_deref().unwrap_or("bridge");
                let text = format!(
                    "The provided target group {arn} has target type {}, which is incompatible with the {mode} network mode \
                     specified in the task definition.",
                    found.target_type.as_str()
                );
                return Err(ApiError::invalid_parameter(text).into());
            }
        }
        check_advanced(conn, call, one, strategy).await?;
    }
    Ok(())
}

fn check_port(given: &wire::LoadBalancer, document: &wire::TaskDefinition) -> Result<(), ApiError> {
    let name = given.container_name.as_deref().unwrap_or_default();
    let mut containers = document.container_definitions.iter().flatten();
    let Some(container) = containers.find(|container| container.name.as_deref() == Some(name)) else {
        let text = format!("The container {name} does not exist in the task definition.");
        return Err(ApiError::invalid_parameter(text));
    };
    let maps = |mapping: &wire::PortMapping| mapping.container_port == given.container_port;
    if given.container_port.is_none() || !container.port_mappings.iter().flatten().any(maps) {
        let port = given.container_port.unwrap_or_default();
        let text = format!("The container {name} did not have a container port {port} defined.");
        return Err(ApiError::invalid_parameter(text));
    }
    Ok(())
}

/// A deployment in stages moves traffic, so it must be said between what.
async fn check_advanced(
    conn: &mut Conn,
    call: &Call,
    given: &wire::LoadBalancer,
    strategy: Strategy,
) -> Result<(), Failure> {
    let Some(advanced) = &given.advanced_configuration else {
        if strategy == Strategy::Rolling {
            return Ok(());
        }
        let text = format!("loadBalancers: advancedConfiguration is required for the strategy {}.", strategy.as_str());
        return Err(ApiError::invalid_parameter(text).into());
    };
    let alternate = advanced.alternate_target_group_arn.as_deref();
    if alternate.is_none() || alternate == given.target_group_arn.as_deref() {
        let text = "loadBalancers: advancedConfiguration.alternateTargetGroupArn must name another target group.";
        return Err(ApiError::invalid_parameter(text).into());
    }
    let production = advanced.production_listener_rule.as_deref();
    let Some(production) = production else {
        let text = "loadBalancers: advancedConfiguration.productionListenerRule is required.";
        return Err(ApiError::invalid_parameter(text).into());
    };
    for rule in std::iter::once(production).chain(advanced.test_listener_rule.as_deref()) {
        if Forwarding::find(conn, Some(call), rule).await?.is_none() {
            let text = format!("loadBalancers: the listener rule {rule} does not exist.");
            return Err(ApiError::invalid_parameter(text).into());
        }
    }
    Ok(())
}

/// Something whose action forwards: a rule, or the listener whose default rule is meant.
enum Forwarding {
    Rule(Box<gantry_model::load_balancing::Rule>, gantry_model::load_balancing::Listener),
    Default(gantry_model::load_balancing::Listener),
}

impl Forwarding {
    async fn find(conn: &mut Conn, call: Option<&Call>, arn: &str) -> Result<Option<Self>, Failure> {
        let own =
            |arn: &str| call.is_none_or(|call| arn.starts_with(&gantry_model::load_balancing::arn_prefix(&call.scope)));
        if let Some(rule) = load_balancer::rule(conn, arn).await?.filter(|rule| own(&rule.arn)) {
            let listener = load_balancer::listener(conn, &rule.listener).await?;
            return Ok(listener.map(|listener| Self::Rule(Box::new(rule), listener)));
        }
        let listeners = load_balancer::all_listeners(conn).await?;
        Ok(listeners.into_iter().find(|listener| listener.default_rule == arn && own(arn)).map(Self::Default))
    }

    /// Sends to `groups` from now on.
    async fn forward(self, tx: &mut Tx, groups: Vec<GroupWeight>) -> Result<(), StoreError> {
        let changed = |before: &Action| {
            let stickiness_s = match before {
                Action::Forward { stickiness_s, .. } => *stickiness_s,
                Action::Redirect { .. } | Action::FixedResponse { .. } => None,
            };
            let action = Action::Forward { groups, stickiness_s };
            (action != *before).then_some(action)
        };
        match self {
            Self::Rule(mut rule, listener) => {
                let Some(action) = changed(&rule.action) else { return Ok(()) };
                rule.action = action;
                record::put_rule(tx, &listener, &rule).await
            }
            Self::Default(mut listener) => {
                let Some(action) = changed(&listener.default_action) else { return Ok(()) };
                listener.default_action = action;
                record::put_listener(tx, &listener).await
            }
        }
    }
}

/// The shares of the alternate groups that a service's deployments come to, of production and of test traffic, in
/// thousandths; `None` when what is there is to stay.
fn shares(service: &Service) -> Option<(u32, u32)> {
    let primary = service.primary()?;
    let all_to = |deployment: &Deployment| if deployment.is_alternate { ALL } else { 0 };
    let alone = service.deployments.iter().all(|deployment| deployment.is_alternate == primary.is_alternate);
    let under_way = primary.rollout_state == RolloutState::InProgress && primary.rolled_back_from.is_none();
    match &primary.rollout {
        Some(rollout) if under_way && !alone => {
            let share = |permille: u32| if primary.is_alternate { permille } else { ALL.saturating_sub(permille) };
            let test = if rollout.test_permille > 0 { rollout.test_permille } else { rollout.production_permille };
            Some((share(rollout.production_permille), share(test)))
        }
        // Nothing replaces a deployment that failed: its traffic stays where it was.
        _ if primary.rollout_state == RolloutState::Failed => None,
        _ => Some((all_to(primary), all_to(primary))),
    }
}

/// Brings the weights of the service's listener rules to what its deployments are now.
///
/// # Errors
/// The store's.
pub async fn shift(tx: &mut Tx, service: &Service) -> Result<(), Failure> {
    let workload = service.workload();
    if !workload.kept.contains_key(MEMBER) {
        return Ok(());
    }
    let Some((production, test)) = shares(service) else { return Ok(()) };
    for one in of(&workload) {
        let (Some(group), Some(advanced)) = (one.target_group_arn, one.advanced_configuration) else { continue };
        let Some(alternate) = advanced.alternate_target_group_arn else { continue };
        for (rule, share) in [(advanced.production_listener_rule, production), (advanced.test_listener_rule, test)] {
            let Some(rule) = rule else { continue };
            let Some(found) = Forwarding::find(tx, None, &rule).await? else { continue };
            let (first, second) = weights(share);
            let groups = vec![
                GroupWeight { group: group.clone(), weight: first },
                GroupWeight { group: alternate.clone(), weight: second },
            ];
            found.forward(tx, groups).await?;
        }
    }
    Ok(())
}

/// The weights of two groups for the share of the second, as small as they can be: rules have weights of at most 999.
fn weights(permille: u32) -> (u32, u32) {
    let second = permille.min(ALL);
    if second.is_multiple_of(10) { (100 - second / 10, second / 10) } else { (ALL - second, second) }
}

/// The group that tasks of a deployment are in.
#[must_use]
pub fn group_of(one: &wire::LoadBalancer, is_alternate: bool) -> Option<String> {
    let alternate =
        one.advanced_configuration.as_ref().and_then(|advanced| advanced.alternate_target_group_arn.clone());
    alternate.filter(|_| is_alternate).or_else(|| one.target_group_arn.clone())
}

/// Registers a task that is RUNNING with the target groups of its revision, if it has not been; says so in its service's
/// events.
///
/// # Errors
/// As [`targets::register`].
pub async fn register(tx: &mut Tx, task: &mut gantry_model::task::Task) -> Result<(), Failure> {
    let Some(name) = task.service.clone() else { return Ok(()) };
    if task.traffic.as_ref().is_none_or(|traffic| traffic.is_registered) {
        return Ok(());
    }
    let found = gantry_store::service::get(tx, &task.scope, &task.cluster, &name).await?;
    let (Some(service), Some(deployment)) = (found, task.deployment.clone()) else { return Ok(()) };
    let of_deployment = service.deployments.iter().find(|d| d.id == deployment);
    let is_alternate = of_deployment.is_some_and(|deployment| deployment.is_alternate);
    let all = of(&service.workload_of(&deployment));
    targets::register(tx, &service, task, &all, is_alternate).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_exact_in_weights() {
        for (permille, expected) in [(0, (100, 0)), (1, (999, 1)), (50, (95, 5)), (55, (945, 55)), (1000, (0, 100))] {
            assert_eq!(weights(permille), expected, "{permille}");
        }
    }
}
