//! How changes are written: the row and the event that tells of it, in one transaction.
//!
//! Payloads name what a reader needs to decide whether to look again, and nothing secret: no environment, no overrides.

use gantry_model::capacity_provider::CapacityProvider;
use gantry_model::cluster::Cluster;
use gantry_model::container_instance::ContainerInstance;
use gantry_model::event::{EventKind, NewEvent};
use gantry_model::service::{RolloutState, Service, ServiceEvent};
use gantry_model::service_deployment::{ServiceDeployment, record_id};
use gantry_model::task::{Task, TaskStatus};
use gantry_model::task_definition::TaskDefinition;
use gantry_model::{Arn, Resource};
use gantry_scheduler::Message;
use gantry_store::Tx;
use serde_json::json;

use crate::ecs::{load_balancers, notifications, targets};
use crate::error::Failure;
use crate::ids;

/// Writes a task after a change that users can see; its version rises.
///
/// # Errors
/// The store's.
pub async fn put_task(tx: &mut Tx, task: &mut Task) -> Result<(), Failure> {
    task.version += 1;
    if task.last_status == TaskStatus::Stopped && task.traffic.is_some() {
        targets::forget(tx, task).await?;
    }
    gantry_store::task::put(tx, task).await?;
    notifications::of_task(tx, task).await?;
    tx.append(NewEvent {
        scope: task.scope.clone(),
        kind: EventKind::Task,
        cluster: Some(task.cluster.clone()),
        subject: Arn::task(&task.scope, &task.cluster, &task.id).to_string(),
        payload: json!({
            "taskId": task.id,
            "group": task.group,
            "service": task.service,
            "taskDefinition": task.task_definition.to_string(),
            "containerInstanceId": task.instance,
            "lastStatus": task.last_status,
            "desiredStatus": task.desired_status,
            "healthStatus": task.health,
            "stopCode": task.stop_code,
            "stoppedReason": task.stopped_reason,
            "version": task.version,
        }),
    });
    Ok(())
}

/// Writes a service after a change; its version rises.
///
/// # Errors
/// The store's.
pub async fn put_service(tx: &mut Tx, service: &mut Service) -> Result<(), Failure> {
    let before = match tx.notifies() {
        true => gantry_store::service::get(tx, &service.scope, &service.cluster, &service.name).await?,
        false => None,
    };
    gantry_store::service::put(tx, service).await?;
    load_balancers::shift(tx, service).await?;
    notifications::of_deployments(tx, before.as_ref(), service).await?;
    tx.append(NewEvent {
        scope: service.scope.clone(),
        kind: EventKind::Service,
        cluster: Some(service.cluster.clone()),
        subject: Arn::service(&service.scope, &service.cluster, &service.name).to_string(),
        payload: json!({
            "service": service.name,
            "status": service.status,
            "desiredCount": service.desired_count,
            "taskDefinition": service.task_definition.as_ref().map(ToString::to_string),
            "deployments": service.deployments.len(),
            "version": service.version,
        }),
    });
    keep_history(tx, service).await
}

/// Brings the records of the service's deployments to what the service is now, and begins that of a new one.
async fn keep_history(tx: &mut Tx, service: &Service) -> Result<(), Failure> {
    let now = tx.now();
    let Service { scope, cluster, name, .. } = service;
    let underway = gantry_store::service_deployment::unfinished(tx, scope, cluster, name).await?;
    for before in &underway {
        let mut record = before.clone();
        record.follow(service, now);
        if record != *before {
            gantry_store::service_deployment::put(tx, &record).await?;
        }
    }
    // A deployment that is new is under way and came of no rollback.
    let Some(primary) = service
        .primary()
        .filter(|primary| primary.rollout_state == RolloutState::InProgress && primary.rolled_back_from.is_none())
    else {
        return Ok(());
    };
    let id = record_id(&primary.id);
    let is_new = !underway.iter().any(|record| record.deployment == primary.id)
        && gantry_store::service_deployment::get(tx, scope, cluster, name, id).await?.is_none();
    if is_new {
        gantry_store::service_deployment::put(tx, &ServiceDeployment::begin(service, primary)).await?;
    }
    Ok(())
}

