//! DeregisterContainerInstance (ECS API reference): the host leaves its cluster. With `force` its tasks are orphans, which
//! no longer count; services replace theirs.

use gantry_model::container_instance::{ContainerInstance, InstanceStatus};
use gantry_model::task::{StopCode, TaskStatus};
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{DeregisterContainerInstanceRequest, DeregisterContainerInstanceResponse};

use crate::authorise;
use crate::context::Call;
use crate::ecs::{instances, record, resolve, state_change, stopping};
use crate::error::Failure;

/// Answers DeregisterContainerInstance.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException when there is no such instance, or when it has tasks and `force` is
/// not given; AccessDeniedException for the instance of another agent.
pub async fn deregister_container_instance(
    call: Call,
    input: DeregisterContainerInstanceRequest,
) -> Result<DeregisterContainerInstanceResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { deregister(tx, &call, &input).await })).await
}

async fn deregister(
    tx: &mut Tx,
    call: &Call,
    input: &DeregisterContainerInstanceRequest,
) -> Result<DeregisterContainerInstanceResponse, Failure> {
    let cluster = resolve::cluster(tx, &call.scope, input.cluster.as_deref()).await?;
    let text = input.container_instance.as_deref().unwrap_or_default();
    let mut instance = instances::registered(tx, &call.scope, &cluster.name, text).await?;
    authorise::own_instance(tx, call, "DeregisterContainerInstance", &instance).await?;
    leave(tx, &mut instance, input.force == Some(true)).await?;
    let view = instances::view_of(tx, &instance).await?;
    Ok(DeregisterContainerInstanceResponse { container_instance: Some(view) })
}

/// Takes an instance out of its cluster.
///
/// # Errors
/// InvalidParameterException when it has tasks and is not forced.
pub(crate) async fn leave(tx: &mut Tx, instance: &mut ContainerInstance, force: bool) -> Result<(), Failure> {
    instance.status = InstanceStatus::Inactive;
    instance.agent_connected = false;
    instance.agent_connected_at = tx.now();
    orphan_tasks(tx, instance, force).await?;
    record::put_instance(tx, instance).await
}

async fn orphan_tasks(tx: &mut Tx, instance: &ContainerInstance, force: bool) -> Result<(), Failure> {
    let mut tasks = gantry_store::task::on_instance(tx, &instance.id).await?;
    if !force && !tasks.is_empty() {
        return Err(ApiError::tasks_on_container_instance().into());
    }
    let reason = format!("Host EC2 (instance {}) terminated.", instance.ec2_instance_id);
    for task in &mut tasks {
        let was_running = task.last_status >= TaskStatus::Running && task.started_at.is_some();
        stopping::abandon(tx, task, StopCode::TerminationNotice, &reason).await?;
        state_change::tell_service(tx, task, state_change::Moved::Stopped { was_running }, false).await?;
    }
    Ok(())
}
