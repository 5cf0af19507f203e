//! What is told to those who asked to be told, in the shape of EventBridge's events (ECS developer guide, "Amazon ECS
//! events"). It is written in the transaction of the change that it tells of; delivering it is `loops::delivery`'s.
//!
//! A detail is the noun as the API answers it, but for what EventBridge does otherwise: instants are texts, an interface is
//! an `eni`, and a task's health is not told.

use gantry_model::container_instance::ContainerInstance;
use gantry_model::service::{Deployment, RolloutState, Service};
use gantry_model::task::Task;
use gantry_model::{Arn, Resource, Scope, UnixMillis};
use gantry_scheduler::Message;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::event_bridge::ServiceEvent;
use gantry_wire::value::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::ecs::{instances, view};
use crate::error::Failure;
use crate::ids;

/// Tells how a task is after a change.
///
/// # Errors
/// The store's.
pub async fn of_task(tx: &mut Tx, task: &Task) -> Result<(), Failure> {
    if !tx.notifies() {
        return Ok(());
    }
    let mut detail = detail(&view::task::task(task, false), tx.now())?;
    detail.remove("healthStatus");
    detail.remove("tags");
    for container in members(&mut detail, "containers") {
        container.remove("healthStatus");
    }
    for attachment in members(&mut detail, "attachments") {
        if attachment.get("type").is_some_and(|kind| kind == "ElasticNetworkInterface") {
            attachment.insert("type".to_owned(), json!("eni"));
        }
    }
    let arn = Arn::task(&task.scope, &task.cluster, &task.id);
    write(tx, &task.scope, "ECS Task State Change", &arn, detail.into()).await
}

/// Tells how a container instance is after a change.
///
/// # Errors
/// The store's.
pub async fn of_instance(tx: &mut Tx, instance: &ContainerInstance) -> Result<(), Failure> {
    if !tx.notifies() {
        return Ok(());
    }
    let view = instances::view_of(tx, instance).await?;
    let mut detail = detail(&view, tx.now())?;
    detail.remove("tags");
    let arn = Arn::container_instance(&instance.scope, &instance.cluster, &instance.id);
    write(tx, &instance.scope, "ECS Container Instance State Change", &arn, detail.into()).await
}

/// Tells which of a service's deployments began, completed or failed with a change of it.
///
/// # Errors
/// The store's.
pub async fn of_deployments(tx: &mut Tx, before: Option<&Service>, service: &Service) -> Result<(), Failure> {
    if !tx.notifies() {
        return Ok(());
    }
    let arn = Arn::service(&service.scope, &service.cluster, &service.name);
    for deployment in &service.deployments {
        let was = before.and_then(|before| before.deployments.iter().find(|d| d.id == deployment.id));
        if was.is_none_or(|was| was.rollout_state != deployment.rollout_state) {
            let detail = deployment_detail(deployment, tx.now());
            write(tx, &service.scope, "ECS Deployment State Change", &arn, detail).await?;
        }
    }
    Ok(())
}

fn deployment_detail(deployment: &Deployment, now: UnixMillis) -> Value {
    let (kind, name) = match deployment.rollout_state {
        RolloutState::InProgress => ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
        RolloutState::Completed => ("INFO", "SERVICE_DEPLOYMENT_COMPLETED"),
        RolloutState::Failed => ("ERROR", "SERVICE_DEPLOYMENT_FAILED"),
    };
    json!({
        "eventType": kind,
        "eventName": name,
        "deploymentId": deployment.id,
        "updatedAt": Timestamp::from(now).to_rfc3339(),
        "reason": deployment.rollout_state_reason,
    })
}

/// Tells what a service says of itself, where EventBridge has a name for it.
///
/// # Errors
/// The store's.
pub async fn of_message(tx: &mut Tx, service: &Service, message: &Message) -> Result<(), Failure> {
    if !tx.notifies() {
        return Ok(());
    }
    let arn = Arn::service(&service.scope, &service.cluster, &service.name);
    for detail in actions(service, message, tx.now()) {
        write(tx, &service.scope, "ECS Service Action", &arn, detail).await?;
    }
    Ok(())
}

