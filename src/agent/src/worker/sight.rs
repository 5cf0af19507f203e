//! Seeing what the engine has: at the start, by its events, and by looking again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;

use super::actions::Doer;
use super::{Backoff, Entry, Input, Worker};
use crate::create;
use crate::disk_state::DiskError;
use crate::engine::{
    CONTAINER_LABEL, Engine, EngineError, EngineEvent, EngineEventKind, Inspected, Listed, RunState, TASK_LABEL,
};
use crate::image::describe;
use crate::task_machine::{Event, Found, Network, Phase, Task};

impl<E: Engine> Worker<E> {
    /// Takes up the tasks that were remembered, with what the engine has of them. Waits for the engine to answer.
    pub(super) async fn take_up(&mut self) -> Result<(), DiskError> {
        let tasks = self.disk.load()?;
        let listed = self.doer.list_patiently().await;
        let mut by_task: HashMap<String, Vec<Listed>> = HashMap::new();
        for container in listed {
            let task = container.labels.get(TASK_LABEL).cloned().unwrap_or_default();
            by_task.entry(task).or_default().push(container);
        }
        for task in tasks {
            let arn = task.spec.arn.clone();
            let of_task = by_task.remove(&arn).unwrap_or_default();
            let found = self.doer.found(&task, &of_task).await;
            self.tasks.insert(arn.clone(), Entry { task, reporting: false, removing: false });
            self.resume(&arn, &found);
        }
        self.orphans = by_task.into_iter().collect();
        self.admit();
        self.health_changed.notify_one();
        Ok(())
    }

    fn resume(&mut self, arn: &str, found: &[Found]) {
        let now = self.now();
        let Some(entry) = self.tasks.get_mut(arn) else { return };
        let actions = entry.task.resume(|container, _| found.get(container).cloned().unwrap_or(Found::Missing), now);
        let (stopped, admitted, need) = (entry.task.is_stopped(), entry.task.admitted, entry.task.spec.need.clone());
        match (stopped, admitted) {
            (true, _) => self.host.release(arn),
            (false, true) => self.host.hold(arn, need),
            (false, false) => self.host.wait(arn, need),
        }
        for (container, found) in found.iter().enumerate() {
            if !matches!(found, Found::Missing) {
                self.doer.logs.follow(&entry.task, container);
            }
        }
        self.after(arn, actions);
    }

    /// Takes over containers of a task that was just accepted and turns out to have some already.
    pub(super) fn adopt(&mut self, arn: &str, listed: Vec<Listed>, stop: bool) {
        let Some(entry) = self.tasks.get_mut(arn) else { return };
        entry.task.admitted = true;
        let (task, doer) = (entry.task.clone(), Arc::clone(&self.doer));
        self.host.hold(arn, task.spec.need.clone());
        tokio::spawn(async move {
            let found = doer.found(&task, &listed).await;
            let arn = task.spec.arn;
            doer.tell(Input::Adopted { task: arn.clone(), found }).await;
            if stop {
                doer.tell(Input::Step { task: arn, event: Event::StopOrdered }).await;
            }
        });
    }

    pub(super) fn adopted(&mut self, arn: &str, found: &[Found]) {
        self.resume(arn, found);
        self.admit();
    }

    pub(super) fn engine_event(&mut self, event: EngineEvent) {
        let Some((task, container)) = self.by_id.get(&event.container_id).cloned() else { return };
        match event.kind {
            EngineEventKind::Health(health) => self.step(task, Event::Health { container, health }),
            EngineEventKind::Died { exit_code } => {
                Arc::clone(&self.doer).look_at_dead(task, container, event.container_id, exit_code)
            }
            EngineEventKind::Destroyed => {
                if let Some(entry) = self.tasks.get(&task) {
                    Arc::clone(&self.doer).look_at(&entry.task, container);
                }
            }
        }
    }

    /// Compares the engine's containers with the tasks, and looks closely at what differs.
    pub(super) fn compare(&mut self, listed: &[Listed]) {
        let by_id: HashMap<&str, RunState> = listed.iter().map(|c| (c.id.as_str(), c.state)).collect();
        for entry in self.tasks.values() {
            for (container, state) in entry.task.containers.iter().enumerate() {
                let Some(id) = &state.docker_id else { continue };
                let expected = match state.phase {
                    Phase::Created => Some(RunState::Created),
                    Phase::Running => Some(RunState::Running),
                    _ => continue,
                };
                if by_id.get(id.as_str()).copied() != expected {
                    Arc::clone(&self.doer).look_at(&entry.task, container);
                }
            }
        }
        for container in listed.iter().filter(|c| c.state == RunState::Running) {
            let Some((task, position)) = self.by_id.get(&container.id) else { continue };
            let state = self.tasks.get(task).map(|entry| entry.task.containers[*position].phase);
            if state == Some(Phase::Stopped) {
                tracing::warn!(task, container = container.id, "a stopped task's container runs; stopping it");
                Arc::clone(&self.doer).stop_stray(container.id.clone());
            }
        }
    }
}

