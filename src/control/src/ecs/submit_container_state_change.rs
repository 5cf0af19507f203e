//! SubmitContainerStateChange (ECS API reference): an agent reports one container of a task.

use gantry_wire::shapes::ecs::{
    ContainerStateChange, SubmitContainerStateChangeRequest, SubmitContainerStateChangeResponse,
};

use crate::context::Call;
use crate::ecs::state_change::{self, ContainerReport, TaskReport};
use crate::ecs::submit_task_state_change::ACCEPT;
use crate::error::Failure;

/// Answers SubmitContainerStateChange.
///
/// # Errors
/// As SubmitTaskStateChange.
pub async fn submit_container_state_change(
    call: Call,
    input: SubmitContainerStateChangeRequest,
) -> Result<SubmitContainerStateChangeResponse, Failure> {
    let container = ContainerReport::read(&ContainerStateChange {
        container_name: input.container_name,
        image_digest: None,
        runtime_id: input.runtime_id,
        exit_code: input.exit_code,
        network_bindings: input.network_bindings,
        reason: input.reason,
        status: input.status,
    })?;
    let report = TaskReport { containers: vec![container], ..TaskReport::default() };
    let text = input.task.unwrap_or_default();
    let store = call.control.store.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                let task = state_change::reported_task(tx, &call, "SubmitContainerStateChange", &text).await?;
                state_change::write(tx, task, &report).await
            })
        })
        .await?;
    Ok(SubmitContainerStateChangeResponse { acknowledgment: Some(ACCEPT.to_owned()) })
}
