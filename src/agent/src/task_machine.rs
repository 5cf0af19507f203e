//! The life of a task on its host, as a pure function: state, event and time in, actions out.
//!
//! [`Task::step`] is the one to read first. It folds an event into the state and then moves every container on as far as
//! the state allows: pull, create, wait for dependencies, start, stop in the reverse order. It does no I/O and reads no
//! clock; the worker carries the actions out and answers each with an event. A container with an action under way is in
//! one of the phases that end in *-ing* and gets no second one, so an event may be delivered twice without harm.
//!
//! Rules: ECS developer guide, "Task lifecycle" and "Container dependency"; API reference, `ContainerDefinition`
//! (`essential`, `dependsOn`, `startTimeout`, `stopTimeout`, `restartPolicy`).

use std::collections::VecDeque;

use gantry_model::UnixMillis;
use gantry_model::task::{HealthStatus, NetworkBinding};
use serde::{Deserialize, Serialize};

use crate::spec::{ContainerSpec, TaskSpec};

mod dependency;
mod report;
mod resume;
#[cfg(test)]
pub(crate) mod tests;

pub use report::{ContainerReport, Report, TaskReport};
pub use resume::Found;

/// How long a container may take to stop when its definition does not say, in seconds.
pub const DEFAULT_STOP_TIMEOUT_S: i64 = 30;

/// What a task that ends because of an essential container says.
pub const ESSENTIAL_EXITED: &str = "Essential container in task exited";

/// What a container that the kernel killed for its memory says.
pub const OUT_OF_MEMORY: &str = "OutOfMemoryError: Container killed due to memory usage";

/// A task and how far it got.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub spec: TaskSpec,
    /// What makes the engine's names of the task's containers and volumes unique.
    pub suffix: String,
    /// In the order of `spec.containers`.
    pub containers: Vec<Container>,
    /// Whether the task is to stop, by order or because an essential container ended.
    pub stopping: bool,
    /// Whether the host has room for the task and holds it.
    pub admitted: bool,
    /// Why the agent itself ended the task.
    pub reason: Option<String>,
    /// The last status that a report was made of.
    pub status: Status,
    /// Reports that the control plane has not acknowledged, oldest first.
    pub outbox: VecDeque<Report>,
    pub accepted_at: UnixMillis,
    pub pull_started_at: Option<UnixMillis>,
    pub pull_stopped_at: Option<UnixMillis>,
    pub execution_stopped_at: Option<UnixMillis>,
}

/// What the agent reports of a task or container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Pending,
    Running,
    Stopped,
}

impl Status {
    /// The status as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Stopped => "STOPPED",
        }
    }
}

/// How far a container got. Phases that end in *-ing* have an action under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    New,
    Pulling,
    Pulled,
    Creating,
    Created,
    Starting,
    Running,
    Stopping,
    Stopped,
}

/// One container's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// The engine's name of the container; chosen when the task is accepted, so that it is known before it exists.
    pub docker_name: String,
    /// The engine's id, once it exists.
    pub docker_id: Option<String>,
    pub phase: Phase,
    pub image_digest: Option<String>,
    pub exit_code: Option<i64>,
    pub reason: Option<String>,
    pub health: HealthStatus,
    pub health_since: Option<UnixMillis>,
    pub network_bindings: Vec<NetworkBinding>,
    /// Its address, when the task has a network of its own.
    pub address: Option<String>,
    /// When it first started. Set means that it has run, whatever it does now.
    pub first_started_at: Option<UnixMillis>,
    /// When it last started.
    pub started_at: Option<UnixMillis>,
    pub restarts: u32,
}

