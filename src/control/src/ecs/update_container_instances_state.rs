//! UpdateContainerInstancesState (ECS API reference): ACTIVE takes tasks, DRAINING takes none and gives its service tasks
//! to others. What a DRAINING instance does to its tasks is the service scheduler's, but for those on spare capacity when the
//! host is about to be taken away.

use gantry_model::ClusterName;
use gantry_model::capacity_provider::FARGATE_SPOT;
use gantry_model::container_instance::{ContainerInstance, InstanceStatus};
use gantry_model::principal::PrincipalKind;
use gantry_model::task::StopCode;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{
    ContainerInstance as WireInstance, Failure as WireFailure, UpdateContainerInstancesStateRequest,
    UpdateContainerInstancesStateResponse,
};

use crate::authorise;
use crate::context::Call;
use crate::ecs::{instances, record, resolve, stopping, view};
use crate::error::Failure;

const MOST: usize = 10;

/// Answers UpdateContainerInstancesState.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException for another status, for no instance or more than ten;
/// AccessDeniedException for the instance of another agent.
pub async fn update_container_instances_state(
    call: Call,
    input: UpdateContainerInstancesStateRequest,
) -> Result<UpdateContainerInstancesStateResponse, Failure> {
    let status = match input.status.as_deref() {
        Some("ACTIVE") => InstanceStatus::Active,
        Some("DRAINING") => InstanceStatus::Draining,
        _ => {
            let text = "Container instance status should be one of [ACTIVE, DRAINING]";
            return Err(ApiError::invalid_parameter(text).into());
        }
    };
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { update(tx, &call, &input, status).await })).await
}

async fn update(
    tx: &mut Tx,
    call: &Call,
    input: &UpdateContainerInstancesStateRequest,
    status: InstanceStatus,
) -> Result<UpdateContainerInstancesStateResponse, Failure> {
    let cluster = resolve::cluster(tx, &call.scope, input.cluster.as_deref()).await?;
    let named = input.container_instances.as_deref().unwrap_or_default();
    if named.is_empty() || named.len() > MOST {
        return Err(ApiError::invalid_parameter("containerInstances must name 1 to 10 container instances.").into());
    }
    let (mut updated, mut failures) = (Vec::new(), Vec::new());
    for text in named {
        match update_one(tx, call, &cluster.name, text, status).await? {
            Ok(instance) => updated.push(instance),
            Err(failure) => failures.push(failure),
        }
    }
    Ok(UpdateContainerInstancesStateResponse { container_instances: Some(updated), failures: Some(failures) })
}

async fn update_one(
    tx: &mut Tx,
    call: &Call,
    cluster: &ClusterName,
    text: &str,
    status: InstanceStatus,
) -> Result<Result<WireInstance, WireFailure>, Failure> {
    let arn = instances::missing_arn(&call.scope, cluster, text);
    let Some(mut instance) = instances::named(tx, &call.scope, cluster, text).await? else {
        return Ok(Err(view::missing(arn)));
    };
    authorise::own_instance(tx, call, "UpdateContainerInstancesState", &instance).await?;
    if instance.status == InstanceStatus::Inactive {
        return Ok(Err(WireFailure { reason: Some("INACTIVE".to_owned()), ..view::missing(arn) }));
    }
    if instance.status != status {
        instance.status = status;
        record::put_instance(tx, &mut instance).await?;
    }
    if status == InstanceStatus::Draining && call.principal.kind == PrincipalKind::Agent {
        interrupt_spot_tasks(tx, &instance).await?;
    }
    Ok(Ok(instances::view_of(tx, &instance).await?))
}

/// An agent that drains its own host was told that it is about to be taken away: what runs on spare capacity ends at once
/// (ECS developer guide, "Amazon ECS task stopped error messages").
async fn interrupt_spot_tasks(tx: &mut Tx, instance: &ContainerInstance) -> Result<(), Failure> {
    for mut task in gantry_store::task::on_instance(tx, &instance.id).await? {
        if task.capacity_provider.as_deref() == Some(FARGATE_SPOT) {
            stopping::stop(tx, &mut task, StopCode::SpotInterruption, "Your Spot Task was interrupted.").await?;
        }
    }
    Ok(())
}
