//! The one place where tasks change: an actor that feeds events to the task machines and has their actions carried out.
//!
//! Everything that happens (a payload, an answer of the engine, an acknowledged report, a time that came) is an
//! [`Input`] in one queue, so a task's state needs no lock. A step is saved to disk before its actions begin; the actions
//! themselves run beside the queue ([`actions`]) and answer through it. What the engine says is believed over what was
//! remembered: its event stream brings news at once, and a sweep finds what the stream has missed ([`sight`]).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use gantry_model::UnixMillis;
use gantry_model::resources::Resources;
use gantry_wire::acs::TaskIdentifier;
use gantry_wire::acs_task::AcsTask;
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};

use crate::create::Creator;
use crate::disk_state::{DiskError, DiskState};
use crate::engine::{Engine, EngineEvent, Listed};
use crate::host::Host;
use crate::image::{Images, describe};
use crate::logs::Shipping;
use crate::payload;
use crate::secrets::Secrets;
use crate::task_machine::{Action, Event, Found, Report, Task};

mod actions;
mod cleanup;
mod sight;
#[cfg(test)]
mod tests;

use actions::Doer;

/// How often what the engine has is compared with what is remembered. The event stream is what usually brings news.
const SWEEP_EVERY: Duration = Duration::from_secs(10);
/// Inputs that may wait before a sender waits too.
const QUEUE: usize = 4096;

/// Where the time comes from.
pub type Clock = Arc<dyn Fn() -> UnixMillis + Send + Sync>;

/// Why a report was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// Asking again may help.
    #[error("{0}")]
    Retry(String),
    /// It never will: the control plane does not know the task, say.
    #[error("{0}")]
    Refused(String),
}

/// The control plane's ear.
pub trait Reports: Send + Sync + 'static {
    /// Submits one report of `task` and answers when it was acknowledged.
    fn submit(&self, task: &Task, report: &Report) -> BoxFuture<'static, Result<(), ReportError>>;
}

/// What a worker needs.
pub struct Parts<E> {
    pub engine: Arc<E>,
    pub images: Arc<Images<E>>,
    pub logs: Arc<Shipping<E>>,
    pub secrets: Arc<dyn Secrets>,
    pub reports: Arc<dyn Reports>,
    pub creator: Creator,
    pub disk: DiskState,
    pub total: Resources,
    pub parallel_starts: usize,
    pub clock: Clock,
}

/// What may reach the worker.
pub(crate) enum Input {
    /// Tasks and what is wanted of each; answered when they are remembered.
    Payload {
        tasks: Vec<AcsTask>,
        accepted: oneshot::Sender<Result<(), DiskError>>,
    },
    /// Every task that belongs here; answered with those that are here and do not.
    Manifest {
        tasks: Vec<TaskIdentifier>,
        surplus: oneshot::Sender<Vec<String>>,
    },
    /// Tasks that are to be stopped after all.
    StopSurplus {
        tasks: Vec<String>,
    },
    /// What is known of the health of the tasks that run.
    Health {
        tasks: oneshot::Sender<Vec<Task>>,
    },
    /// Something happened to a task.
    Step {
        task: String,
        event: Event,
    },
    /// The oldest report of a task was acknowledged or refused.
    Acknowledged {
        task: String,
    },
    Engine(EngineEvent),
    /// The engine's events may have been missed.
    Resync,
    /// The engine's containers.
    Listed(Vec<Listed>),
    /// What the engine has of a task that was accepted and has containers already.
    Adopted {
        task: String,
        found: Vec<Found>,
    },
    /// A stopped task's containers are gone.
    Removed {
        task: String,
    },
}

/// The way to a running worker.
#[derive(Clone)]
pub struct WorkerHandle {
    inbox: mpsc::Sender<Input>,
    health_changed: Arc<Notify>,
}

/// The worker has ended, so nobody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the agent's worker has ended")]
pub struct WorkerGone;

