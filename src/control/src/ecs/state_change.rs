//! How what an agent reports of a task is applied to it.
//!
//! Reports come late, twice and out of order, so nothing here moves a task or a container back, and a report that says
//! nothing new changes nothing. Which stop code and reason a task gets that stopped without being told to: ECS developer
//! guide, "Stopped tasks error messages".

#[cfg(test)]
mod tests;

use gantry_model::task::{Container, DesiredStatus, NetworkBinding, StopCode, Task, TaskStatus};
use gantry_model::{Arn, Resource, Scope, TaskId, UnixMillis};
use gantry_store::{Conn, Tx};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;
use serde_json::json;

use crate::authorise;
use crate::context::Call;
use crate::ecs::{load_balancers, record};
use crate::error::Failure;

/// Texts of reasons, digests and ids are cut as Amazon's agent cuts them.
const MOST_REASON: usize = 1024;
const MOST_ID: usize = 255;

/// What starting a container may fail with; the error's name stands before the colon of the reason.
const START_ERRORS: [&str; 12] = [
    "CannotPull",
    "CannotCreate",
    "CannotStart",
    "CannotInspect",
    "CannotDescribe",
    "DockerTimeoutError",
    "ResourceInitializationError",
    "TaskDependencyError",
    "TaskStoppedBeforePullBeginError",
    "ContainerNetworkingError",
    "UnrecognizedTransportProtocol",
    "UnparsablePort",
];

/// What an agent says of one container.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContainerReport {
    pub name: String,
    pub status: Option<TaskStatus>,
    pub exit_code: Option<i64>,
    pub reason: Option<String>,
    pub runtime_id: Option<String>,
    pub image_digest: Option<String>,
    /// `None` leaves those that are known.
    pub network_bindings: Option<Vec<NetworkBinding>>,
}

/// What an agent says of a task.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskReport {
    /// PENDING, RUNNING or STOPPED.
    pub status: Option<TaskStatus>,
    pub reason: Option<String>,
    pub containers: Vec<ContainerReport>,
    pub pull_started_at: Option<UnixMillis>,
    pub pull_stopped_at: Option<UnixMillis>,
    pub execution_stopped_at: Option<UnixMillis>,
}

/// A move of a task that its service must hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    Running,
    /// Its health is another than before.
    Health,
    Stopped {
        was_running: bool,
    },
}

impl ContainerReport {
    /// Reads a container's part of SubmitTaskStateChange.
    ///
    /// # Errors
    /// InvalidParameterException for a status or port that is none.
    pub fn read(given: &wire::ContainerStateChange) -> Result<Self, ApiError> {
        Ok(Self {
            name: given.container_name.clone().unwrap_or_default(),
            status: given.status.as_deref().map(status).transpose()?,
            exit_code: given.exit_code.map(i64::from),
            reason: non_empty(given.reason.as_deref()),
            runtime_id: non_empty(given.runtime_id.as_deref()),
            image_digest: non_empty(given.image_digest.as_deref()),
            network_bindings: given.network_bindings.as_deref().map(bindings).transpose()?,
        })
    }
}

/// Reads a status of a task or container. The steps that an agent takes before RUNNING are all PENDING to the API.
///
/// # Errors
/// InvalidParameterException when it is none.
pub fn status(text: &str) -> Result<TaskStatus, ApiError> {
    match text {
        "RUNNING" | "RESOURCES_PROVISIONED" => Ok(TaskStatus::Running),
        "STOPPED" => Ok(TaskStatus::Stopped),
        "NONE" | "PENDING" | "MANIFEST_PULLED" | "PULLED" | "CREATED" => Ok(TaskStatus::Pending),
        other => {
            Err(ApiError::invalid_parameter(format!("status must be PENDING, RUNNING or STOPPED, not '{other}'.")))
        }
    }
}

fn non_empty(text: Option<&str>) -> Option<String> {
    text.filter(|t| !t.is_empty()).map(str::to_owned)
}

fn bindings(given: &[wire::NetworkBinding]) -> Result<Vec<NetworkBinding>, ApiError> {
    let port = |n: Option<i32>| {
        let n = n.unwrap_or(0);
        u16::try_from(n).map_err(|_| ApiError::invalid_parameter(format!("networkBindings: {n} is not a port.")))
    };
    given
        .iter()
        .map(|binding| {
            Ok(NetworkBinding {
                bind_ip: binding.bind_ip.clone().unwrap_or_else(|| "0.0.0.0".to_owned()),
                container_port: port(binding.container_port)?,
                host_port: port(binding.host_port)?,
                protocol: binding.protocol.clone().unwrap_or_else(|| "tcp".to_owned()),
            })
        })
        .collect()
}

