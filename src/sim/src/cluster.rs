//! The simulated cluster: its clock, what happens when, and the loop that asks the scheduler.
//!
//! After anything happens every service is reconciled until nobody wants anything more, each decision is checked and
//! carried out, and the clock moves on to the next thing that happens. Nothing happens between.

use std::collections::{BTreeMap, BTreeSet};

use gantry_model::container_instance::{ContainerInstance, InstanceStatus};
use gantry_model::service::{Service, ServiceStatus};
use gantry_model::task::{DesiredStatus, HealthStatus, StopCode, Task, TaskStatus};
use gantry_model::{ContainerInstanceId, InvalidName, ServiceName, TaskDefinitionId, TaskId, UnixMillis};
use gantry_scheduler::{
    ClusterState, DefaultStrategy, Definition, Outcome, PlacementRequest, ServiceInput, check, message, note_health,
    note_running, note_stopped, place, reconcile, start_deployment,
};

use crate::agent::{Behaviour, Occupied};
use crate::build::{HostSpec, NewTask, Place, ServiceSpec, deployment_id, host_id, task_id};
use crate::chance::Chance;

/// More rounds than this without the clock moving mean that the services chase each other.
const MOST_ROUNDS: u32 = 1000;

/// Why a simulation cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A decision breaks a promise.
    #[error("at {at_ms} ms, service {service}: {promise}")]
    Promise { at_ms: i64, service: ServiceName, promise: String },
    /// A task that waited was placed where there is no room for it.
    #[error("at {at_ms} ms: {promise}")]
    Overcommitted { at_ms: i64, promise: String },
    #[error("at {at_ms} ms: the services do not come to rest")]
    Restless { at_ms: i64 },
    /// A number or name outside of what ids can express.
    #[error("an id could not be made")]
    Id(#[from] InvalidName),
    #[error("there is no {what}")]
    Missing { what: String },
}

/// Something that happens to a task by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Running,
    Fails,
    Exits,
    Health,
    Stopped,
}

/// A cluster in memory.
#[derive(Debug, Clone)]
pub struct Simulation {
    now: i64,
    seed: u64,
    chance: Chance,
    place: Place,
    hosts: BTreeMap<ContainerInstanceId, ContainerInstance>,
    tasks: BTreeMap<TaskId, Task>,
    /// Tasks that their agents let in and have not yet stopped.
    let_in: BTreeSet<TaskId>,
    services: BTreeMap<ServiceName, Service>,
    definitions: BTreeMap<TaskDefinitionId, Definition>,
    growing_pools: BTreeSet<String>,
    behaviours: BTreeMap<TaskDefinitionId, Behaviour>,
    happenings: BTreeSet<(i64, TaskId, Happening)>,
    wakes: BTreeMap<ServiceName, i64>,
    made: u32,
    log: Vec<String>,
}

impl Simulation {
    /// An empty cluster at time zero.
    ///
    /// # Errors
    /// Never in practice: [`Broken::Id`].
    pub fn new(seed: u64) -> Result<Self, Broken> {
        Ok(Self {
            now: 0,
            seed,
            chance: Chance::new(seed),
            place: Place::new()?,
            hosts: BTreeMap::new(),
            tasks: BTreeMap::new(),
            let_in: BTreeSet::new(),
            services: BTreeMap::new(),
            definitions: BTreeMap::new(),
            growing_pools: BTreeSet::new(),
            behaviours: BTreeMap::new(),
            happenings: BTreeSet::new(),
            wakes: BTreeMap::new(),
            made: 0,
            log: Vec::new(),
        })
    }