fn actions(service: &Service, message: &Message, now: UnixMillis) -> Vec<Value> {
    let action = |kind: &str, name: &str, more: Value| {
        let mut detail = json!({
            "eventType": kind,
            "eventName": name,
            "clusterArn": Arn::cluster(&service.scope, &service.cluster).to_string(),
            "createdAt": Timestamp::from(now).to_rfc3339(),
        });
        if let (Some(members), Value::Object(more)) = (detail.as_object_mut(), more) {
            members.extend(more);
        }
        detail
    };
    match message {
        Message::SteadyState => {
            let steady = action("INFO", "SERVICE_STEADY_STATE", Value::Null);
            let providers: Vec<String> =
                service.capacity_provider_strategy.iter().map(|i| provider(service, i)).collect();
            let more = json!({ "capacityProviderArns": providers });
            let pools = (!providers.is_empty()).then(|| action("INFO", "CAPACITY_PROVIDER_STEADY_STATE", more));
            std::iter::once(steady).chain(pools).collect()
        }
        Message::Unplaceable { closest } => {
            let more = match closest {
                None => json!({ "reason": "No Container Instances were found in your cluster." }),
                Some((instance, reason)) => json!({
                    "containerInstanceArns":
                        [Arn::container_instance(&service.scope, &service.cluster, instance).to_string()],
                    "reason": reason.as_api(),
                }),
            };
            vec![action("ERROR", "SERVICE_TASK_PLACEMENT_FAILURE", more)]
        }
        Message::StartImpaired => vec![action("WARN", "SERVICE_TASK_START_IMPAIRED", Value::Null)],
        Message::Unbalanced { .. } => vec![action("INFO", "SERVICE_REBALANCING_STARTED", Value::Null)],
        Message::Balanced { .. } => vec![action("INFO", "SERVICE_REBALANCING_COMPLETED", Value::Null)],
        // EventBridge has no name for these; what they say of tasks and deployments is told of those.
        Message::Started { .. }
        | Message::Stopped { .. }
        | Message::DeploymentBlocked
        | Message::ProtectedTasks { .. }
        | Message::DeploymentCompleted { .. }
        | Message::DeploymentFailed { .. }
        | Message::Registered { .. }
        | Message::Deregistered { .. }
        | Message::UnhealthyTarget { .. }
        | Message::RollingBack { .. } => Vec::new(),
    }
}

fn provider(service: &Service, item: &gantry_model::cluster::CapacityProviderStrategyItem) -> String {
    Arn::new(&service.scope, Resource::CapacityProvider(item.capacity_provider.clone())).to_string()
}

/// A noun as the API answers it, with its instants as texts, and when it was so.
fn detail<T: Serialize>(noun: &T, now: UnixMillis) -> Result<Map<String, Value>, Failure> {
    let mut value =
        serde_json::to_value(noun).map_err(|e| ApiError::server(format!("what is to be told does not encode: {e}")))?;
    write_instants(&mut value);
    let Value::Object(mut members) = value else { return Ok(Map::new()) };
    members.insert("updatedAt".to_owned(), json!(Timestamp::from(now).to_rfc3339()));
    Ok(members)
}

/// Every member of the API whose name ends in `At` and that is a number is an instant.
fn write_instants(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_f64().filter(|_| name.ends_with("At")) {
                    Some(seconds) => *member = json!(Timestamp(seconds).to_rfc3339()),
                    None => write_instants(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(write_instants),
        _ => {}
    }
}

fn members<'a>(detail: &'a mut Map<String, Value>, list: &str) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    detail.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

async fn write(tx: &mut Tx, scope: &Scope, kind: &str, subject: &Arn, detail: Value) -> Result<(), Failure> {
    let event = ServiceEvent {
        id: ids::uuid()?,
        source: "aws.ecs",
        detail_type: kind,
        scope,
        at: tx.now(),
        resource: subject.to_string(),
        detail,
    };
    Ok(gantry_store::notification::append(tx, &event.to_json()).await?)
}
