//! StopTask: wants one task STOPPED (ECS API reference, `StopTask`).

use gantry_model::task::StopCode;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{StopTaskRequest, StopTaskResponse};

use crate::context::Call;
use crate::ecs::{resolve, stopping, view};
use crate::error::Failure;

/// Answers StopTask. Stopping a task that is already stopping or STOPPED changes nothing and is no error.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException when the cluster has no such task.
pub async fn stop_task(call: Call, input: StopTaskRequest) -> Result<StopTaskResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { stop(tx, &call, &input).await })).await
}

async fn stop(tx: &mut Tx, call: &Call, input: &StopTaskRequest) -> Result<StopTaskResponse, Failure> {
    let not_found = || ApiError::invalid_parameter("The referenced task was not found.");
    let cluster = resolve::cluster(tx, &call.scope, input.cluster.as_deref()).await?;
    let id = resolve::task_id(&call.scope, &cluster.name, input.task.as_deref().unwrap_or_default());
    let found = gantry_store::task::get(tx, &call.scope, &id.ok_or_else(not_found)?).await?;
    let mut task = found.filter(|t| t.cluster == cluster.name).ok_or_else(not_found)?;
    let reason = input.reason.as_deref().filter(|r| !r.is_empty()).unwrap_or("Task stopped by user");
    stopping::stop(tx, &mut task, StopCode::UserInitiated, reason).await?;
    Ok(StopTaskResponse { task: Some(view::task::task(&task, true)) })
}