    /// Milliseconds since the start.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.now
    }

    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }

    pub fn hosts(&self) -> impl Iterator<Item = &ContainerInstance> {
        self.hosts.values()
    }

    /// The tasks that are not STOPPED, by id.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values()
    }

    /// What happened since the last call, a line each.
    pub fn take_log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    /// Registers host `number`.
    ///
    /// # Errors
    /// As every change: [`Broken`] when a decision that follows breaks a promise.
    pub fn add_host(&mut self, number: u32, spec: &HostSpec) -> Result<(), Broken> {
        let host = self.place.host(number, spec, UnixMillis(self.now))?;
        self.hosts.insert(host.id.clone(), host);
        self.rest()
    }

    /// Registers a task definition; a service may use it from then on.
    pub fn define(&mut self, id: TaskDefinitionId, definition: Definition, behaviour: Behaviour) {
        self.definitions.insert(id.clone(), definition);
        self.behaviours.insert(id, behaviour);
    }

    /// Creates a service.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn create(
        &mut self,
        name: &ServiceName,
        definition: TaskDefinitionId,
        spec: ServiceSpec,
    ) -> Result<(), Broken> {
        let service = self.place.service(name.clone(), definition.clone(), spec, UnixMillis(self.now));
        self.growing_pools.extend(service.capacity_provider_strategy.iter().map(|item| item.capacity_provider.clone()));
        self.services.insert(name.clone(), service);
        self.deploy(name, definition)
    }

    /// Starts a deployment of `definition`.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn deploy(&mut self, name: &ServiceName, definition: TaskDefinitionId) -> Result<(), Broken> {
        let id = deployment_id(self.next_number())?;
        let now = UnixMillis(self.now);
        let service = self.service_mut(name)?;
        *service = start_deployment(service, id, definition, now);
        self.rest()
    }

    /// Changes the desired count.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn scale(&mut self, name: &ServiceName, desired_count: u32) -> Result<(), Broken> {
        self.service_mut(name)?.desired_count = desired_count;
        self.rest()
    }

    /// Deletes a service, with its tasks.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn delete(&mut self, name: &ServiceName) -> Result<(), Broken> {
        self.service_mut(name)?.status = ServiceStatus::Draining;
        self.rest()
    }

    /// Sets a host's status to ACTIVE or DRAINING.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn set_status(&mut self, number: u32, status: InstanceStatus) -> Result<(), Broken> {
        self.host_mut(number)?.status = status;
        self.rest()
    }

    /// Connects or disconnects a host's agent; its tasks go on.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn set_connected(&mut self, number: u32, connected: bool) -> Result<(), Broken> {
        self.host_mut(number)?.agent_connected = connected;
        self.rest()
    }

    /// Loses a host with all that runs on it.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn lose(&mut self, number: u32) -> Result<(), Broken> {
        let id = host_id(number)?;
        self.host_mut(number)?.status = InstanceStatus::Inactive;
        let lost: Vec<TaskId> = self
            .tasks
            .values()
            .filter(|task| task.instance.as_ref() == Some(&id))
            .map(|task| task.id.clone())
            .collect();
        self.happenings.retain(|(_, task, _)| !lost.contains(task));
        self.rest()?;
        for task in lost {
            self.happenings.insert((self.now, task, Happening::Stopped));
        }
        self.advance(0)
    }

    /// Ends the oldest RUNNING task of a service as if its process had ended.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn kill_one(&mut self, name: &ServiceName) -> Result<(), Broken> {
        let mut running = self.tasks.values().filter(|task| {
            task.service.as_ref() == Some(name)
                && task.last_status == TaskStatus::Running
                && task.desired_status == DesiredStatus::Running
        });
        if let Some(task) = running.next() {
            self.happenings.insert((self.now, task.id.clone(), Happening::Exits));
        }
        self.advance(0)
    }

    /// Lets `millis` milliseconds pass.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn advance(&mut self, millis: i64) -> Result<(), Broken> {
        let until = self.now.saturating_add(millis);
        while let Some(at) = self.next_at().filter(|&at| at <= until) {
            self.now = at.max(self.now);
            self.happen()?;
            self.rest()?;
        }
        self.now = until;
        Ok(())
    }

    /// Lets time pass until nothing is left to happen in the next `quiet` milliseconds, at most `limit` milliseconds.
    /// Answers whether it came to that.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn settle(&mut self, quiet: i64, limit: i64) -> Result<bool, Broken> {
        let until = self.now.saturating_add(limit);
        while let Some(at) = self.next_at().filter(|&at| at <= self.now.saturating_add(quiet)) {
            if at > until {
                return Ok(false);
            }
            self.advance(at.saturating_sub(self.now))?;
        }
        Ok(true)
    }

    fn next_at(&self) -> Option<i64> {
        let happening = self.happenings.first().map(|(at, ..)| *at);
        let wake = self.wakes.values().min().copied();
        happening.into_iter().chain(wake).min()
    }

    /// Everything that is due now.
    fn happen(&mut self) -> Result<(), Broken> {
        let now = self.now;
        self.wakes.retain(|_, at| *at > now);
        while let Some(first) = self.happenings.first().filter(|(at, ..)| *at <= now).cloned() {
            self.happenings.remove(&first);
            let (_, id, happening) = first;
            let Some(task) = self.tasks.get(&id).cloned() else { continue };
            match happening {
                Happening::Running => self.becomes_running(task),
                Happening::Fails => self.becomes_stopped(task, StopCode::TaskFailedToStart),
                Happening::Exits => self.becomes_stopped(task, StopCode::EssentialContainerExited),
                Happening::Stopped => self.becomes_stopped(task, StopCode::ServiceSchedulerInitiated),
                Happening::Health => self.reports_health(task),
            }
        }
        Ok(())
    }

    fn becomes_running(&mut self, mut task: Task) {
        if !task.advance(TaskStatus::Running) {
            return;
        }
        task.started_at = Some(UnixMillis(self.now));
        let behaviour = self.behaviour(&task.task_definition);
        if let Some(after) = behaviour.exits_after_ms {
            self.happenings.insert((self.now + after, task.id.clone(), Happening::Exits));
        }
        if let Some((after, _)) = behaviour.health {
            self.happenings.insert((self.now + after, task.id.clone(), Happening::Health));
        }
        self.tell(&task, note_running);
        self.say_of(&task, "is RUNNING");
        self.tasks.insert(task.id.clone(), task);
    }

    fn reports_health(&mut self, mut task: Task) {
        let Some((_, health)) = self.behaviour(&task.task_definition).health else { return };
        if task.last_status != TaskStatus::Running || task.health == health {
            return;
        }
        for container in &mut task.containers {
            container.health = health;
        }
        task.health = task.health_of_containers();
        self.tell(&task, note_health);
        self.say_of(&task, if health == HealthStatus::Healthy { "is HEALTHY" } else { "is UNHEALTHY" });
        self.tasks.insert(task.id.clone(), task);
    }

    fn becomes_stopped(&mut self, mut task: Task, code: StopCode) {
        if !task.advance(TaskStatus::Stopped) {
            return;
        }
        let was_running = task.started_at.is_some();
        task.stop_code.get_or_insert(code);
        task.stopped_at = Some(UnixMillis(self.now));
        task.desired_status = DesiredStatus::Stopped;
        self.let_in.remove(&task.id);
        self.happenings.retain(|(_, id, _)| *id != task.id);
        self.tell(&task, move |service, task, now| note_stopped(service, task, was_running, now));
        self.say_of(&task, "is STOPPED");
        self.tasks.remove(&task.id);
    }

    fn tell(&mut self, task: &Task, note: impl FnOnce(&mut Service, &Task, UnixMillis)) {
        if let Some(service) = task.service.as_ref().and_then(|name| self.services.get_mut(name)) {
            note(service, task, UnixMillis(self.now));
        }
    }

    /// Reconciles every service until nobody wants anything more.
    fn rest(&mut self) -> Result<(), Broken> {
        for _ in 0..MOST_ROUNDS {
            let names: Vec<ServiceName> = self.services.keys().cloned().collect();
            let mut moved = false;
            for name in names {
                moved |= self.reconcile(&name)?;
            }
            moved |= self.place_waiting()?;
            self.let_tasks_in();
            if !moved {
                return Ok(());
            }
        }
        Err(Broken::Restless { at_ms: self.now })
    }

    /// Places the tasks that wait for room in a pool, the oldest first; answers whether there was any.
    fn place_waiting(&mut self) -> Result<bool, Broken> {
        let waits = |task: &&Task| task.instance.is_none() && task.desired_status == DesiredStatus::Running;
        let mut waiting: Vec<Task> = self.tasks.values().filter(waits).cloned().collect();
        waiting.sort_by_key(|task| (task.created_at, task.id.clone()));
        let mut moved = false;
        for mut task in waiting {
            let Some(definition) = self.definitions.get(&task.task_definition) else { continue };
            let service = task.service.as_ref().and_then(|name| self.services.get(name));
            let own = service.map(|service| service.placement_constraints.as_slice()).unwrap_or_default();
            let constraints: Vec<_> = definition.constraints.iter().chain(own).cloned().collect();
            let request = PlacementRequest {
                requirements: &definition.requirements,
                group: &task.group,
                constraints: &constraints,
                strategy: service.map(|service| service.placement_strategy.as_slice()).unwrap_or_default(),
                default_strategy: DefaultStrategy::Service,
                capacity_provider: task.capacity_provider.as_deref(),
            };
            let (hosts, tasks): (Vec<_>, Vec<_>) =
                (self.hosts.values().cloned().collect(), self.tasks.values().cloned().collect());
            let mut state = ClusterState::new(&self.place.cluster, &hosts, &tasks);
            let Some(host) = place(&mut state, &request, 1, self.seed).placed.pop() else { continue };
            task.instance = Some(host);
            self.tasks.insert(task.id.clone(), task);
            let tasks: Vec<Task> = self.tasks.values().cloned().collect();
            check::no_overcommit(&hosts, &tasks)
                .map_err(|promise| Broken::Overcommitted { at_ms: self.now, promise })?;
            moved = true;
        }
        Ok(moved)
    }

    /// Reconciles one service; answers whether anything changed.
    fn reconcile(&mut self, name: &ServiceName) -> Result<bool, Broken> {
        let Some(service) = self.services.get(name).cloned() else { return Ok(false) };
        let hosts: Vec<ContainerInstance> = self.hosts.values().cloned().collect();
        let (own, others): (Vec<Task>, Vec<Task>) =
            self.tasks.values().cloned().partition(|task| task.service.as_ref() == Some(name));
        let input = ServiceInput {
            service: &service,
            tasks: &own,
            definitions: &self.definitions,
            default_strategy: DefaultStrategy::Service,
            growing_pools: &self.growing_pools,
            now: UnixMillis(self.now),
            seed: self.seed,
        };
        let all: Vec<Task> = own.iter().chain(&others).cloned().collect();
        let mut state = ClusterState::new(&self.place.cluster, &hosts, &all);
        let outcome = reconcile(&input, &mut state);
        check::outcome(&input, &hosts, &others, &outcome).map_err(|promise| self.broken(name, promise))?;
        let moved = outcome.service != service || !outcome.starts.is_empty() || !outcome.stops.is_empty();
        let quiet = outcome.starts.is_empty();
        self.carry_out(name, outcome)?;
        if !quiet {
            let tasks: Vec<Task> = self.tasks.values().cloned().collect();
            check::no_overcommit(&hosts, &tasks).map_err(|promise| self.broken(name, promise))?;
        }
        Ok(moved)
    }

    fn broken(&self, service: &ServiceName, promise: String) -> Broken {
        Broken::Promise { at_ms: self.now, service: service.clone(), promise }
    }

    fn carry_out(&mut self, name: &ServiceName, outcome: Outcome) -> Result<(), Broken> {
        let now = UnixMillis(self.now);
        for stop in outcome.stops {
            let Some(mut task) = self.tasks.get(&stop.task).cloned() else { continue };
            task.desired_status = DesiredStatus::Stopped;
            task.advance(TaskStatus::Stopping);
            task.stop_code = Some(stop.stop_code);
            task.stopped_reason = Some(stop.reason);
            let delay = if self.let_in.contains(&task.id) { self.stop_delay(&task) } else { 0 };
            self.happenings.retain(|(_, id, _)| *id != task.id);
            self.happenings.insert((self.now + delay, task.id.clone(), Happening::Stopped));
            self.tasks.insert(task.id.clone(), task);
        }
        let mut started = Vec::new();
        for start in outcome.starts {
            let id = task_id(self.next_number())?;
            let Some(definition) = self.definitions.get(&start.task_definition) else { continue };
            let has_health_check = self.behaviour(&start.task_definition).health.is_some();
            let new = NewTask {
                id: id.clone(),
                definition: start.task_definition,
                instance: start.instance,
                capacity_provider: start.capacity_provider,
                service: &outcome.service,
                deployment: start.deployment,
                requirements: &definition.requirements,
                has_health_check,
            };
            self.tasks.insert(id.clone(), self.place.task(new, now));
            started.push(id);
        }
        if !started.is_empty() {
            self.say(&message::started(name, &started));
        }
        for message in &outcome.messages {
            self.say(&message.render(name));
        }
        match outcome.wake_at {
            Some(at) => drop(self.wakes.insert(name.clone(), at.0)),
            None => drop(self.wakes.remove(name)),
        }
        self.services.insert(name.clone(), outcome.service);
        Ok(())
    }

    /// Agents start the tasks that wait for them, first come first served, as far as their hosts have room.
    fn let_tasks_in(&mut self) {
        let mut occupied: BTreeMap<ContainerInstanceId, Occupied> = BTreeMap::new();
        for task in self.let_in.iter().filter_map(|id| self.tasks.get(id)) {
            if let Some(instance) = &task.instance {
                occupied.entry(instance.clone()).or_default().add(&task.requirements);
            }
        }
        let mut waiting: Vec<&Task> = self
            .tasks
            .values()
            .filter(|task| task.last_status == TaskStatus::Pending && !self.let_in.contains(&task.id))
            .collect();
        waiting.sort_by_key(|task| (task.created_at, task.id.clone()));
        let mut entering = Vec::new();
        for task in waiting {
            let Some(host) = task.instance.as_ref().and_then(|instance| self.hosts.get(instance)) else { continue };
            let taken = occupied.entry(host.id.clone()).or_default();
            if host.agent_connected && taken.has_room(host.registered, host.gpus, &task.requirements) {
                taken.add(&task.requirements);
                entering.push((task.id.clone(), self.behaviour(&task.task_definition)));
            }
        }
        for (id, behaviour) in entering {
            let jitter = i64::from(self.chance.below(behaviour.jitter_ms + 1));
            let happening = if behaviour.fails { Happening::Fails } else { Happening::Running };
            self.happenings.insert((self.now + behaviour.start_ms + jitter, id.clone(), happening));
            self.let_in.insert(id);
        }
    }

    fn stop_delay(&mut self, task: &Task) -> i64 {
        let behaviour = self.behaviour(&task.task_definition);
        behaviour.stop_ms + i64::from(self.chance.below(behaviour.jitter_ms + 1))
    }

    fn behaviour(&self, definition: &TaskDefinitionId) -> Behaviour {
        self.behaviours.get(definition).cloned().unwrap_or_default()
    }

    fn service_mut(&mut self, name: &ServiceName) -> Result<&mut Service, Broken> {
        self.services.get_mut(name).ok_or_else(|| Broken::Missing { what: format!("service {name}") })
    }

    fn host_mut(&mut self, number: u32) -> Result<&mut ContainerInstance, Broken> {
        let id = host_id(number)?;
        self.hosts.get_mut(&id).ok_or_else(|| Broken::Missing { what: format!("host {number}") })
    }

    fn next_number(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    fn say_of(&mut self, task: &Task, what: &str) {
        let service = task.service.as_ref().map_or("", ServiceName::as_str);
        let host = task.instance.as_ref().map_or("nowhere", |id| id.as_str());
        let definition = &task.task_definition;
        let line = format!("(service {service}) (task {}) of {definition} on (host {host}) {what}", task.id);
        self.say(&line);
    }

    /// Writes a line into the log, leading zeros of ids left off.
    fn say(&mut self, text: &str) {
        let mut line = String::new();
        for (position, word) in text.split(' ').enumerate() {
            let digits = word.trim_start_matches('0');
            let separator = if position > 0 { " " } else { "" };
            line.push_str(separator);
            line.push_str(if word.len() >= 32 && !digits.is_empty() { digits } else { word });
        }
        self.log.push(format!("{:>8}.{:03} {line}", self.now / 1000, self.now % 1000));
    }
}