impl WorkerHandle {
    /// Hands tasks over; they are remembered when this answers.
    ///
    /// # Errors
    /// A reason to refuse the payload: it could not be remembered.
    pub async fn payload(&self, tasks: Vec<AcsTask>) -> Result<(), String> {
        let (accepted, answer) = oneshot::channel();
        self.ask(Input::Payload { tasks, accepted }, answer).await.map_err(|e| e.to_string())?.map_err(|e| describe(&e))
    }

    /// The tasks that are here and not in the manifest.
    ///
    /// # Errors
    /// [`WorkerGone`].
    pub async fn surplus(&self, tasks: Vec<TaskIdentifier>) -> Result<Vec<String>, WorkerGone> {
        let (surplus, answer) = oneshot::channel();
        self.ask(Input::Manifest { tasks, surplus }, answer).await
    }

    /// Stops tasks that the control plane confirmed not to want.
    ///
    /// # Errors
    /// [`WorkerGone`].
    pub async fn stop_surplus(&self, tasks: Vec<String>) -> Result<(), WorkerGone> {
        self.inbox.send(Input::StopSurplus { tasks }).await.map_err(|_| WorkerGone)
    }

    /// The tasks that run, as they are now.
    ///
    /// # Errors
    /// [`WorkerGone`].
    pub async fn running(&self) -> Result<Vec<Task>, WorkerGone> {
        let (tasks, answer) = oneshot::channel();
        self.ask(Input::Health { tasks }, answer).await
    }

    /// Waits until the health of a container has changed.
    pub async fn health_changed(&self) {
        self.health_changed.notified().await;
    }

    async fn ask<T>(&self, input: Input, answer: oneshot::Receiver<T>) -> Result<T, WorkerGone> {
        self.inbox.send(input).await.map_err(|_| WorkerGone)?;
        answer.await.map_err(|_| WorkerGone)
    }
}

struct Entry {
    task: Task,
    /// Whether a report of it is on its way.
    reporting: bool,
    /// Whether its containers are being removed.
    removing: bool,
}

/// The worker.
pub struct Worker<E> {
    doer: Arc<Doer<E>>,
    reports: Arc<dyn Reports>,
    disk: DiskState,
    host: Host,
    clock: Clock,
    tasks: BTreeMap<String, Entry>,
    /// Which container of which task an id of the engine's is.
    by_id: HashMap<String, (String, usize)>,
    /// Containers that carry our label and belong to no task that we know, by task.
    orphans: BTreeMap<String, Vec<Listed>>,
    inbox: mpsc::Sender<Input>,
    inputs: mpsc::Receiver<Input>,
    health_changed: Arc<Notify>,
}

impl<E: Engine> Worker<E> {
    /// A worker and the way to it. Nothing happens before [`Worker::run`].
    #[must_use]
    pub fn new(parts: Parts<E>) -> (Self, WorkerHandle) {
        let (inbox, inputs) = mpsc::channel(QUEUE);
        let health_changed = Arc::new(Notify::new());
        let handle = WorkerHandle { inbox: inbox.clone(), health_changed: Arc::clone(&health_changed) };
        let doer = Arc::new(Doer {
            engine: parts.engine,
            images: parts.images,
            logs: parts.logs,
            secrets: parts.secrets,
            creator: parts.creator,
            starts: Semaphore::new(parts.parallel_starts.max(1)),
            inbox: inbox.clone(),
        });
        let worker = Self {
            doer,
            reports: parts.reports,
            disk: parts.disk,
            host: Host::new(parts.total),
            clock: parts.clock,
            tasks: BTreeMap::new(),
            by_id: HashMap::new(),
            orphans: BTreeMap::new(),
            inbox,
            inputs,
            health_changed,
        };
        (worker, handle)
    }

