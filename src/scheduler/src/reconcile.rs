//! What a service does next: compares what it wants with the tasks it has.
//!
//! Read [`reconcile`] first. It is level-triggered: called again with its decisions carried out it goes on from there,
//! and once nothing is left to do it answers nothing. Stops come before starts, and each keeps the healthy tasks at the
//! minimum percent (stops) and the tasks at the maximum percent (starts), whichever of them are carried out.
//!
//! Words: a task is *live* while it should run and has not begun to stop; a *keeper* is a live task of the PRIMARY
//! deployment on a host that stays and not unhealthy; any other live task is a *leaver*; a task *lingers* until it
//! reports that it is STOPPING, whoever told it to.
//!
//! Source: ECS developer guide, "Amazon ECS services", "Rolling update", "Deployment circuit breaker", "Container
//! instance draining".

mod daemon;
mod deployment;
mod failures;
mod protection;
mod rebalance;
mod replica;
mod scale_in;
mod staged;
mod standing;
mod task_sets;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use gantry_model::container_instance::InstanceStatus;
use gantry_model::placement::PlacementConstraint;
use gantry_model::resources::Requirements;
use gantry_model::service::{Impediment, RolloutState, SchedulingStrategy, Service, ServiceStatus};
use gantry_model::task::{DesiredStatus, StopCode, Task, TaskStatus};
use gantry_model::{ContainerInstanceId, DeploymentId, TaskDefinitionId, TaskId, UnixMillis};

use crate::message::Message;
use crate::place::DefaultStrategy;
use crate::state::ClusterState;

pub use deployment::{start_deployment, stop_and_roll_back, stop_deployment};
pub use failures::{PROVING_MILLIS, breaker_threshold, note_health, note_running, note_stopped};
pub use standing::SETTLING_MILLIS;
use standing::{Standing, standing};
pub use task_sets::reconcile_task_set;

/// How long a message that still holds is not repeated: six hours (ECS developer guide, "Service event messages").
pub const REPEAT_AFTER_MILLIS: i64 = 6 * 60 * 60 * 1000;

/// A service, its tasks and the time.
#[derive(Debug, Clone, Copy)]
pub struct ServiceInput<'a> {
    pub service: &'a Service,
    /// The service's tasks that are not STOPPED; those told to stop included.
    pub tasks: &'a [Task],
    /// What the definitions of its deployments need. A deployment whose definition is not here starts nothing.
    pub definitions: &'a BTreeMap<TaskDefinitionId, Definition>,
    /// [`DefaultStrategy::Fargate`] when the service runs on Fargate, else [`DefaultStrategy::Service`].
    pub default_strategy: DefaultStrategy,
    /// The capacity providers whose pools grow with their tasks: what finds no room there waits for it.
    pub growing_pools: &'a BTreeSet<String>,
    pub now: UnixMillis,
    /// Decides where strategies are random.
    pub seed: u64,
}

/// What a task definition asks of a host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Definition {
    pub requirements: Requirements,
    /// The definition's own constraints (`memberOf`); the service's are added to them.
    pub constraints: Vec<PlacementConstraint>,
}

/// What [`reconcile`] decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The service as it should be written; equal to the input when nothing about it changed. `version` is left to the
    /// writer.
    pub service: Service,
    /// Tasks to create, their room reserved in the state.
    pub starts: Vec<Start>,
    /// Tasks whose desired status becomes STOPPED, in order; their room is given back in the state.
    pub stops: Vec<Stop>,
    /// What the service says, in order. That it started tasks is not among them, since the ids are the caller's:
    /// [`crate::message::started`].
    pub messages: Vec<Message>,
    /// When time alone changes the answer: call again then, if nothing happened before.
    pub wake_at: Option<UnixMillis>,
}

/// A task to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    pub deployment: DeploymentId,
    pub task_definition: TaskDefinitionId,
    /// `None` when it is to wait for room in the pool of its capacity provider.
    pub instance: Option<ContainerInstanceId>,
    /// The capacity provider that it counts for, when the service has a strategy.
    pub capacity_provider: Option<String>,
}

/// A task to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    pub task: TaskId,
    pub stop_code: StopCode,
    pub reason: String,
}

