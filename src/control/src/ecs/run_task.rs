//! RunTask: places up to ten copies of a task definition now, or says host by host why not.
//!
//! Source: ECS API reference, `RunTask`. What could not be placed is not an error: the answer has fewer tasks and a
//! failure for each instance that was looked at. Where the pool of the capacity provider grows, it waits for room instead.

use gantry_model::task::{LaunchType, Task};
use gantry_model::{Arn, Resource, Scope, Tag, UnixMillis};
use gantry_scheduler::capacity::share_out;
use gantry_scheduler::{DefaultStrategy, PlacementRequest, place};
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{Failure as WireFailure, RunTaskRequest, RunTaskResponse, TaskOverride};
use serde_json::Value;

use crate::context::Call;
use crate::ecs::capacity_providers::MOST_WAITING;
use crate::ecs::hosts::Hosts;
use crate::ecs::launch::{self, Capacity, Runnable};
use crate::ecs::new_task::TaskTemplate;
use crate::ecs::{capacity_providers, idempotency, record, requirements, resolve, unsupported, view};
use crate::error::Failure;
use crate::ids;

/// Answers RunTask.
///
/// # Errors
/// ClusterNotFoundException, ClientException for the task definition, InvalidParameterException, ConflictException for
/// a client token that stands for another request.
pub async fn run_task(call: Call, input: RunTaskRequest) -> Result<RunTaskResponse, Failure> {
    let seed = ids::seed()?;
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { run(tx, &call, &input, seed).await })).await
}

/// As [`run_task`], in a transaction that the caller has.
///
/// # Errors
/// As [`run_task`].
pub(crate) async fn run(
    tx: &mut Tx,
    call: &Call,
    input: &RunTaskRequest,
    seed: u64,
) -> Result<RunTaskResponse, Failure> {
    let cluster = resolve::cluster(tx, &call.scope, input.cluster.as_deref()).await?;
    if let Some(answer) = idempotency::earlier(tx, &call.scope, "RunTask", input.client_token.as_deref(), input).await?
    {
        return Ok(answer);
    }
    unsupported::refuse_volumes(input.volume_configurations.as_deref())?;
    let count = count(input.count)?;
    let runnable = launch::runnable(tx, &call.scope, input.task_definition.as_deref().unwrap_or_default()).await?;
    let strategy = input.capacity_provider_strategy.as_deref().unwrap_or_default();
    let capacity = launch::capacity(tx, &cluster, input.launch_type.as_deref(), strategy).await?;
    launch::check_network(&runnable.document, capacity.launch_type, input.network_configuration.as_ref())?;
    let plan = Plan::read(input, &runnable, capacity, &cluster.name)?;
    let mut hosts = Hosts::load(tx, &call.scope, &cluster.name, plan.capacity.launch_type).await?;
    let growing = capacity_providers::growing(tx, &call.scope, &plan.capacity.strategy).await?;
    if hosts.instances.is_empty() && growing.is_empty() {
        return Err(ApiError::invalid_parameter("No Container Instances were found in your cluster.").into());
    }
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for (capacity_provider, count) in share_out(&plan.capacity.strategy, |_| 0, count) {
        let request = PlacementRequest {
            requirements: &plan.requirements,
            group: &plan.group,
            constraints: &plan.constraints,
            strategy: &plan.strategy,
            default_strategy: plan.default_strategy(),
            capacity_provider,
        };
        let placement = place(&mut hosts.state, &request, count, seed);
        let template = plan.template(call, &runnable, &cluster.name, input, capacity_provider);
        for id in &placement.placed {
            let Some(host) = hosts.instances.iter().find(|h| h.id == *id) else { continue };
            let mut task = template.on(host, call.now)?;
            record::put_task(tx, &mut task).await?;
            tasks.push(task);
        }
        if capacity_provider.is_some_and(|provider| growing.contains(provider)) {
            for _ in placement.placed.len()..usize::try_from(count).unwrap_or(usize::MAX) {
                let mut task = template.waiting(call.now)?;
                record::put_task(tx, &mut task).await?;
                tasks.push(task);
            }
            continue;
        }
        if placement.placed.is_empty() && placement.failures.is_empty() {
            failures.push(empty_pool(&call.scope, capacity_provider));
        }
        failures.extend(placement.failures.iter().map(|f| failure(&hosts, f)));
    }
    if tasks.iter().any(|task| task.instance.is_none())
        && capacity_providers::waiting_tasks(tx, &call.scope, &cluster.name).await? > MOST_WAITING
    {
        let text = format!("The cluster would have more than {MOST_WAITING} tasks in the PROVISIONING state.");
        return Err(ApiError::client(text).into());
    }
    let answer = RunTaskResponse { tasks: Some(answer_tasks(&tasks)?), failures: Some(failures) };
    idempotency::remember(tx, &call.scope, "RunTask", input.client_token.as_deref(), input, &answer, call.now).await?;
    Ok(answer)
}

fn failure(hosts: &Hosts, failure: &gantry_scheduler::Failure) -> WireFailure {
    let host = hosts.instances.iter().find(|host| host.id == failure.instance);
    WireFailure {
        arn: host.map(|h| Arn::container_instance(&h.scope, &h.cluster, &h.id).to_string()),
        reason: Some(failure.reason.as_api().to_owned()),
        detail: None,
    }
}

