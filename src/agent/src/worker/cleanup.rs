//! Removing what stopped tasks leave behind.
//!
//! The containers of a stopped task are kept for a while, for whoever wants to look at them, but no more than a few: a
//! task that crashes in a loop must not fill the disk. A task is forgotten only when its last report was acknowledged.

use std::sync::Arc;
use std::time::Duration;

use gantry_model::UnixMillis;

use super::actions::Doer;
use super::{Entry, Input, Worker};
use crate::create;
use crate::engine::Engine;
use crate::image::describe;
use crate::task_machine::Task;

/// How many containers of stopped tasks are kept.
const KEPT_CONTAINERS: usize = 20;
/// How long they are kept (Amazon's agent: `ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION`).
const KEPT_FOR_S: i64 = 3 * 60 * 60;

/// How long containers wait for their lines to be shipped before they are removed. A control plane that is away for
/// longer must not fill the disk.
const SHIPPED_WITHIN: Duration = Duration::from_mins(10);

impl<E: Engine> Worker<E> {
    /// Begins to remove the containers of stopped tasks that are too many or too old.
    pub(super) fn clean_up(&mut self) {
        let now = self.now();
        let stopped_at = |e: &Entry| e.task.execution_stopped_at.unwrap_or(e.task.accepted_at);
        let done = |e: &&Entry| e.task.is_stopped() && e.task.outbox.is_empty() && !e.removing;
        let mut stopped: Vec<(UnixMillis, String, usize)> = self
            .tasks
            .values()
            .filter(done)
            .map(|e| (stopped_at(e), e.task.spec.arn.clone(), e.task.containers.len()))
            .collect();
        stopped.sort();
        let mut kept: usize = stopped.iter().map(|(_, _, containers)| containers).sum();
        for (at, arn, containers) in stopped {
            if kept <= KEPT_CONTAINERS && now.millis_since(at) <= KEPT_FOR_S * 1000 {
                break;
            }
            kept -= containers;
            self.remove(&arn);
        }
    }

    fn remove(&mut self, arn: &str) {
        let Some(entry) = self.tasks.get_mut(arn) else { return };
        entry.removing = true;
        let (task, doer) = (entry.task.clone(), Arc::clone(&self.doer));
        tokio::spawn(async move {
            remove_containers(&doer, &task).await;
            doer.tell(Input::Removed { task: task.spec.arn }).await;
        });
    }

    pub(super) fn removed(&mut self, arn: &str) {
        if let Some(entry) = self.tasks.remove(arn) {
            for id in entry.task.containers.into_iter().filter_map(|c| c.docker_id) {
                self.by_id.remove(&id);
            }
        }
        if let Err(error) = self.disk.forget(arn) {
            tracing::error!(task = arn, "the task's state was not removed: {}", describe(&error));
        }
    }
}

/// Removes a stopped task's containers, the pause container last, and its own volumes.
async fn remove_containers<E: Engine>(doer: &Doer<E>, task: &Task) {
    let engine = &*doer.engine;
    for id in task.containers.iter().rev().filter_map(|c| c.docker_id.as_ref()) {
        if tokio::time::timeout(SHIPPED_WITHIN, doer.logs.drained(id)).await.is_err() {
            tracing::warn!(task = task.spec.arn, container = id, "removed before all of its lines were shipped");
        }
        if let Err(error) = engine.remove(id).await {
            tracing::warn!(task = task.spec.arn, container = id, "not removed: {}", describe(&error));
        }
        doer.logs.forget(id);
    }
    for volume in create::own_volumes(task) {
        if let Err(error) = engine.remove_volume(&volume).await {
            tracing::warn!(task = task.spec.arn, volume, "not removed: {}", describe(&error));
        }
    }
}