/// Has a service say something of itself, in its event feed and to those who asked to be told.
///
/// # Errors
/// The store's.
pub async fn tell(tx: &mut Tx, service: &Service, message: &Message) -> Result<(), Failure> {
    notifications::of_message(tx, service, message).await?;
    say(tx, service, message.render(&service.name)).await
}

/// Adds a line to a service's event feed.
///
/// # Errors
/// The store's.
pub async fn say(tx: &mut Tx, service: &Service, message: String) -> Result<(), Failure> {
    let event = ServiceEvent { id: ids::uuid()?, created_at: tx.now(), message };
    gantry_store::service::append_message(tx, service, event).await?;
    Ok(())
}

/// Writes a container instance after a change that users can see; its version rises.
///
/// # Errors
/// The store's.
pub async fn put_instance(tx: &mut Tx, instance: &mut ContainerInstance) -> Result<(), Failure> {
    instance.version += 1;
    gantry_store::container_instance::put(tx, instance).await?;
    notifications::of_instance(tx, instance).await?;
    tx.append(NewEvent {
        scope: instance.scope.clone(),
        kind: EventKind::ContainerInstance,
        cluster: Some(instance.cluster.clone()),
        subject: Arn::container_instance(&instance.scope, &instance.cluster, &instance.id).to_string(),
        payload: json!({
            "containerInstanceId": instance.id,
            "status": instance.status,
            "agentConnected": instance.agent_connected,
            "version": instance.version,
        }),
    });
    Ok(())
}

/// Writes a cluster after a change.
///
/// # Errors
/// The store's.
pub async fn put_cluster(tx: &mut Tx, cluster: &Cluster) -> Result<(), Failure> {
    gantry_store::cluster::put(tx, cluster).await?;
    tx.append(NewEvent {
        scope: cluster.scope.clone(),
        kind: EventKind::Cluster,
        cluster: Some(cluster.name.clone()),
        subject: Arn::cluster(&cluster.scope, &cluster.name).to_string(),
        payload: json!({ "cluster": cluster.name, "status": cluster.status }),
    });
    Ok(())
}

/// Writes a capacity provider after a change.
///
/// # Errors
/// The store's.
pub async fn put_capacity_provider(tx: &mut Tx, provider: &CapacityProvider) -> Result<(), Failure> {
    gantry_store::capacity_provider::put(tx, provider).await?;
    tell_of_provider(tx, provider, "ACTIVE");
    Ok(())
}

/// Forgets a capacity provider.
///
/// # Errors
/// The store's.
pub async fn delete_capacity_provider(tx: &mut Tx, provider: &CapacityProvider) -> Result<(), Failure> {
    gantry_store::capacity_provider::delete(tx, &provider.scope, &provider.name).await?;
    tell_of_provider(tx, provider, "INACTIVE");
    Ok(())
}

fn tell_of_provider(tx: &mut Tx, provider: &CapacityProvider, status: &str) {
    tx.append(NewEvent {
        scope: provider.scope.clone(),
        kind: EventKind::CapacityProvider,
        cluster: None,
        subject: Arn::new(&provider.scope, Resource::CapacityProvider(provider.name.clone())).to_string(),
        payload: json!({ "capacityProvider": provider.name, "status": status }),
    });
}

/// Writes a task definition after a change.
///
/// # Errors
/// The store's.
pub async fn put_task_definition(tx: &mut Tx, definition: &TaskDefinition) -> Result<(), Failure> {
    gantry_store::task_definition::put(tx, definition).await?;
    tx.append(NewEvent {
        scope: definition.scope.clone(),
        kind: EventKind::TaskDefinition,
        cluster: None,
        subject: Arn::new(&definition.scope, Resource::TaskDefinition(definition.id.clone())).to_string(),
        payload: json!({ "taskDefinition": definition.id.to_string(), "status": definition.status }),
    });
    Ok(())
}