impl<E: Engine> Doer<E> {
    /// Begins to list the engine's containers.
    pub(super) fn look(self: &Arc<Self>) {
        let doer = Arc::clone(self);
        tokio::spawn(async move {
            match doer.engine.list(&doer.creator.agent).await {
                Ok(listed) => doer.tell(Input::Listed(listed)).await,
                Err(error) => tracing::warn!("the containers were not listed: {}", describe(&error)),
            }
        });
    }

    async fn list_patiently(&self) -> Vec<Listed> {
        let mut pause = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        loop {
            match self.engine.list(&self.creator.agent).await {
                Ok(listed) => return listed,
                Err(error) => tracing::warn!("waiting for the container engine: {}", describe(&error)),
            }
            pause.wait().await;
        }
    }

    /// What the engine has for each container of `task`, of which `listed` are all there are.
    async fn found(&self, task: &Task, listed: &[Listed]) -> Vec<Found> {
        let mut found = Vec::new();
        for (container, state) in task.containers.iter().enumerate() {
            let name = &task.spec.containers[container].name;
            let ours = |c: &&Listed| match &state.docker_id {
                Some(id) => c.id == *id,
                None => c.labels.get(CONTAINER_LABEL) == Some(name),
            };
            let Some(one) = listed.iter().find(ours) else {
                found.push(Found::Missing);
                continue;
            };
            let known = state.phase == Phase::Running && one.state == RunState::Running;
            found.push(if known {
                let network = Network { bindings: state.network_bindings.clone(), address: state.address.clone() };
                Found::Running { docker_id: one.id.clone(), network }
            } else {
                self.inspect_patiently(task, container, &one.id).await
            });
        }
        found
    }

    async fn inspect_patiently(&self, task: &Task, container: usize, id: &str) -> Found {
        let mut pause = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        loop {
            match self.engine.inspect(id).await {
                Ok(inspected) => return as_found(task, container, inspected),
                Err(EngineError::NotFound(_)) => return Found::Missing,
                Err(error) => tracing::warn!(container = id, "not inspected: {}", describe(&error)),
            }
            pause.wait().await;
        }
    }

    /// Looks at a container whose state is not what was remembered.
    fn look_at(self: Arc<Self>, task: &Task, container: usize) {
        let state = &task.containers[container];
        let (restarts, Some(id)) = (state.restarts, state.docker_id.clone()) else { return };
        let task = task.clone();
        tokio::spawn(async move {
            let found = match self.engine.inspect(&id).await {
                Ok(inspected) => as_found(&task, container, inspected),
                Err(EngineError::NotFound(_)) => Found::Missing,
                // The next sweep asks again.
                Err(_) => return,
            };
            self.tell(Input::Step { task: task.spec.arn, event: Event::Observed { container, restarts, found } }).await;
        });
    }

    /// Asks why a container died. When it is gone already, the event's exit code is all there is.
    fn look_at_dead(self: Arc<Self>, task: String, container: usize, id: String, exit_code: Option<i64>) {
        tokio::spawn(async move {
            let event = match self.engine.inspect(&id).await {
                Ok(found) if found.state == RunState::Exited => {
                    Event::Died { container, exit_code: found.exit_code, out_of_memory: found.out_of_memory }
                }
                // It was started again, or its start failed, which the start's own answer says.
                Ok(_) => return,
                Err(_) => Event::Died { container, exit_code, out_of_memory: false },
            };
            self.tell(Input::Step { task, event }).await;
        });
    }

    pub(super) fn stop_stray(self: Arc<Self>, id: String) {
        const STRAY_TIMEOUT: Duration = Duration::from_secs(10);
        tokio::spawn(async move {
            if let Err(error) = self.engine.stop(&id, STRAY_TIMEOUT).await {
                tracing::warn!(container = id, "the stray container was not stopped: {}", describe(&error));
            }
        });
    }

    pub(super) fn remove_stray(self: &Arc<Self>, id: String) {
        let doer = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = doer.engine.remove(&id).await {
                tracing::warn!(container = id, "the stray container was not removed: {}", describe(&error));
            }
        });
    }
}

fn as_found(task: &Task, container: usize, inspected: Inspected) -> Found {
    match inspected.state {
        RunState::Created => Found::Created { docker_id: inspected.id },
        RunState::Running => {
            let network = create::network(task, container, &inspected);
            Found::Running { docker_id: inspected.id, network }
        }
        RunState::Exited => Found::Exited {
            docker_id: inspected.id,
            exit_code: inspected.exit_code,
            out_of_memory: inspected.out_of_memory,
        },
    }
}

/// Forwards the engine's events for as long as the worker listens. Each time the stream begins anew, all containers are
/// looked at: what happened in between has no event.
pub(super) async fn watch<E: Engine>(doer: Arc<Doer<E>>) {
    let mut pause = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
    loop {
        match doer.engine.events(&doer.creator.agent).await {
            Ok(mut events) => {
                pause = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
                doer.tell(Input::Resync).await;
                while let Some(Ok(event)) = events.next().await {
                    if doer.inbox.send(Input::Engine(event)).await.is_err() {
                        return;
                    }
                }
                tracing::warn!("the engine's event stream ended; opening it again");
            }
            Err(error) => tracing::warn!("the engine's events cannot be had: {}", describe(&error)),
        }
        pause.wait().await;
    }
}
