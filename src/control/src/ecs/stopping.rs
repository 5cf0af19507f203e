//! How a task is told to stop.

use gantry_model::UnixMillis;
use gantry_model::task::{DesiredStatus, StopCode, Task, TaskStatus};
use gantry_store::Tx;

use crate::ecs::{record, targets};
use crate::error::Failure;

/// Wants `task` STOPPED for `reason`. A task that is on no host, or whose host is gone, is STOPPED at once. One that load
/// balancers send to is DEACTIVATING until they have let it go; any other is STOPPING until its agent says that it ended. The
/// first reason stays. Answers whether anything changed.
///
/// # Errors
/// The store's.
pub async fn stop(tx: &mut Tx, task: &mut Task, code: StopCode, reason: &str) -> Result<bool, Failure> {
    if task.desired_status == DesiredStatus::Stopped {
        return Ok(false);
    }
    let now = tx.now();
    let has_host = has_host(tx, task).await?;
    let drains = has_host && targets::let_go(tx, task).await?;
    mark(task, code, reason, now);
    if !has_host {
        finish(task, now);
    } else if drains {
        task.advance(TaskStatus::Deactivating);
    } else {
        task.advance(TaskStatus::Stopping);
    }
    record::put_task(tx, task).await?;
    Ok(true)
}

fn mark(task: &mut Task, code: StopCode, reason: &str, now: UnixMillis) {
    task.desired_status = DesiredStatus::Stopped;
    task.stop_code.get_or_insert(code);
    task.stopped_reason.get_or_insert_with(|| reason.chars().take(1024).collect());
    task.stopping_at.get_or_insert(now);
}

fn finish(task: &mut Task, now: UnixMillis) {
    task.advance(TaskStatus::Stopped);
    task.execution_stopped_at.get_or_insert(now);
    task.stopped_at.get_or_insert(now);
    for container in &mut task.containers {
        container.last_status = TaskStatus::Stopped;
    }
}

/// Whether the host that the task is on is still registered.
async fn has_host(tx: &mut Tx, task: &Task) -> Result<bool, Failure> {
    use gantry_model::container_instance::InstanceStatus;
    let Some(id) = &task.instance else { return Ok(false) };
    let host = gantry_store::container_instance::get(tx, id).await?;
    Ok(host.is_some_and(|h| h.status != InstanceStatus::Inactive))
}

/// Ends `task` without its agent: its host is gone for good. What ran there is an orphan that no longer counts.
///
/// # Errors
/// The store's.
pub async fn abandon(tx: &mut Tx, task: &mut Task, code: StopCode, reason: &str) -> Result<(), Failure> {
    let now = tx.now();
    mark(task, code, reason, now);
    finish(task, now);
    record::put_task(tx, task).await
}
