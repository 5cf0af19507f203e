//! SubmitTaskStateChange (ECS API reference): an agent reports a task.

use gantry_wire::shapes::ecs::{SubmitTaskStateChangeRequest, SubmitTaskStateChangeResponse};

use crate::context::Call;
use crate::ecs::state_change::{self, ContainerReport, TaskReport};
use crate::error::Failure;

/// What every report that was taken is answered with.
pub(crate) const ACCEPT: &str = "ACCEPT";

/// Answers SubmitTaskStateChange. A report of what is known already is accepted and changes nothing. The cluster is not
/// looked at: the task's ARN says where it belongs.
///
/// # Errors
/// InvalidParameterException when there is no such task, which tells an agent to drop the report, or for a status that is
/// none; AccessDeniedException when the task is on another agent's host.
pub async fn submit_task_state_change(
    call: Call,
    input: SubmitTaskStateChangeRequest,
) -> Result<SubmitTaskStateChangeResponse, Failure> {
    let containers = input.containers.unwrap_or_default();
    let report = TaskReport {
        status: input.status.as_deref().map(state_change::status).transpose()?,
        reason: input.reason.filter(|r| !r.is_empty()),
        containers: containers.iter().map(ContainerReport::read).collect::<Result<_, _>>()?,
        pull_started_at: input.pull_started_at.map(|at| at.to_unix_millis()),
        pull_stopped_at: input.pull_stopped_at.map(|at| at.to_unix_millis()),
        execution_stopped_at: input.execution_stopped_at.map(|at| at.to_unix_millis()),
    };
    let text = input.task.unwrap_or_default();
    let store = call.control.store.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                let task = state_change::reported_task(tx, &call, "SubmitTaskStateChange", &text).await?;
                state_change::write(tx, task, &report).await
            })
        })
        .await?;
    Ok(SubmitTaskStateChangeResponse { acknowledgment: Some(ACCEPT.to_owned()) })
}
