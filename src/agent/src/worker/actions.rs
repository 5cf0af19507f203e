//! Carrying actions out: each runs beside the worker and answers with one event.
//!
//! What a failure means is decided here. An engine that does not answer is asked again until the action's time is up,
//! because a daemon that restarts is back in seconds; what it may have done unseen is looked at before it is asked again.
//! Creating and starting share a limited number of permits: more at once than the engine can do only adds waiting.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use super::{Backoff, Input};
use crate::create::{self, Creator};
use crate::engine::{CONTAINER_LABEL, Engine, EngineError, Inspected, RunState, TASK_LABEL};
use crate::image::{Auth, Images, describe};
use crate::logs::Shipping;
use crate::secrets::{self, Secrets, Values};
use crate::spec::{NetworkMode, VolumeKind};
use crate::task_machine::{Action, Event, Network, Task};

/// The time that Amazon's agent gives each of these.
const CREATE_TIMEOUT: Duration = Duration::from_mins(4);
const START_TIMEOUT: Duration = Duration::from_mins(3);

/// What actions are carried out with.
pub(super) struct Doer<E> {
    pub(super) engine: Arc<E>,
    pub(super) images: Arc<Images<E>>,
    pub(super) logs: Arc<Shipping<E>>,
    pub(super) secrets: Arc<dyn Secrets>,
    pub(super) creator: Creator,
    pub(super) starts: Semaphore,
    pub(super) inbox: mpsc::Sender<Input>,
}

impl<E: Engine> Doer<E> {
    /// Begins `action` of `task`.
    pub(super) fn carry_out(self: Arc<Self>, task: &Task, action: Action) {
        let task = task.clone();
        tokio::spawn(async move {
            let event = match action {
                Action::Pull { container } => self.pull(&task, container).await,
                Action::Create { container } => self.create(&task, container).await,
                Action::Start { container } => self.start(&task, container).await,
                Action::Stop { container, timeout_s } => self.stop(&task, container, timeout_s).await,
                Action::PublishHealth => return,
            };
            self.tell(Input::Step { task: task.spec.arn, event }).await;
        });
    }

    /// Puts `input` into the worker's queue. A worker that has ended needs none.
    pub(super) async fn tell(&self, input: Input) {
        _ = self.inbox.send(input).await;
    }

    async fn pull(&self, task: &Task, container: usize) -> Event {
        let spec = &task.spec.containers[container];
        let auth = match secrets::registry_auth(&*self.secrets, task, spec).await {
            Ok(Some(auth)) => Auth::Given(auth),
            Ok(None) if spec.ecr_auth => Auth::Ours,
            Ok(None) => Auth::ByRegistry,
            Err(reason) => return Event::ResourcesFailed { container, reason },
        };
        match self.images.ensure(&spec.image, auth).await {
            Ok(digest) => Event::Pulled { container, digest },
            Err(reason) => Event::PullFailed { container, reason },
        }
    }

    async fn create(&self, task: &Task, container: usize) -> Event {
        let values = match secrets::values(&*self.secrets, task, container).await {
            Ok(values) => values,
            Err(reason) => return Event::ResourcesFailed { container, reason },
        };
        match self.try_create(task, container, &values).await {
            Ok(docker_id) => Event::Created { container, docker_id },
            Err(reason) => Event::CreateFailed { container, reason },
        }
    }

    async fn try_create(&self, task: &Task, container: usize, values: &Values) -> Result<String, String> {
        let body = create::request(task, container, &self.creator, values)
            .map_err(|e| format!("CannotCreateContainerError: {e}"))?;
        self.require_volumes(task, container).await?;
        let name = &task.containers[container].docker_name;
        let deadline = Instant::now() + CREATE_TIMEOUT;
        let mut pause = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        let _permit = self.starts.acquire().await.map_err(|e| format!("CannotCreateContainerError: {e}"))?;
        loop {
            match tokio::time::timeout_at(deadline, self.engine.create(name, body.clone())).await {
                Ok(Ok(id)) => return Ok(id),
                // Made by a call whose answer was lost.
                Ok(Err(EngineError::Conflict(said))) => return self.made_before(task, container, said).await,
                Ok(Err(error)) if error.is_unreachable() && Instant::now() < deadline => pause.wait().await,
                Ok(Err(error)) => return Err(format!("CannotCreateContainerError: {}", describe(&error))),
                Err(_) => return Err(timed_out("created", CREATE_TIMEOUT)),
            }
        }
    }

    async fn made_before(&self, task: &Task, container: usize, said: String) -> Result<String, String> {
        let (name, spec) = (&task.containers[container].docker_name, &task.spec.containers[container]);
        match self.engine.inspect(name).await {
            Ok(found)
                if found.labels.get(TASK_LABEL) == Some(&task.spec.arn)
                    && found.labels.get(CONTAINER_LABEL) == Some(&spec.name) =>
            {
                Ok(found.id)
            }
            _ => Err(format!("CannotCreateContainerError: {said}")),
        }
    }

