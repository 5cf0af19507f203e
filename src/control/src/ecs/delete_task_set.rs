//! DeleteTaskSet: lets a task set's tasks stop, then it is gone (ECS API reference, `DeleteTaskSet`).

use gantry_model::service::{TaskSet, TaskSetStatus};
use gantry_model::task::Task;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{DeleteTaskSetRequest, DeleteTaskSetResponse};

use crate::context::Call;
use crate::ecs::{record, task_sets};
use crate::error::Failure;

/// Answers DeleteTaskSet. A set without tasks is gone at once.
///
/// # Errors
/// As [`task_sets::service`]; TaskSetNotFoundException; InvalidParameterException for a set that is scaled above 0 and
/// has tasks, without `force`.
pub async fn delete_task_set(call: Call, input: DeleteTaskSetRequest) -> Result<DeleteTaskSetResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { delete(tx, &call, &input).await })).await
}

async fn delete(tx: &mut Tx, call: &Call, input: &DeleteTaskSetRequest) -> Result<DeleteTaskSetResponse, Failure> {
    let mut service = task_sets::service(tx, &call.scope, input.cluster.as_deref(), input.service.as_deref()).await?;
    let position = task_sets::existing(&service, input.task_set.as_deref())?;
    let tasks = gantry_store::task::of_service(tx, &service.scope, &service.cluster, &service.name).await?;
    let is_own = |set: &TaskSet, task: &Task| task.deployment.as_ref() == Some(&set.id);
    let busy = tasks.iter().any(|task| is_own(&service.task_sets[position], task));
    if busy && service.task_sets[position].scale > 0 && input.force != Some(true) {
        let text = "The task set cannot be deleted while it is scaled above 0; scale it to 0 or use force.";
        return Err(ApiError::invalid_parameter(text).into());
    }
    let set = &mut service.task_sets[position];
    set.status = TaskSetStatus::Draining;
    set.updated_at = call.now;
    let set = set.clone();
    if !busy {
        service.task_sets.remove(position);
    }
    record::put_service(tx, &mut service).await?;
    Ok(DeleteTaskSetResponse { task_set: Some(task_sets::view_of(tx, &service, &set, false).await?) })
}