/// Applies `report` to `task`. Answers the move that it made, if any.
pub fn apply(task: &mut Task, report: &TaskReport, now: UnixMillis) -> Option<Moved> {
    for container in &report.containers {
        if let Some(own) = task.containers.iter_mut().find(|c| c.name == container.name) {
            apply_container(own, container);
        }
    }
    take_address(task);
    set_once(&mut task.pull_started_at, report.pull_started_at);
    set_once(&mut task.pull_stopped_at, report.pull_stopped_at);
    set_once(&mut task.execution_stopped_at, report.execution_stopped_at);
    set_once(&mut task.connectivity_at, report.status.map(|_| now));
    match report.status {
        Some(TaskStatus::Stopped) => stopped(task, report.reason.as_deref(), now),
        Some(TaskStatus::Running) => running(task, now),
        Some(status) => {
            task.advance(status);
            None
        }
        None => None,
    }
}

fn set_once<T>(slot: &mut Option<T>, value: Option<T>) {
    if slot.is_none() {
        *slot = value;
    }
}

fn apply_container(container: &mut Container, report: &ContainerReport) {
    if let Some(status) = report.status.filter(|&s| s > container.last_status) {
        container.last_status = status;
    }
    let cut = |text: &String, most| text.chars().take(most).collect::<String>();
    set_once(&mut container.exit_code, report.exit_code);
    set_once(&mut container.reason, report.reason.as_ref().map(|r| cut(r, MOST_REASON)));
    if let Some(id) = &report.runtime_id {
        container.runtime_id = Some(cut(id, MOST_ID));
    }
    if let Some(digest) = &report.image_digest {
        container.image_digest = Some(cut(digest, MOST_ID));
    }
    if let Some(bindings) = &report.network_bindings {
        container.network_bindings.clone_from(bindings);
    }
}

fn running(task: &mut Task, now: UnixMillis) -> Option<Moved> {
    if task.started_at.is_some() || task.last_status == TaskStatus::Stopped {
        return None;
    }
    task.started_at = Some(now);
    set_attachments(task, "ATTACHED");
    task.advance(TaskStatus::Running).then_some(Moved::Running)
}

fn stopped(task: &mut Task, reason: Option<&str>, now: UnixMillis) -> Option<Moved> {
    if task.last_status == TaskStatus::Stopped {
        return None;
    }
    let was_running = task.started_at.is_some();
    if task.desired_status != DesiredStatus::Stopped {
        let (code, text) = why_stopped(task, was_running, reason);
        task.stop_code.get_or_insert(code);
        task.stopped_reason.get_or_insert(text.chars().take(MOST_REASON).collect());
        task.desired_status = DesiredStatus::Stopped;
    }
    task.stopping_at.get_or_insert(now);
    task.execution_stopped_at.get_or_insert(now);
    task.stopped_at.get_or_insert(now);
    task.advance(TaskStatus::Stopped);
    for container in &mut task.containers {
        container.last_status = TaskStatus::Stopped;
    }
    set_attachments(task, "DELETED");
    Some(Moved::Stopped { was_running })
}

/// Why a task stopped that nobody told to. An essential container that ran and ended is one thing; a container that could
/// not be started, or a task that never came to be, another.
fn why_stopped(task: &Task, was_running: bool, reason: Option<&str>) -> (StopCode, String) {
    let failed = start_failure(task).filter(|_| !was_running);
    let ran = task.containers.iter().any(|c| c.essential && c.exit_code.is_some());
    if failed.is_none() && (was_running || ran) {
        let text = reason.unwrap_or("Essential container in task exited");
        return (StopCode::EssentialContainerExited, text.to_owned());
    }
    let text = failed.or(reason).unwrap_or("Task failed to start");
    (StopCode::TaskFailedToStart, text.to_owned())
}

/// The reason of the container that could not be started; an essential one's first.
fn start_failure(task: &Task) -> Option<&str> {
    let failed =
        |c: &&Container| c.reason.as_deref().is_some_and(|r| START_ERRORS.iter().any(|error| r.starts_with(error)));
    let essential = task.containers.iter().filter(|c| c.essential).find(failed);
    essential.or_else(|| task.containers.iter().find(failed)).and_then(|c| c.reason.as_deref())
}

/// Brings the network interfaces of an awsvpc task to `status`.
fn set_attachments(task: &mut Task, status: &str) {
    for attachment in task.attachments.iter_mut().filter_map(|a| a.as_object_mut()) {
        attachment.insert("status".to_owned(), json!(status));
    }
}