/// How a running container is reached.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Network {
    /// Its ports on the host.
    pub bindings: Vec<NetworkBinding>,
    /// Its address, when it has a network of its own.
    pub address: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The host holds the task's share.
    Admitted,
    /// The control plane wants the task stopped.
    StopOrdered,
    /// The task asks for something that this agent cannot do.
    Refused {
        reason: String,
    },
    Pulled {
        container: usize,
        digest: Option<String>,
    },
    PullFailed {
        container: usize,
        reason: String,
    },
    Created {
        container: usize,
        docker_id: String,
    },
    CreateFailed {
        container: usize,
        reason: String,
    },
    /// What the task is to be started with is not to be had, as was found out for this container.
    ResourcesFailed {
        container: usize,
        reason: String,
    },
    Started {
        container: usize,
        network: Network,
    },
    StartFailed {
        container: usize,
        reason: String,
    },
    /// The container's process ended.
    Died {
        container: usize,
        exit_code: Option<i64>,
        out_of_memory: bool,
    },
    Health {
        container: usize,
        health: HealthStatus,
    },
    /// What the engine says of a container, asked for because events may have been missed. `restarts` is the count at
    /// the time of asking: an answer about an earlier run is stale.
    Observed {
        container: usize,
        restarts: u32,
        found: Found,
    },
    /// The oldest report was acknowledged.
    Acknowledged,
    /// A time that [`Task::wake_at`] named has come.
    Tick,
}

/// What the worker must do. Each is answered by an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Pull {
        container: usize,
    },
    Create {
        container: usize,
    },
    Start {
        container: usize,
    },
    Stop {
        container: usize,
        timeout_s: i64,
    },
    /// Tell the control plane the health of the task's containers.
    PublishHealth,
}

impl Task {
    /// A task that was just accepted. `suffix` makes the engine's names of its containers unique.
    #[must_use]
    pub fn new(spec: TaskSpec, suffix: &str, now: UnixMillis) -> Self {
        let containers = spec.containers.iter().map(|c| Container::new(docker_name(&spec, c, suffix))).collect();
        Self {
            spec,
            suffix: suffix.to_owned(),
            containers,
            stopping: false,
            admitted: false,
            reason: None,
            status: Status::Pending,
            outbox: VecDeque::new(),
            accepted_at: now,
            pull_started_at: None,
            pull_stopped_at: None,
            execution_stopped_at: None,
        }
    }

    /// Folds `event` into the task and answers what to do next.
    pub fn step(&mut self, event: Event, now: UnixMillis) -> Vec<Action> {
        let mut actions = Vec::new();
        self.apply(event, now, &mut actions);
        self.advance(now, &mut actions);
        actions
    }

    /// The next time at which something happens by itself: a dependency's time to start runs out.
    #[must_use]
    pub fn wake_at(&self) -> Option<UnixMillis> {
        if self.stopping {
            return None;
        }
        (0..self.containers.len()).filter_map(|c| self.dependency_deadline(c)).min()
    }

