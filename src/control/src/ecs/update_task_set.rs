//! UpdateTaskSet: gives a task set another share of its service (ECS API reference, `UpdateTaskSet`).

use gantry_model::service::StartThrottle;
use gantry_store::Tx;
use gantry_wire::shapes::ecs::{UpdateTaskSetRequest, UpdateTaskSetResponse};

use crate::context::Call;
use crate::ecs::{record, task_sets};
use crate::error::Failure;

/// Answers UpdateTaskSet; its tasks follow.
///
/// # Errors
/// As [`task_sets::service`]; TaskSetNotFoundException; InvalidParameterException for the scale.
pub async fn update_task_set(call: Call, input: UpdateTaskSetRequest) -> Result<UpdateTaskSetResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { update(tx, &call, &input).await })).await
}

async fn update(tx: &mut Tx, call: &Call, input: &UpdateTaskSetRequest) -> Result<UpdateTaskSetResponse, Failure> {
    let mut service = task_sets::service(tx, &call.scope, input.cluster.as_deref(), input.service.as_deref()).await?;
    let position = task_sets::existing(&service, input.task_set.as_deref())?;
    let set = &mut service.task_sets[position];
    set.scale = task_sets::scale(input.scale.as_ref())?;
    set.start_throttle = StartThrottle::default();
    set.updated_at = call.now;
    record::put_service(tx, &mut service).await?;
    let set = &service.task_sets[position];
    Ok(UpdateTaskSetResponse { task_set: Some(task_sets::view_of(tx, &service, set, false).await?) })
}