/// Turns what the agent says of an awsvpc task's address into its network interface: such a task binds no ports of its
/// host, and a binding without a port is how the agent tells the address (ECS API reference, `NetworkInterface`).
fn take_address(task: &mut Task) {
    let Some(attachment) = task.attachments.first_mut().and_then(|a| a.as_object_mut()) else { return };
    let id = attachment.get("id").cloned().unwrap_or_default();
    for container in &mut task.containers {
        let Some(binding) = container.network_bindings.iter().find(|b| b.container_port == 0) else { continue };
        let address = json!(binding.bind_ip);
        container.network_interfaces = vec![json!({ "attachmentId": id, "privateIpv4Address": address })];
        container.network_bindings.retain(|b| b.container_port != 0);
        if let Some(details) = attachment.get_mut("details").and_then(|d| d.as_array_mut())
            && !details.iter().any(|d| d.get("name") == Some(&json!("privateIPv4Address")))
        {
            details.push(json!({ "name": "privateIPv4Address", "value": address }));
        }
    }
}

/// The task that an agent's report names, by ARN or id. Its cluster need not be that of the agent's host: a host behind
/// Fargate runs tasks of many.
///
/// # Errors
/// InvalidParameterException when there is none; AccessDeniedException when it is not on the agent's own host.
pub async fn reported_task(conn: &mut Conn, call: &Call, operation: &str, text: &str) -> Result<Task, Failure> {
    let id = task_id(&call.scope, text).ok_or_else(ApiError::task_not_found)?;
    let task = gantry_store::task::get(conn, &call.scope, &id).await?.ok_or_else(ApiError::task_not_found)?;
    authorise::own_task(conn, call, operation, &task).await?;
    Ok(task)
}

fn task_id(scope: &Scope, text: &str) -> Option<TaskId> {
    if !text.starts_with("arn:") {
        return TaskId::parse(text).ok();
    }
    match text.parse::<Arn>() {
        Ok(Arn { scope: of, resource: Resource::Task(_, id) }) if of == *scope => Some(id),
        _ => None,
    }
}

/// Applies `report` and writes what it changed, the task's service included.
///
/// # Errors
/// The store's.
pub async fn write(tx: &mut Tx, mut task: Task, report: &TaskReport) -> Result<(), Failure> {
    let before = task.clone();
    let moved = apply(&mut task, report, tx.now());
    if task == before {
        return Ok(());
    }
    if task.last_status == TaskStatus::Running && task.desired_status == DesiredStatus::Running {
        register(tx, &mut task, moved).await?;
    }
    record::put_task(tx, &mut task).await?;
    let Some(moved) = moved else { return Ok(()) };
    let unasked = before.desired_status == DesiredStatus::Running && matches!(moved, Moved::Stopped { .. });
    tell_service(tx, &task, moved, unasked).await
}

/// Registers a task that runs with the load balancers of its service. One that cannot be is said in the service's events when
/// it begins to run, and tried again with each report.
async fn register(tx: &mut Tx, task: &mut Task, moved: Option<Moved>) -> Result<(), Failure> {
    let error = match load_balancers::register(tx, task).await {
        Ok(()) => return Ok(()),
        Err(Failure::Api(error)) => error,
        Err(failure) => return Err(failure),
    };
    let Some(name) = task.service.as_ref().filter(|_| moved == Some(Moved::Running)) else { return Ok(()) };
    let Some(service) = gantry_store::service::get(tx, &task.scope, &task.cluster, name).await? else { return Ok(()) };
    let message = format!("(service {name}) (task {}) cannot be registered as a target: {}", task.id, error.message);
    record::say(tx, &service, message).await
}

/// Tells the service of `task`, when it has one, how the task moved. A task that stopped `unasked` is said in the
/// service's events with its reason, so that whoever reads that another was started also reads why.
///
/// # Errors
/// The store's.
pub async fn tell_service(tx: &mut Tx, task: &Task, moved: Moved, unasked: bool) -> Result<(), Failure> {
    let Some(name) = &task.service else { return Ok(()) };
    let found = gantry_store::service::get(tx, &task.scope, &task.cluster, name).await?;
    let Some(mut service) = found else { return Ok(()) };
    let before = service.clone();
    match moved {
        Moved::Running => gantry_scheduler::note_running(&mut service, task, tx.now()),
        Moved::Health => gantry_scheduler::note_health(&mut service, task, tx.now()),
        Moved::Stopped { was_running } => gantry_scheduler::note_stopped(&mut service, task, was_running, tx.now()),
    }
    if service != before {
        record::put_service(tx, &mut service).await?;
    }
    if unasked {
        let message = format!("(service {name}) (task {}) stopped on its own: {}", task.id, why_in_words(task));
        record::say(tx, &service, message).await?;
    }
    Ok(())
}

/// The reason of the task, and of each container that ended with another code than 0.
fn why_in_words(task: &Task) -> String {
    let mut text = task.stopped_reason.clone().unwrap_or_default();
    let failed = task.containers.iter().filter(|c| c.essential);
    for (name, code) in failed.filter_map(|c| c.exit_code.filter(|&code| code != 0).map(|code| (&c.name, code))) {
        text.push_str(&format!(" ({name} with exit code {code})"));
    }
    text
}