    /// Whether nothing of the task runs any more.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.containers.iter().all(|c| c.phase == Phase::Stopped)
    }

    fn apply(&mut self, event: Event, now: UnixMillis, actions: &mut Vec<Action>) {
        match event {
            Event::Admitted => self.admitted = true,
            Event::StopOrdered => self.stopping = true,
            Event::Refused { reason } => self.refused(&reason),
            Event::Pulled { container, digest } => self.pulled(container, digest, now),
            Event::PullFailed { container, reason } => self.failed(container, Phase::Pulling, reason, now),
            Event::Created { container, docker_id } => self.created(container, docker_id),
            Event::CreateFailed { container, reason } => self.failed(container, Phase::Creating, reason, now),
            Event::ResourcesFailed { container, reason } => self.resources_failed(container, &reason, now),
            Event::Started { container, network } => self.started(container, network, now),
            Event::StartFailed { container, reason } => self.failed(container, Phase::Starting, reason, now),
            Event::Died { container, exit_code, out_of_memory } => {
                self.died(container, exit_code, out_of_memory, now, actions);
            }
            Event::Health { container, health } => self.health_changed(container, health, now, actions),
            Event::Observed { container, restarts, found } => self.observed(container, restarts, found, now, actions),
            Event::Acknowledged => drop(self.outbox.pop_front()),
            Event::Tick => {}
        }
    }

    fn refused(&mut self, reason: &str) {
        self.stopping = true;
        self.reason = Some(reason.to_owned());
        for c in self.containers.iter_mut().filter(|c| c.phase == Phase::New) {
            c.phase = Phase::Stopped;
            c.reason = Some(reason.to_owned());
        }
    }

    fn pulled(&mut self, container: usize, digest: Option<String>, now: UnixMillis) {
        let c = &mut self.containers[container];
        if c.phase == Phase::Pulling {
            c.phase = Phase::Pulled;
            c.image_digest = digest;
            self.note_pull_end(now);
        }
    }

    fn note_pull_end(&mut self, now: UnixMillis) {
        if self.containers.iter().all(|c| c.phase > Phase::Pulling) && self.pull_stopped_at.is_none() {
            self.pull_stopped_at = Some(now);
        }
    }

    fn created(&mut self, container: usize, docker_id: String) {
        let c = &mut self.containers[container];
        if c.phase == Phase::Creating {
            c.phase = Phase::Created;
            c.docker_id = Some(docker_id);
        }
    }

    /// The engine may have told of the exit before it answered the start; then there is nothing left to do.
    fn started(&mut self, container: usize, network: Network, now: UnixMillis) {
        let c = &mut self.containers[container];
        if c.phase == Phase::Starting {
            c.phase = Phase::Running;
            c.take_network(network);
            c.mark_started(now);
            self.settle(now);
        }
    }

    /// An action on `container` came to nothing. An answer to an action that is no longer wanted changes nothing.
    fn failed(&mut self, container: usize, during: Phase, reason: String, now: UnixMillis) {
        if self.containers[container].phase == during {
            self.end(container, None, Some(reason), now);
            self.note_pull_end(now);
        }
    }

    /// A task that lacks what it is to be started with does not run at all, essential container or not.
    fn resources_failed(&mut self, container: usize, reason: &str, now: UnixMillis) {
        if !matches!(self.containers[container].phase, Phase::Pulling | Phase::Creating) {
            return;
        }
        self.end(container, None, Some(reason.to_owned()), now);
        self.note_pull_end(now);
        if !self.stopping {
            self.stopping = true;
            self.reason = Some(reason.to_owned());
            self.execution_stopped_at.get_or_insert(now);
        }
    }

    fn died(
        &mut self,
        container: usize,
        exit_code: Option<i64>,
        out_of_memory: bool,
        now: UnixMillis,
        actions: &mut Vec<Action>,
    ) {
        let phase = self.containers[container].phase;
        if phase == Phase::Starting {
            // The news of a short life overtook the answer of the start call: it has run all the same.
            self.started(container, Network::default(), now);
        } else if phase != Phase::Running && phase != Phase::Stopping {
            return;
        }
        let spec = &self.spec.containers[container];
        let c = &mut self.containers[container];
        if c.phase == Phase::Running && !self.stopping && c.may_restart(spec, exit_code, now) {
            c.phase = Phase::Starting;
            c.restarts += 1;
            if c.health != HealthStatus::Unknown {
                c.health = HealthStatus::Unknown;
                c.health_since = Some(now);
                actions.push(Action::PublishHealth);
            }
            actions.push(Action::Start { container });
            return;
        }
        self.end(container, exit_code, out_of_memory.then(|| OUT_OF_MEMORY.to_owned()), now);
    }

    fn health_changed(&mut self, container: usize, health: HealthStatus, now: UnixMillis, actions: &mut Vec<Action>) {
        let c = &mut self.containers[container];
        if matches!(c.phase, Phase::Starting | Phase::Running | Phase::Stopping) && c.health != health {
            c.health = health;
            c.health_since = Some(now);
            actions.push(Action::PublishHealth);
        }
    }

    /// `container` has stopped for good. If it was essential, so does the task.
    fn end(&mut self, container: usize, exit_code: Option<i64>, reason: Option<String>, now: UnixMillis) {
        let c = &mut self.containers[container];
        c.phase = Phase::Stopped;
        c.exit_code = exit_code;
        c.reason = reason;
        if self.stopping {
            return;
        }
        let (essential, ran) = (self.spec.containers[container].essential, c.first_started_at.is_some());
        let why = c.reason.clone();
        self.report_container(container);
        if essential {
            self.stopping = true;
            self.reason = if ran { Some(ESSENTIAL_EXITED.to_owned()) } else { why };
            self.execution_stopped_at.get_or_insert(now);
        }
    }

    /// Moves every container on until nothing more can be done, then makes the report that is due.
    fn advance(&mut self, now: UnixMillis, actions: &mut Vec<Action>) {
        loop {
            let moved = (0..self.containers.len()).filter(|&c| self.advance_container(c, now, actions)).count();
            if moved == 0 {
                break;
            }
        }
        self.settle(now);
    }

    /// Moves one container one phase on; answers whether it moved.
    fn advance_container(&mut self, container: usize, now: UnixMillis, actions: &mut Vec<Action>) -> bool {
        if self.stopping {
            return self.advance_stop(container, actions);
        }
        match self.containers[container].phase {
            Phase::New if self.admitted => {
                self.pull_started_at.get_or_insert(now);
                self.go(container, Phase::Pulling, Action::Pull { container }, actions)
            }
            Phase::Pulled => match self.may_create(container) {
                Ok(true) => self.go(container, Phase::Creating, Action::Create { container }, actions),
                Ok(false) => false,
                Err(failure) => self.give_up(container, &failure, now),
            },
            Phase::Created => match self.may_start(container, now) {
                Ok(true) => self.go(container, Phase::Starting, Action::Start { container }, actions),
                Ok(false) => false,
                Err(failure) => self.give_up(container, &failure, now),
            },
            _ => false,
        }
    }

    /// Stops one container when those that depend on it have stopped.
    fn advance_stop(&mut self, container: usize, actions: &mut Vec<Action>) -> bool {
        match self.containers[container].phase {
            Phase::New | Phase::Pulling | Phase::Pulled | Phase::Created => {
                self.containers[container].phase = Phase::Stopped;
                true
            }
            Phase::Running if self.dependants_stopped(container) => {
                let timeout_s = self.spec.containers[container].stop_timeout_s.unwrap_or(DEFAULT_STOP_TIMEOUT_S);
                self.go(container, Phase::Stopping, Action::Stop { container, timeout_s }, actions)
            }
            _ => false,
        }
    }

    fn go(&mut self, container: usize, phase: Phase, action: Action, actions: &mut Vec<Action>) -> bool {
        self.containers[container].phase = phase;
        actions.push(action);
        true
    }

    /// A dependency of `container` can never be met. ECS gives such a container the exit code of a SIGTERM.
    fn give_up(&mut self, container: usize, failure: &dependency::Unmet, now: UnixMillis) -> bool {
        const TERMINATED: i64 = 143;
        self.end(container, Some(TERMINATED), Some(failure.to_string()), now);
        true
    }
}