    /// Shared volumes that are not to be made must be there.
    async fn require_volumes(&self, task: &Task, container: usize) -> Result<(), String> {
        for point in &task.spec.containers[container].mount_points {
            let volume = task.spec.volumes.iter().find(|v| v.name == point.volume);
            let Some(VolumeKind::Docker { autoprovision: false, .. }) = volume.map(|v| &v.kind) else { continue };
            match self.engine.has_volume(&point.volume).await {
                Ok(true) => {}
                Ok(false) => {
                    return Err(format!("CannotInspectVolumeError: there is no shared volume {}", point.volume));
                }
                Err(error) => return Err(format!("CannotInspectVolumeError: {}", describe(&error))),
            }
        }
        Ok(())
    }

    async fn start(&self, task: &Task, container: usize) -> Event {
        match self.try_start(task, container).await {
            Ok(network) => {
                self.logs.follow(task, container);
                Event::Started { container, network }
            }
            Err(reason) => Event::StartFailed { container, reason },
        }
    }

    async fn try_start(&self, task: &Task, container: usize) -> Result<Network, String> {
        const FAILED: &str = "CannotStartContainerError";
        let Some(id) = &task.containers[container].docker_id else {
            return Err(format!("{FAILED}: the container was never created"));
        };
        self.logs.prepare(task, container).await.map_err(|reason| format!("{FAILED}: {reason}"))?;
        let deadline = Instant::now() + START_TIMEOUT;
        let mut pause = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        let _permit = self.starts.acquire().await.map_err(|e| format!("{FAILED}: {e}"))?;
        loop {
            match tokio::time::timeout_at(deadline, self.engine.start(id)).await {
                Ok(Ok(())) => return Ok(self.network(task, container, id).await),
                Ok(Err(error)) if error.is_unreachable() && Instant::now() < deadline => {
                    pause.wait().await;
                    // It may have run, and ended, in the meantime; to start it again would run it twice.
                    if let Ok(found) = self.engine.inspect(id).await
                        && found.state != RunState::Created
                        && task.containers[container].first_started_at.is_none()
                    {
                        return Ok(create::network(task, container, &found));
                    }
                }
                Ok(Err(error)) => return Err(format!("{FAILED}: {}", describe(&error))),
                Err(_) => return Err(timed_out("started", START_TIMEOUT)),
            }
        }
    }

    /// How a container that was just started is reached. Only what the engine chose must be asked for.
    async fn network(&self, task: &Task, container: usize, id: &str) -> Network {
        let spec = &task.spec.containers[container];
        let asks = match task.spec.network_mode {
            NetworkMode::Awsvpc => spec.internal,
            NetworkMode::Bridge => !spec.port_mappings.is_empty(),
            NetworkMode::Host | NetworkMode::None => false,
        };
        let found = if asks { self.engine.inspect(id).await.ok() } else { None };
        let unasked = Inspected {
            id: id.to_owned(),
            labels: std::collections::BTreeMap::new(),
            state: RunState::Running,
            exit_code: None,
            out_of_memory: false,
            health: gantry_model::task::HealthStatus::Unknown,
            ports: Vec::new(),
            address: None,
        };
        create::network(task, container, &found.unwrap_or(unasked))
    }

    /// Stops a container, and does not give up before it has stopped: a task is not STOPPED while one of its processes runs.
    async fn stop(&self, task: &Task, container: usize, timeout_s: i64) -> Event {
        let gone = Event::Died { container, exit_code: None, out_of_memory: false };
        let Some(id) = &task.containers[container].docker_id else { return gone };
        // The engine takes 0 for "at once"; ECS gives a second at least.
        let mut timeout = Duration::from_secs(u64::try_from(timeout_s).unwrap_or_default().max(1));
        let mut pause = Backoff::new(Duration::from_millis(200), Duration::from_secs(10));
        loop {
            if let Err(error) = self.engine.stop(id, timeout).await {
                tracing::warn!(task = task.spec.arn, container = id, "stopping failed: {}", describe(&error));
            }
            match self.engine.inspect(id).await {
                Ok(found) if found.state != RunState::Running => {
                    let (exit_code, out_of_memory) = (found.exit_code, found.out_of_memory);
                    return Event::Died { container, exit_code, out_of_memory };
                }
                Err(EngineError::NotFound(_)) => return gone,
                _ => {
                    pause.wait().await;
                    timeout = Duration::from_secs(1);
                }
            }
        }
    }
}

fn timed_out(to: &'static str, after: Duration) -> String {
    format!("DockerTimeoutError: {}", EngineError::TimedOut { to, after })
}
