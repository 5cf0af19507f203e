//! Tasks as targets of load balancers: registered when they run, let go before they stop, and healthy when the load
//! balancers find them so.

use gantry_model::TaskId;
use gantry_model::container_instance::ContainerInstance;
use gantry_model::load_balancing::{Target, TargetGroup, TargetKey, TargetState, TargetType};
use gantry_model::service::Service;
use gantry_model::task::{DesiredStatus, Task, TaskStatus};
use gantry_scheduler::Message;
use gantry_store::{Tx, container_instance, target_group};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;

use crate::ecs::state_change::{Moved, tell_service};
use crate::ecs::{load_balancers, record};
use crate::elasticloadbalancing::record::{delete_target, put_target, scope_of};
use crate::elasticloadbalancing::targets::{self, Place};
use crate::error::Failure;

/// Registers `task` of `service`, which runs, with the groups of `all`. The caller writes the task.
///
/// # Errors
/// The store's; InvalidTargetException when it is not known where the task is reached.
pub async fn register(
    tx: &mut Tx,
    service: &Service,
    task: &mut Task,
    all: &[wire::LoadBalancer],
    is_alternate: bool,
) -> Result<(), Failure> {
    let host = match &task.instance {
        Some(instance) => container_instance::get(tx, instance).await?,
        None => None,
    };
    let Some(host) = host else { return Ok(()) };
    for one in all {
        let Some(arn) = load_balancers::group_of(one, is_alternate) else { continue };
        let Some(group) = target_group::get(tx, &arn).await? else { continue };
        let place = place(task, &host, &group, one)?;
        targets::register(tx, place).await?;
        record::tell(tx, service, &Message::Registered { targets: 1, group: arn }).await?;
    }
    if let Some(traffic) = &mut task.traffic {
        traffic.is_registered = true;
    }
    Ok(())
}

/// Where the container of `one` is reached.
fn place(
    task: &Task,
    host: &ContainerInstance,
    group: &TargetGroup,
    one: &wire::LoadBalancer,
) -> Result<Place, ApiError> {
    let unknown = || {
        let name = one.container_name.as_deref().unwrap_or_default();
        ApiError::invalid_target(format!("The container {name} of task {} has no address yet", task.id))
    };
    let container =
        task.containers.iter().find(|c| Some(&c.name) == one.container_name.as_ref()).ok_or_else(unknown)?;
    let port = one.container_port.and_then(|port| u16::try_from(port).ok()).ok_or_else(unknown)?;
    let (id, address, port) = match group.target_type {
        TargetType::Ip => {
            let interface = container.network_interfaces.first().and_then(|i| i.get("privateIpv4Address"));
            let address = interface.and_then(|address| address.as_str()).ok_or_else(unknown)?;
            (address.to_owned(), address.to_owned(), port)
        }
        TargetType::Instance => {
            // In the network mode `host` there are no bindings: the port is the host's own.
            let binding = container.network_bindings.iter().find(|binding| binding.container_port == port);
            let port = binding.map_or(port, |binding| binding.host_port);
            (host.ec2_instance_id.clone(), targets::address_of(host)?, port)
        }
    };
    Ok(Place {
        key: TargetKey { group: group.arn(), id, port },
        address,
        availability_zone: host.availability_zone().map(str::to_owned),
        task: Some(task.id.clone()),
    })
}

/// Lets the targets of a task go that is about to be stopped. Answers whether there are any that something may be under way
/// to: the task runs on until they are gone ([`gone`]).
///
/// # Errors
/// The store's.
pub async fn let_go(tx: &mut Tx, task: &Task) -> Result<bool, Failure> {
    let is_registered = task.traffic.as_ref().is_some_and(|traffic| traffic.is_registered);
    if !is_registered || task.last_status != TaskStatus::Running {
        return Ok(false);
    }
    let all = target_group::targets_of_task(tx, &task.id).await?;
    let service = match &task.service {
        Some(name) => gantry_store::service::get(tx, &task.scope, &task.cluster, name).await?,
        None => None,
    };
    for target in &all {
        targets::let_go(tx, target.clone()).await?;
        if let Some(service) = &service {
            let message = Message::Deregistered { targets: 1, group: target.key.group.clone() };
            record::tell(tx, service, &message).await?;
        }
    }
    Ok(!all.is_empty())
}

/// Takes a target away that is let go and to which nothing is under way any more; its task is stopped once it has no other.
///
/// # Errors
/// The store's.
pub async fn gone(tx: &mut Tx, target: &Target) -> Result<(), Failure> {
    delete_target(tx, &target.key).await?;
    let Some(id) = &target.task else { return Ok(()) };
    if !target_group::targets_of_task(tx, id).await?.is_empty() {
        return Ok(());
    }
    let Some(mut task) = task_of(tx, target, id).await? else { return Ok(()) };
    if task.last_status == TaskStatus::Deactivating {
        task.advance(TaskStatus::Stopping);
        record::put_task(tx, &mut task).await?;
    }
    Ok(())
}

/// The task that a target is.
async fn task_of(tx: &mut Tx, target: &Target, id: &TaskId) -> Result<Option<Task>, Failure> {
    let Some(scope) = scope_of(&target.key.group) else { return Ok(None) };
    Ok(gantry_store::task::get(tx, &scope, id).await?)
}

/// Takes the targets of a task away that has stopped.
///
/// # Errors
/// The store's.
pub async fn forget(tx: &mut Tx, task: &Task) -> Result<(), Failure> {
    for target in target_group::targets_of_task(tx, &task.id).await? {
        delete_target(tx, &target.key).await?;
    }
    Ok(())
}

/// Notes how a target stands now, and what that means for its task and its service.
///
/// # Errors
/// The store's.
pub async fn stands(tx: &mut Tx, target: Target) -> Result<(), Failure> {
    put_target(tx, &target).await?;
    let Some(id) = &target.task else { return Ok(()) };
    let Some(mut task) = task_of(tx, &target, id).await? else { return Ok(()) };
    let all = target_group::targets_of_task(tx, id).await?;
    let worst = all.iter().min_by_key(|target| target.state);
    let Some(traffic) = &mut task.traffic else { return Ok(()) };
    let state = worst.map_or(TargetState::Initial, |worst| worst.state);
    if traffic.state == state {
        return Ok(());
    }
    traffic.state = state;
    traffic.unhealthy_in = worst.filter(|w| w.state == TargetState::Unhealthy).map(|w| w.key.group.clone());
    record::put_task(tx, &mut task).await?;
    if task.desired_status == DesiredStatus::Stopped {
        return Ok(());
    }
    tell_service(tx, &task, Moved::Health, false).await?;
    if let (TargetState::Unhealthy, Some(name)) = (target.state, &task.service)
        && let Some(service) = gantry_store::service::get(tx, &task.scope, &task.cluster, name).await?
    {
        let reason = target.description.clone().unwrap_or_default();
        let message = Message::UnhealthyTarget { port: target.key.port, group: target.key.group.clone(), reason };
        record::tell(tx, &service, &message).await?;
    }
    Ok(())
}