    /// Takes up what was remembered, then works until it is dropped.
    ///
    /// # Errors
    /// [`DiskError`] when what was remembered cannot be read.
    pub async fn run(mut self) -> Result<(), DiskError> {
        self.take_up().await?;
        let watch = tokio::spawn(sight::watch(Arc::clone(&self.doer)));
        let _stop = StopOnDrop(watch);
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wake = self.next_wake();
            tokio::select! {
                input = self.inputs.recv() => match input {
                    Some(input) => self.handle(input),
                    None => return Ok(()),
                },
                () = tokio::time::sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => self.tick(),
                _ = sweep.tick() => {
                    self.clean_up();
                    self.doer.look();
                }
            }
        }
    }

    fn now(&self) -> UnixMillis {
        (self.clock)()
    }

    fn handle(&mut self, input: Input) {
        match input {
            Input::Payload { tasks, accepted } => {
                let outcome = tasks.iter().try_for_each(|task| self.accept(task));
                // A session that has ended meanwhile gets the payload again when it is back.
                _ = accepted.send(outcome);
            }
            Input::Manifest { tasks, surplus } => _ = surplus.send(self.surplus(&tasks)),
            Input::StopSurplus { tasks } => self.stop_surplus(&tasks),
            Input::Health { tasks } => {
                let running = self.tasks.values().filter(|e| !e.task.is_stopped());
                _ = tasks.send(running.map(|e| e.task.clone()).collect());
            }
            Input::Step { task, event } => self.step(task, event),
            Input::Acknowledged { task } => {
                if let Some(entry) = self.tasks.get_mut(&task) {
                    entry.reporting = false;
                }
                self.step(task, Event::Acknowledged);
                self.clean_up();
            }
            Input::Engine(event) => self.engine_event(event),
            Input::Resync => self.doer.look(),
            Input::Listed(found) => self.compare(&found),
            Input::Adopted { task, found } => self.adopted(&task, &found),
            Input::Removed { task } => self.removed(&task),
        }
    }

    /// Takes a task of a payload over: a new one, or an order to stop one.
    fn accept(&mut self, given: &AcsTask) -> Result<(), DiskError> {
        let now = self.now();
        let stop = given.desired_status == "STOPPED";
        if let Some(entry) = self.tasks.get_mut(&given.arn) {
            if entry.task.is_stopped() {
                entry.task.report_again(now);
                self.after(&given.arn, Vec::new());
            } else if stop {
                self.step(given.arn.clone(), Event::StopOrdered);
            }
            return Ok(());
        }
        let accepted = payload::accept(given);
        let task = Task::new(accepted.spec, &suffix(), now);
        self.disk.save(&task)?;
        let (arn, need) = (task.spec.arn.clone(), task.spec.need.clone());
        self.tasks.insert(arn.clone(), Entry { task, reporting: false, removing: false });
        tracing::info!(task = arn, desired_status = given.desired_status, "task accepted");
        let adopted = self.orphans.remove(&arn);
        if let Some(reason) = accepted.refusal {
            self.step(arn, Event::Refused { reason });
        } else if let Some(found) = adopted {
            self.adopt(&arn, found, stop);
        } else if stop {
            self.step(arn, Event::StopOrdered);
        } else {
            self.host.wait(&arn, need);
            self.admit();
        }
        Ok(())
    }

    fn surplus(&self, manifest: &[TaskIdentifier]) -> Vec<String> {
        let wanted = |arn: &&String| manifest.iter().any(|t| t.task_arn == **arn);
        let running = self.tasks.iter().filter(|(_, e)| !e.task.stopping).map(|(arn, _)| arn);
        running.chain(self.orphans.keys()).filter(|arn| !wanted(arn)).cloned().collect()
    }

    fn stop_surplus(&mut self, tasks: &[String]) {
        for arn in tasks {
            tracing::warn!(task = arn, "stopping a task that the control plane does not know");
            match self.orphans.remove(arn) {
                Some(found) => found.into_iter().for_each(|container| self.doer.remove_stray(container.id)),
                None => self.step(arn.clone(), Event::StopOrdered),
            }
        }
    }

    /// Gives room on the host to the tasks that fit now.
    fn admit(&mut self) {
        for task in self.host.admit() {
            self.step(task, Event::Admitted);
        }
    }

    fn step(&mut self, task: String, event: Event) {
        // Room that one task gives back may admit others; they are stepped in turn, not inside one another.
        let mut due = VecDeque::from([(task, event)]);
        while let Some((task, event)) = due.pop_front() {
            let now = self.now();
            let Some(entry) = self.tasks.get_mut(&task) else { continue };
            let was_stopped = entry.task.is_stopped();
            let actions = entry.task.step(event, now);
            let stopped = !was_stopped && entry.task.is_stopped();
            self.after(&task, actions);
            if stopped {
                tracing::info!(task, "task stopped");
                self.host.release(&task);
                due.extend(self.host.admit().into_iter().map(|task| (task, Event::Admitted)));
            }
        }
    }

    /// Saves a task after a step and has the step's actions carried out.
    fn after(&mut self, arn: &str, actions: Vec<Action>) {
        let Some(entry) = self.tasks.get_mut(arn) else { return };
        for (container, state) in entry.task.containers.iter().enumerate() {
            if let Some(id) = &state.docker_id {
                self.by_id.entry(id.clone()).or_insert_with(|| (arn.to_owned(), container));
            }
        }
        if let Err(error) = self.disk.save(&entry.task) {
            tracing::error!(task = arn, "the task's state was not saved: {}", describe(&error));
        }
        for action in actions {
            if action == Action::PublishHealth {
                self.health_changed.notify_one();
            } else {
                Arc::clone(&self.doer).carry_out(&entry.task, action);
            }
        }
        if !entry.reporting
            && let Some(report) = entry.task.outbox.front()
        {
            entry.reporting = true;
            let submission = Submission { task: entry.task.clone(), report: report.clone() };
            tokio::spawn(submission.run(Arc::clone(&self.reports), self.inbox.clone()));
        }
    }

    fn next_wake(&self) -> Option<Instant> {
        let at = self.tasks.values().filter_map(|e| e.task.wake_at()).min()?;
        let millis = u64::try_from(at.millis_since(self.now())).unwrap_or_default();
        Some(Instant::now() + Duration::from_millis(millis))
    }

    fn tick(&mut self) {
        let now = self.now();
        let due = |e: &&Entry| e.task.wake_at().is_some_and(|at| at <= now);
        let tasks: Vec<String> = self.tasks.values().filter(due).map(|e| e.task.spec.arn.clone()).collect();
        tasks.into_iter().for_each(|task| self.step(task, Event::Tick));
    }
}

