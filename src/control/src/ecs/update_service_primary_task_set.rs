//! UpdateServicePrimaryTaskSet: says which task set serves (ECS API reference, `UpdateServicePrimaryTaskSet`). What the
//! service says of its tasks from then on is that set's.

use gantry_model::service::TaskSetStatus;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{UpdateServicePrimaryTaskSetRequest, UpdateServicePrimaryTaskSetResponse};

use crate::context::Call;
use crate::ecs::{record, task_sets};
use crate::error::Failure;

/// Answers UpdateServicePrimaryTaskSet.
///
/// # Errors
/// As [`task_sets::service`]; TaskSetNotFoundException; InvalidParameterException for a set that is being deleted.
pub async fn update_service_primary_task_set(
    call: Call,
    input: UpdateServicePrimaryTaskSetRequest,
) -> Result<UpdateServicePrimaryTaskSetResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { update(tx, &call, &input).await })).await
}

async fn update(
    tx: &mut Tx,
    call: &Call,
    input: &UpdateServicePrimaryTaskSetRequest,
) -> Result<UpdateServicePrimaryTaskSetResponse, Failure> {
    let mut service = task_sets::service(tx, &call.scope, input.cluster.as_deref(), input.service.as_deref()).await?;
    let position = task_sets::existing(&service, input.primary_task_set.as_deref())?;
    if service.task_sets[position].status == TaskSetStatus::Draining {
        return Err(ApiError::invalid_parameter("primaryTaskSet: the task set is being deleted.").into());
    }
    for (other, set) in service.task_sets.iter_mut().enumerate() {
        if other == position {
            set.status = TaskSetStatus::Primary;
            set.updated_at = call.now;
        } else if set.status == TaskSetStatus::Primary {
            set.status = TaskSetStatus::Active;
            set.updated_at = call.now;
        }
    }
    let set = service.task_sets[position].clone();
    service.task_definition = Some(set.task_definition.clone());
    record::put_service(tx, &mut service).await?;
    Ok(UpdateServicePrimaryTaskSetResponse { task_set: Some(task_sets::view_of(tx, &service, &set, false).await?) })
}