/// Decides what `input.service` does now. Places into `state` what it starts and releases from it what it stops.
///
/// `state` holds the instances that may take the service's tasks and the DRAINING ones: tasks on an INACTIVE instance have
/// lost their host and are replaced. A replica on an instance that is not there is left where it is until its deployment
/// is replaced (the service may have moved to other capacity). A service without a PRIMARY deployment is left as it is.
pub fn reconcile(input: &ServiceInput<'_>, state: &mut ClusterState) -> Outcome {
    if input.service.status == ServiceStatus::Active && staged::is_under_way(input.service) {
        return staged::reconcile_staged(input, state);
    }
    let mut pass = Pass::new(input, state);
    match input.service.status {
        ServiceStatus::Inactive => {}
        ServiceStatus::Draining => pass.delete(),
        ServiceStatus::Active if input.service.primary().is_none() => {}
        ServiceStatus::Active => pass.keep_up(),
    }
    pass.finish()
}

/// One call of [`reconcile`]: what is known, and what has been decided so far.
struct Pass<'a> {
    input: &'a ServiceInput<'a>,
    state: &'a mut ClusterState,
    service: Service,
    starts: Vec<Start>,
    stops: Vec<Stop>,
    stopped: BTreeSet<&'a TaskId>,
    stopped_running: Vec<TaskId>,
    messages: Vec<Message>,
    /// What keeps the service from its work in this pass; the first that is found is said.
    impediment: Option<(String, Message)>,
    wake_at: Option<UnixMillis>,
}

/// A live task and what is known of it.
#[derive(Debug, Clone, Copy)]
struct Live<'a> {
    task: &'a Task,
    standing: Standing,
    /// How many deployments are newer than its own; 0 is the PRIMARY one's.
    age: usize,
    /// Whether its host is being drained.
    draining: bool,
    /// The number of its host in the state.
    host: Option<usize>,
}

impl Live<'_> {
    fn is_keeper(&self) -> bool {
        self.age == 0 && !self.draining && self.standing != Standing::Unhealthy
    }
}

impl<'a> Pass<'a> {
    fn new(input: &'a ServiceInput<'a>, state: &'a mut ClusterState) -> Self {
        Self {
            input,
            state,
            service: input.service.clone(),
            starts: Vec::new(),
            stops: Vec::new(),
            stopped: BTreeSet::new(),
            stopped_running: Vec::new(),
            messages: Vec::new(),
            impediment: None,
            wake_at: None,
        }
    }

    /// A deleted service stops its tasks and is INACTIVE once all of them are at least STOPPING.
    fn delete(&mut self) {
        for task in self.live_tasks() {
            self.stop_for_scaling(task);
        }
        if !self.input.tasks.iter().any(lingers) {
            self.service.status = ServiceStatus::Inactive;
            self.service.desired_count = 0;
            self.service.deployments.clear();
            self.service.task_sets.clear();
        }
    }

    fn keep_up(&mut self) {
        self.acknowledge_successes();
        self.complete_superseded();
        self.open_breaker();
        self.impede_if_starts_fail();
        self.stop_tasks_of_lost_hosts();
        match self.service.scheduling_strategy {
            SchedulingStrategy::Replica => self.keep_up_replicas(),
            SchedulingStrategy::Daemon => self.keep_up_daemons(),
        }
        self.settle_deployments();
    }

    fn stop_tasks_of_lost_hosts(&mut self) {
        for task in self.live_tasks() {
            let Some(host) = task.instance.as_ref().and_then(|instance| self.state.number(instance)) else { continue };
            let host = &self.state.hosts[host];
            if host.status == InstanceStatus::Inactive {
                let reason = format!("Host EC2 (instance {}) terminated.", host.ec2_instance_id);
                self.stop(task, StopCode::TerminationNotice, reason);
            }
        }
    }