/// A report on its way.
struct Submission {
    task: Task,
    report: Report,
}

impl Submission {
    /// Submits the report until it is acknowledged, or refused for good.
    async fn run(self, reports: Arc<dyn Reports>, inbox: mpsc::Sender<Input>) {
        let mut pause = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
        let task = self.task.spec.arn.clone();
        loop {
            match reports.submit(&self.task, &self.report).await {
                Ok(()) => break,
                Err(ReportError::Refused(why)) => {
                    tracing::warn!(task, why, "the control plane does not take the report");
                    break;
                }
                Err(ReportError::Retry(why)) => {
                    tracing::debug!(task, why, "the report is submitted again");
                    pause.wait().await;
                }
            }
        }
        // Nobody listens any more only when the agent ends; the report is still on disk.
        _ = inbox.send(Input::Acknowledged { task }).await;
    }
}

/// Ever longer pauses between tries.
pub(crate) struct Backoff {
    first: Duration,
    next: Duration,
    longest: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { first, next: first, longest }
    }

    /// Waits, for longer each time. A random fifth keeps many agents from coming back in step.
    pub(crate) async fn wait(&mut self) {
        let jitter = self.next.mul_f64(f64::from(random_byte()) / 1275.0);
        tokio::time::sleep(self.next + jitter).await;
        self.next = (self.next * 2).min(self.longest);
    }

    /// Begins with short pauses again.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

struct StopOnDrop(tokio::task::JoinHandle<()>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) fn random_byte() -> u8 {
    let mut byte = [0];
    // Without randomness there is no jitter, which is no harm.
    _ = getrandom::fill(&mut byte);
    byte[0]
}

/// Ten random bytes in hexadecimal digits. When the system has none to give, the time must do.
fn suffix() -> String {
    let mut bytes = [0; 10];
    if getrandom::fill(&mut bytes).is_err() {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        bytes[..8].copy_from_slice(&since.as_nanos().to_le_bytes()[..8]);
    }
    hex::encode(bytes)
}
