//! The service loop: makes each service have the tasks that it should have.
//!
//! A pass reads a service, asks `gantry_scheduler::reconcile` and, only when that decides something, takes the decision
//! again inside the transaction that carries it out: so nothing that changed between is overlooked, and two writers can
//! never promise the same megabyte. Read [`settle`] first.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use gantry_model::service::{DeploymentController, Service, ServiceStatus, Workload};
use gantry_model::task::{LaunchType, TaskTraffic};
use gantry_model::{ClusterName, Scope, ServiceName, Tag, TaskDefinitionId, UnixMillis};
use gantry_scheduler::{
    ClusterState, DefaultStrategy, Definition, Message, Outcome, ServiceInput, Start, reconcile, reconcile_task_set,
};
use gantry_store::{Conn, Tx};
use gantry_wire::shapes::ecs::{TaskDefinition, TaskOverride};

use crate::context::Control;
use crate::ecs::capacity_providers::MOST_WAITING;
use crate::ecs::hosts::Hosts;
use crate::ecs::new_task::TaskTemplate;
use crate::ecs::{capacity_providers, launch, load_balancers, record, requirements, stopping};
use crate::error::{Failure, chain};
use crate::ids;

/// How long after its last look a service is looked at again though nothing was said to have changed.
const FLOOR: Duration = Duration::from_secs(5);

/// A service's place in the world.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceKey {
    pub scope: Scope,
    pub cluster: ClusterName,
    pub name: ServiceName,
}

impl ServiceKey {
    /// Where `service` has its place.
    #[must_use]
    pub fn of(service: &Service) -> Self {
        Self { scope: service.scope.clone(), cluster: service.cluster.clone(), name: service.name.clone() }
    }
}

