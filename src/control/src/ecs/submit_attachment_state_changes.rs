//! SubmitAttachmentStateChanges (ECS API reference): an agent reports the network interfaces of awsvpc tasks.

use gantry_model::task::Task;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{
    AttachmentStateChange, SubmitAttachmentStateChangesRequest, SubmitAttachmentStateChangesResponse,
};
use serde_json::{Value, json};

use crate::authorise;
use crate::context::Call;
use crate::ecs::record;
use crate::ecs::submit_task_state_change::ACCEPT;
use crate::error::Failure;

/// The states that an attachment goes through, in order.
const STATES: [&str; 6] = ["PRECREATED", "ATTACHING", "ATTACHED", "DETACHING", "DETACHED", "DELETED"];

/// Answers SubmitAttachmentStateChanges. Attachments of tasks that hold nothing any more are passed over.
///
/// # Errors
/// InvalidParameterException for a status that is none; AccessDeniedException when the task is on another agent's host.
pub async fn submit_attachment_state_changes(
    call: Call,
    input: SubmitAttachmentStateChangesRequest,
) -> Result<SubmitAttachmentStateChangesResponse, Failure> {
    let changes = input.attachments.unwrap_or_default();
    if let Some(unknown) = changes.iter().filter_map(|c| c.status.as_deref()).find(|s| !STATES.contains(s)) {
        return Err(ApiError::invalid_parameter(format!("attachments: '{unknown}' is not a status.")).into());
    }
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { apply_all(tx, &call, &changes).await })).await?;
    Ok(SubmitAttachmentStateChangesResponse { acknowledgment: Some(ACCEPT.to_owned()) })
}

async fn apply_all(tx: &mut Tx, call: &Call, changes: &[AttachmentStateChange]) -> Result<(), Failure> {
    for mut task in gantry_store::task::holding(tx, &call.scope).await? {
        if changes.iter().filter(|change| apply(&mut task, change)).count() > 0 {
            authorise::own_task(tx, call, "SubmitAttachmentStateChanges", &task).await?;
            record::put_task(tx, &mut task).await?;
        }
    }
    Ok(())
}

/// Moves the attachment that `change` names forward. Answers whether it moved; it is not, when it is another task's.
fn apply(task: &mut Task, change: &AttachmentStateChange) -> bool {
    let rank = |status: &str| STATES.iter().position(|s| *s == status);
    let (Some(arn), Some(status)) = (change.attachment_arn.as_deref(), change.status.as_deref()) else { return false };
    let id = arn.rsplit('/').next().unwrap_or(arn);
    let own = task.attachments.iter_mut().filter_map(Value::as_object_mut);
    let Some(attachment) = own.into_iter().find(|a| a.get("id").and_then(Value::as_str) == Some(id)) else {
        return false;
    };
    let before = attachment.get("status").and_then(Value::as_str).and_then(rank);
    let forward = rank(status) > before;
    if forward {
        attachment.insert("status".to_owned(), json!(status));
    }
    forward
}