    /// The live tasks, those stopped in this pass left out, in the order of their ids.
    fn live_tasks(&self) -> Vec<&'a Task> {
        let mut tasks: Vec<&Task> =
            self.input.tasks.iter().filter(|task| is_live(task) && !self.stopped.contains(&task.id)).collect();
        tasks.sort_by(|a, b| a.id.cmp(&b.id));
        tasks
    }

    fn live(&self) -> Vec<Live<'a>> {
        let ages: BTreeMap<&DeploymentId, usize> =
            self.service.deployments.iter().enumerate().map(|(age, deployment)| (&deployment.id, age)).collect();
        let age = |task: &Task| task.deployment.as_ref().and_then(|id| ages.get(id)).copied();
        self.live_tasks()
            .into_iter()
            .map(|task| {
                let host = task.instance.as_ref().and_then(|instance| self.state.number(instance));
                Live {
                    task,
                    standing: standing(task, &self.service, self.input.now),
                    age: age(task).unwrap_or(usize::MAX),
                    draining: host.is_some_and(|host| self.state.hosts[host].status == InstanceStatus::Draining),
                    host,
                }
            })
            .collect()
    }

    /// `minimumHealthyPercent` of the desired count, rounded up.
    fn minimum(&self) -> usize {
        percent(self.service.desired_count, self.service.deployment_configuration.minimum_healthy_percent, 99)
    }

    /// `maximumPercent` of the desired count, rounded down.
    fn maximum(&self) -> usize {
        percent(self.service.desired_count, self.service.deployment_configuration.maximum_percent, 0)
    }

    /// Whether the PRIMARY deployment failed, so that nothing is started or replaced.
    fn is_frozen(&self) -> bool {
        self.service.primary().is_some_and(|primary| primary.rollout_state == RolloutState::Failed)
    }

    /// Stops a live task because fewer, newer or other tasks are wanted.
    fn stop_for_scaling(&mut self, task: &'a Task) {
        let deployment = self.service.primary().map_or_else(String::new, |primary| primary.id.to_string());
        let reason = format!("Scaling activity initiated by (deployment {deployment})");
        self.stop(task, StopCode::ServiceSchedulerInitiated, reason);
    }

    /// Stops a leaver or a task too many, with the reason that it has.
    fn stop_live(&mut self, live: &Live<'a>) {
        if live.standing == Standing::Unhealthy && live.age == 0 {
            let group = live.task.traffic.as_ref().and_then(|traffic| traffic.unhealthy_in.as_deref());
            let reason = match group {
                Some(group) => format!("Task failed ELB health checks in (target-group {group})"),
                None => "Task failed container health checks".to_owned(),
            };
            self.stop(live.task, StopCode::ServiceSchedulerInitiated, reason);
            self.count_unhealthy_after_grace();
        } else {
            self.stop_for_scaling(live.task);
        }
    }

    fn stop(&mut self, task: &'a Task, stop_code: StopCode, reason: String) {
        if let Some(instance) = &task.instance {
            self.state.release(instance, &task.requirements, &task.group);
        }
        self.stopped.insert(&task.id);
        if task.last_status == TaskStatus::Running {
            self.stopped_running.push(task.id.clone());
        }
        self.stops.push(Stop { task: task.id.clone(), stop_code, reason });
    }

    fn impede(&mut self, kind: impl Into<String>, message: Message) {
        if self.impediment.is_none() {
            self.impediment = Some((kind.into(), message));
        }
    }

    /// Asks to be called again at `at`, or before if somebody asked for that.
    fn wake(&mut self, at: UnixMillis) {
        if at > self.input.now {
            self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at)));
        }
    }

    fn finish(mut self) -> Outcome {
        if !self.stopped_running.is_empty() {
            let tasks = std::mem::take(&mut self.stopped_running);
            self.messages.insert(0, Message::Stopped { tasks });
        }
        self.say_impediment();
        Outcome {
            service: self.service,
            starts: self.starts,
            stops: self.stops,
            messages: self.messages,
            wake_at: self.wake_at,
        }
    }

    /// Says what impedes the service unless it said the same less than six hours ago.
    fn say_impediment(&mut self) {
        let now = self.input.now;
        let Some((kind, message)) = self.impediment.take() else {
            self.service.impediment = None;
            return;
        };
        let said_at = match &self.service.impediment {
            Some(before) if before.kind == kind && now.millis_since(before.said_at) < REPEAT_AFTER_MILLIS => {
                before.said_at
            }
            _ => {
                self.messages.push(message);
                now
            }
        };
        self.service.impediment = Some(Impediment { kind, said_at });
        self.wake(said_at.plus_millis(REPEAT_AFTER_MILLIS));
    }
}

fn is_live(task: &Task) -> bool {
    task.desired_status == DesiredStatus::Running && task.last_status <= TaskStatus::Running
}

/// Whether a task has not yet begun to stop, told to or not.
fn lingers(task: &Task) -> bool {
    task.last_status < TaskStatus::Stopping
}

fn percent(count: u32, percent: u32, round: u64) -> usize {
    let product = u64::from(count) * u64::from(percent);
    usize::try_from((product + round) / 100).unwrap_or(usize::MAX)
}