/// The failure of a capacity provider that has no host at all (ECS developer guide, "API failure reasons").
fn empty_pool(scope: &Scope, capacity_provider: Option<&str>) -> WireFailure {
    let arn = |name: &str| Arn::new(scope, Resource::CapacityProvider(name.to_owned())).to_string();
    WireFailure {
        arn: capacity_provider.map(arn),
        reason: Some("EMPTY CAPACITY PROVIDER".to_owned()),
        detail: Some("No container instance is in the pool of the capacity provider.".to_owned()),
    }
}

fn answer_tasks(tasks: &[Task]) -> Result<Vec<gantry_wire::shapes::ecs::Task>, Failure> {
    Ok(tasks.iter().map(|task| view::task::task(task, true)).collect())
}

fn count(given: Option<i32>) -> Result<u32, ApiError> {
    match given.unwrap_or(1) {
        n @ 1..=10 => Ok(n.unsigned_abs()),
        _ => Err(ApiError::invalid_parameter("count must be between 1 and 10.")),
    }
}

/// The request, read.
struct Plan {
    capacity: Capacity,
    platform_version: Option<String>,
    overrides: TaskOverride,
    requirements: gantry_model::resources::Requirements,
    constraints: Vec<gantry_model::placement::PlacementConstraint>,
    strategy: Vec<gantry_model::placement::PlacementStrategy>,
    group: String,
    network: Option<Value>,
    tags: Vec<Tag>,
}

impl Plan {
    fn read(
        input: &RunTaskRequest,
        runnable: &Runnable,
        capacity: Capacity,
        cluster: &gantry_model::ClusterName,
    ) -> Result<Self, Failure> {
        let overrides = checked_overrides(input.overrides.as_ref(), runnable)?;
        let mut constraints = requirements::constraints(&runnable.document);
        constraints.extend(launch::placement_constraints(input.placement_constraints.as_deref().unwrap_or_default())?);
        Ok(Self {
            platform_version: launch::platform_version(capacity.launch_type, input.platform_version.as_deref())?,
            requirements: requirements::of_task(&runnable.document, &overrides, capacity.launch_type),
            strategy: launch::placement_strategy(input.placement_strategy.as_deref().unwrap_or_default())?,
            group: group(input.group.as_deref(), runnable)?,
            network: input.network_configuration.as_ref().map(launch::kept).transpose()?,
            tags: launch::task_tags(
                input.tags.as_deref(),
                input.propagate_tags.as_deref(),
                input.enable_ecs_managed_tags,
                &runnable.model.tags,
                cluster,
            )?,
            capacity,
            overrides,
            constraints,
        })
    }

    fn default_strategy(&self) -> DefaultStrategy {
        match self.capacity.launch_type {
            LaunchType::Fargate => DefaultStrategy::Fargate,
            LaunchType::Ec2 | LaunchType::External => DefaultStrategy::RunTask,
        }
    }

    fn template<'a>(
        &'a self,
        call: &'a Call,
        runnable: &'a Runnable,
        cluster: &'a gantry_model::ClusterName,
        input: &'a RunTaskRequest,
        capacity_provider: Option<&'a str>,
    ) -> TaskTemplate<'a> {
        TaskTemplate {
            scope: &call.scope,
            cluster,
            definition_id: &runnable.model.id,
            definition: &runnable.document,
            requirements: &self.requirements,
            overrides: &self.overrides,
            launch_type: self.capacity.launch_type,
            capacity_provider,
            platform_version: self.platform_version.as_deref(),
            group: &self.group,
            started_by: input.started_by.as_deref(),
            service: None,
            network_configuration: self.network.as_ref(),
            enable_execute_command: input.enable_execute_command.unwrap_or(false),
            constraints: &self.constraints,
            strategy: &self.strategy,
            tags: &self.tags,
        }
    }
}

/// The overrides of the request, each for a container that the definition has.
pub(crate) fn checked_overrides(given: Option<&TaskOverride>, runnable: &Runnable) -> Result<TaskOverride, ApiError> {
    let overrides = given.cloned().unwrap_or_default();
    for over in overrides.container_overrides.iter().flatten() {
        let known = runnable.document.container_definitions.iter().flatten().any(|c| c.name == over.name);
        if !known {
            return Err(ApiError::invalid_parameter(format!(
                "Override for container named {} is not a container in the TaskDefinition.",
                over.name.as_deref().unwrap_or_default()
            )));
        }
    }
    Ok(overrides)
}

/// The task group: given, or the family's.
pub(crate) fn group(given: Option<&str>, runnable: &Runnable) -> Result<String, ApiError> {
    match given {
        None | Some("") => Ok(format!("family:{}", runnable.model.id.family)),
        Some(group) if group.starts_with("service:") => {
            Err(ApiError::invalid_parameter("group: names that start with service: belong to services."))
        }
        Some(group) if group.chars().count() > 255 => {
            Err(ApiError::invalid_parameter("group must have at most 255 characters."))
        }
        Some(group) => Ok(group.to_owned()),
    }
}

/// Client tokens are remembered for a day, far longer than a client goes on trying.
pub(crate) fn token_expiry(now: UnixMillis) -> UnixMillis {
    now.plus_seconds(24 * 60 * 60)
}