impl Container {
    fn new(docker_name: String) -> Self {
        Self {
            docker_name,
            docker_id: None,
            phase: Phase::New,
            image_digest: None,
            exit_code: None,
            reason: None,
            health: HealthStatus::Unknown,
            health_since: None,
            network_bindings: Vec::new(),
            address: None,
            first_started_at: None,
            started_at: None,
            restarts: 0,
        }
    }

    fn take_network(&mut self, network: Network) {
        self.network_bindings = network.bindings;
        self.address = network.address;
    }

    fn mark_started(&mut self, now: UnixMillis) {
        self.first_started_at.get_or_insert(now);
        self.started_at = Some(now);
    }

    /// Whether the restart policy starts the container again after an exit with `exit_code`.
    fn may_restart(&self, spec: &ContainerSpec, exit_code: Option<i64>, now: UnixMillis) -> bool {
        let (Some(policy), Some(code), Some(started)) = (&spec.restart_policy, exit_code, self.started_at) else {
            return false;
        };
        !policy.ignored_exit_codes.contains(&code) && now.millis_since(started) >= policy.attempt_period_s * 1000
    }
}

/// `ecs-FAMILY-REVISION-CONTAINER-HEX`, without what the engine does not take in a name.
fn docker_name(spec: &TaskSpec, container: &ContainerSpec, suffix: &str) -> String {
    let clean = |text: &str| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect()
    };
    format!("ecs-{}-{}-{}-{suffix}", clean(&spec.family), clean(&spec.revision), clean(&container.name))
}