/// Runs until it is dropped.
pub async fn run(control: Arc<Control>) {
    let mut due: BTreeMap<ServiceKey, UnixMillis> = BTreeMap::new();
    let mut next_sweep = control.now();
    loop {
        let mut keys = control.bus.take_services();
        let now = control.now();
        keys.extend(due.iter().filter(|(_, at)| **at <= now).map(|(key, _)| key.clone()));
        if control.bus.take_sweep() || next_sweep <= now {
            keys.extend(all(&control).await);
            next_sweep = now.plus_millis(millis(FLOOR));
        }
        for key in keys {
            due.remove(&key);
            match settle(&control, &key).await {
                Ok(Some(at)) => drop(due.insert(key, at)),
                Ok(None) => {}
                Err(failure) => tracing::error!(
                    loop_name = "services", service = %key.name, cluster = %key.cluster,
                    "a service could not be settled: {}", chain(&failure)
                ),
            }
        }
        let wake_at = due.values().min().copied().unwrap_or(next_sweep).min(next_sweep);
        let pause = u64::try_from(wake_at.millis_since(control.now()).max(0)).unwrap_or(0);
        tokio::select! {
            () = control.bus.services.notified() => {}
            () = tokio::time::sleep(Duration::from_millis(pause)) => {}
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Every service that is not INACTIVE.
pub(super) async fn all(control: &Control) -> BTreeSet<ServiceKey> {
    let listed = async {
        let mut reader = control.store.read().await?;
        gantry_store::service::unfinished(&mut reader).await
    };
    match listed.await {
        Ok(services) => services.iter().map(ServiceKey::of).collect(),
        Err(error) => {
            tracing::error!(loop_name = "services", "the services could not be listed: {}", chain(&error));
            BTreeSet::new()
        }
    }
}

/// Brings one service a step closer to what it should be. Answers when time alone will make it due again.
///
/// # Errors
/// The store's; ServerException when what is stored does not read.
pub async fn settle(control: &Arc<Control>, key: &ServiceKey) -> Result<Option<UnixMillis>, Failure> {
    let seed = ids::seed()?;
    let now = control.now();
    let seen = {
        let mut reader = control.store.read().await?;
        World::load(&mut reader, key).await?.map(|mut world| world.decide(now, seed))
    };
    let Some(outcome) = seen else { return Ok(None) };
    if outcome.is_quiet {
        return Ok(outcome.outcome.wake_at);
    }
    let key = key.clone();
    control
        .store
        .write(move |tx| {
            Box::pin(async move {
                let Some(mut world) = World::load(tx, &key).await? else { return Ok(None) };
                let decision = world.decide(now, seed);
                world.carry_out(tx, decision.outcome, now).await
            })
        })
        .await
}

/// A service with all that its next step depends on.
struct World {
    service: Service,
    tasks: Vec<gantry_model::task::Task>,
    /// The hosts of each launch type that the service's deployments or task sets run on.
    hosts: BTreeMap<LaunchType, Hosts>,
    definitions: BTreeMap<TaskDefinitionId, Loaded>,
    /// The capacity providers of its strategies whose pools grow.
    growing_pools: BTreeSet<String>,
}

/// A task definition of one of the service's deployments.
struct Loaded {
    document: TaskDefinition,
    tags: Vec<Tag>,
    needs: Definition,
}

struct Decision {
    outcome: Outcome,
    is_quiet: bool,
}

/// What a decision is taken on, beside the service.
struct Deciding<'a> {
    tasks: &'a [gantry_model::task::Task],
    needs: &'a BTreeMap<TaskDefinitionId, Definition>,
    hosts: &'a mut BTreeMap<LaunchType, Hosts>,
    growing_pools: &'a BTreeSet<String>,
    now: UnixMillis,
    seed: u64,
}

impl Deciding<'_> {
    /// Settles each task set in turn; one that is gone makes room for the next at its place.
    fn task_sets(&mut self, service: &Service) -> Outcome {
        let mut whole = Outcome {
            service: service.clone(),
            starts: Vec::new(),
            stops: Vec::new(),
            messages: Vec::new(),
            wake_at: None,
        };
        let mut index = 0;
        while let Some(set) = whole.service.task_sets.get(index) {
            let id = set.id.clone();
            let launch_type = launch_type_of(&set.workload);
            let part = self.one(&whole.service, launch_type, |input, state| reconcile_task_set(input, index, state));
            whole.starts.extend(part.starts);
            whole.stops.extend(part.stops);
            whole.messages.extend(part.messages);
            whole.wake_at = [whole.wake_at, part.wake_at].into_iter().flatten().min();
            whole.service = part.service;
            index += usize::from(whole.service.task_sets.get(index).is_some_and(|set| set.id == id));
        }
        whole
    }

    /// Has `decide` decide on the hosts of `launch_type`.
    fn one(
        &mut self,
        service: &Service,
        launch_type: LaunchType,
        decide: impl FnOnce(&ServiceInput<'_>, &mut ClusterState) -> Outcome,
    ) -> Outcome {
        let default_strategy = match launch_type {
            LaunchType::Fargate => DefaultStrategy::Fargate,
            LaunchType::Ec2 | LaunchType::External => DefaultStrategy::Service,
        };
        let Self { tasks, needs: definitions, growing_pools, now, seed, .. } = *self;
        let input = ServiceInput { service, tasks, definitions, default_strategy, growing_pools, now, seed };
        // A service without deployments and sets has no hosts loaded, and nothing to place.
        let mut none = ClusterState::new(&service.cluster, &[], &[]);
        let state = self.hosts.get_mut(&launch_type).map_or(&mut none, |hosts| &mut hosts.state);
        decide(&input, state)
    }
}

fn launch_type_of(workload: &Workload) -> LaunchType {
    launch::launch_type(workload.launch_type, &workload.capacity_provider_strategy)
}

impl World {
    async fn load(conn: &mut Conn, key: &ServiceKey) -> Result<Option<Self>, Failure> {
        let found = gantry_store::service::get(conn, &key.scope, &key.cluster, &key.name).await?;
        let Some(service) = found else { return Ok(None) };
        let tasks = gantry_store::task::of_service(conn, &key.scope, &key.cluster, &key.name).await?;
        let own = launch::launch_type_of(&service);
        let mut hosts = BTreeMap::new();
        let mut definitions = BTreeMap::new();
        let deployed = service.deployments.iter().map(|d| (&d.task_definition, own));
        let in_sets = service.task_sets.iter().map(|set| (&set.task_definition, launch_type_of(&set.workload)));
        for (id, launch_type) in deployed.chain(in_sets) {
            if let Entry::Vacant(vacant) = hosts.entry(launch_type) {
                vacant.insert(Hosts::load(conn, &key.scope, &key.cluster, launch_type).await?);
            }
            if let Some(model) = gantry_store::task_definition::get(conn, &key.scope, id).await? {
                let document = launch::document(&model)?;
                let needs = Definition {
                    requirements: requirements::of_task(&document, &TaskOverride::default(), launch_type),
                    constraints: requirements::constraints(&document),
                };
                definitions.insert(id.clone(), Loaded { document, tags: model.tags, needs });
            }
        }
        let in_sets = service.task_sets.iter().flat_map(|set| &set.workload.capacity_provider_strategy);
        let strategy: Vec<_> = service.capacity_provider_strategy.iter().chain(in_sets).cloned().collect();
        let mut growing_pools = capacity_providers::growing(conn, &key.scope, &strategy).await?;
        if !growing_pools.is_empty()
            && capacity_providers::waiting_tasks(conn, &key.scope, &key.cluster).await? >= MOST_WAITING
        {
            growing_pools.clear();
        }
        Ok(Some(Self { service, tasks, hosts, definitions, growing_pools }))
    }

    fn decide(&mut self, now: UnixMillis, seed: u64) -> Decision {
        let Self { service, tasks, hosts, definitions, growing_pools } = self;
        let needs = definitions.iter().map(|(id, loaded)| (id.clone(), loaded.needs.clone())).collect();
        let mut deciding = Deciding { tasks, needs: &needs, hosts, growing_pools, now, seed };
        let by_sets =
            service.deployment_controller != DeploymentController::Ecs && service.status == ServiceStatus::Active;
        let outcome = if by_sets {
            deciding.task_sets(service)
        } else {
            deciding.one(service, launch::launch_type_of(service), reconcile)
        };
        let is_quiet = outcome.starts.is_empty()
            && outcome.stops.is_empty()
            && outcome.messages.is_empty()
            && outcome.service == *service;
        Decision { outcome, is_quiet }
    }

    /// Writes what was decided: stops, then starts, then what the service says of it.
    async fn carry_out(self, tx: &mut Tx, outcome: Outcome, now: UnixMillis) -> Result<Option<UnixMillis>, Failure> {
        let mut service = outcome.service;
        for stop in outcome.stops {
            if let Some(mut task) = gantry_store::task::get(tx, &service.scope, &stop.task).await? {
                stopping::stop(tx, &mut task, stop.stop_code, &stop.reason).await?;
            }
        }
        let mut started = Vec::with_capacity(outcome.starts.len());
        for start in &outcome.starts {
            started.extend(self.start(tx, start, now).await?);
        }
        if service != self.service {
            record::put_service(tx, &mut service).await?;
        }
        // In the order of what was done: what was stopped, what was started, what follows from it.
        let (stopped, rest): (Vec<_>, Vec<_>) =
            outcome.messages.into_iter().partition(|m| matches!(m, Message::Stopped { .. }));
        let started = (!started.is_empty()).then_some(Message::Started { tasks: started });
        for message in stopped.into_iter().chain(started).chain(rest) {
            record::tell(tx, &service, &message).await?;
        }
        Ok(outcome.wake_at)
    }

    async fn start(
        &self,
        tx: &mut Tx,
        start: &Start,
        now: UnixMillis,
    ) -> Result<Option<gantry_model::TaskId>, Failure> {
        let Some(definition) = self.definitions.get(&start.task_definition) else { return Ok(None) };
        let workload = self.service.workload_of(&start.deployment);
        let launch_type = launch_type_of(&workload);
        let constraints: Vec<_> =
            definition.needs.constraints.iter().chain(&self.service.placement_constraints).cloned().collect();
        let overrides = TaskOverride::default();
        let group = self.service.group();
        let tags = self.tags(definition);
        let asked = workload.kept.get("platformVersion").and_then(|v| v.as_str());
        // A task set answers a platform version on any host; only Fargate's tasks have one.
        let asked = asked.filter(|_| launch_type == LaunchType::Fargate);
        let platform_version = launch::platform_version(launch_type, asked)?;
        let template = TaskTemplate {
            scope: &self.service.scope,
            cluster: &self.service.cluster,
            definition_id: &start.task_definition,
            definition: &definition.document,
            requirements: &definition.needs.requirements,
            overrides: &overrides,
            launch_type,
            capacity_provider: start.capacity_provider.as_deref(),
            platform_version: platform_version.as_deref(),
            group: &group,
            started_by: Some(start.deployment.as_str()),
            service: Some((&self.service.name, &start.deployment)),
            network_configuration: workload.kept.get("networkConfiguration"),
            enable_execute_command: self.flag("enableExecuteCommand"),
            constraints: &constraints,
            strategy: &self.service.placement_strategy,
            tags: &tags,
        };
        let mut task = match &start.instance {
            None => template.waiting(now)?,
            Some(instance) => {
                let mut hosts = self.hosts.get(&launch_type).into_iter().flat_map(|hosts| &hosts.instances);
                let Some(host) = hosts.find(|host| host.id == *instance) else { return Ok(None) };
                template.on(host, now)?
            }
        };
        if !load_balancers::of(&workload).is_empty() {
            task.traffic = Some(TaskTraffic::new());
        }
        record::put_task(tx, &mut task).await?;
        Ok(Some(task.id))
    }

    fn flag(&self, member: &str) -> bool {
        self.service.extra.get(member).and_then(serde_json::Value::as_bool).unwrap_or(false)
    }

    /// The tags of a new task: as `propagateTags` says, and ECS's own when they are managed.
    fn tags(&self, definition: &Loaded) -> Vec<Tag> {
        let mut tags = Vec::new();
        match self.service.extra.get("propagateTags").and_then(|v| v.as_str()) {
            Some("SERVICE") => launch::inherit(&mut tags, &self.service.tags),
            Some("TASK_DEFINITION") => launch::inherit(&mut tags, &definition.tags),
            _ => {}
        }
        if self.flag("enableECSManagedTags") {
            tags.push(Tag { key: "aws:ecs:clusterName".to_owned(), value: self.service.cluster.to_string() });
            tags.push(Tag { key: "aws:ecs:serviceName".to_owned(), value: self.service.name.to_string() });
        }
        tags
    }
}
