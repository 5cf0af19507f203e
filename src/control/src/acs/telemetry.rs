//! A telemetry session: what health checks say of the containers on an instance.
//!
//! Health is applied to the tasks of this instance alone, and only where it changes something. Metrics are acknowledged
//! and not kept yet.

use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket};
use gantry_model::ContainerInstanceId;
use gantry_model::container_instance::ContainerInstance;
use gantry_model::task::{HealthStatus, Task, TaskStatus};
use gantry_store::Tx;
use gantry_wire::tcs::{AckPublishHealth, AckPublishMetric, ContainerHealth, TaskHealth, TcsMessage};

use super::session::task_id;
use crate::context::Control;
use crate::ecs::record;
use crate::ecs::state_change::{self, Moved};
use crate::error::{Failure, chain};

/// Serves the agent of `instance` until either side ends it.
pub(super) async fn run(control: Arc<Control>, instance: ContainerInstance, mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let text = match message {
            Message::Text(text) => text,
            Message::Close(_) => return,
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => continue,
        };
        let answer = match TcsMessage::decode(text.as_str()) {
            Ok(message) => receive(&control, &instance.id, message).await,
            Err(error) => {
                tracing::warn!(instance = %instance.id, "a telemetry message cannot be read: {}", chain(&error));
                None
            }
        };
        let Some(answer) = answer else { continue };
        match answer.encode() {
            Ok(text) => {
                if socket.send(Message::text(text)).await.is_err() {
                    return;
                }
            }
            Err(error) => tracing::error!("a telemetry answer was not written: {}", chain(&error)),
        }
    }
}

async fn receive(control: &Arc<Control>, instance: &ContainerInstanceId, message: TcsMessage) -> Option<TcsMessage> {
    match message {
        TcsMessage::PublishHealthRequest(health) => {
            let instance = instance.clone();
            let tasks = health.tasks;
            let write = control.store.write(move |tx| Box::pin(async move { apply_all(tx, &instance, &tasks).await }));
            match write.await {
                Ok(()) => Some(AckPublishHealth { message: "ok".to_owned() }.into()),
                Err(failure) => {
                    // Without the acknowledgement it is published again in the next round.
                    tracing::error!("health was not noted: {}", chain(&failure));
                    None
                }
            }
        }
        TcsMessage::PublishMetricsRequest(_) => Some(AckPublishMetric { message: "ok".to_owned() }.into()),
        _ => None,
    }
}

async fn apply_all(tx: &mut Tx, instance: &ContainerInstanceId, reports: &[TaskHealth]) -> Result<(), Failure> {
    let ids: Vec<_> = reports.iter().map(|report| task_id(&report.task_arn)).collect();
    for mut task in gantry_store::task::on_instance(tx, instance).await? {
        let Some(at) = ids.iter().position(|id| id.as_ref() == Some(&task.id)) else { continue };
        let before = task.health;
        if apply(&mut task, &reports[at].containers) {
            record::put_task(tx, &mut task).await?;
        }
        if task.health != before {
            state_change::tell_service(tx, &task, Moved::Health, false).await?;
        }
    }
    Ok(())
}

/// Applies what is said of a task's containers; answers whether that changed anything.
pub(super) fn apply(task: &mut Task, reports: &[ContainerHealth]) -> bool {
    if task.last_status == TaskStatus::Stopped {
        return false;
    }
    let before = task.clone();
    for report in reports {
        let health = match report.health_status.as_str() {
            "HEALTHY" => HealthStatus::Healthy,
            "UNHEALTHY" => HealthStatus::Unhealthy,
            _ => HealthStatus::Unknown,
        };
        let own = task.containers.iter_mut().find(|c| c.name == report.container_name && c.has_health_check);
        if let Some(container) = own {
            container.health = health;
        }
    }
    task.health = task.health_of_containers();
    *task != before
}
