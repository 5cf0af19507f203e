//! DeregisterTaskDefinition (ECS API reference): an INACTIVE revision starts nothing new; services that use it go on.

use gantry_model::task_definition::TaskDefinitionStatus;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{DeregisterTaskDefinitionRequest, DeregisterTaskDefinitionResponse};

use crate::context::Call;
use crate::ecs::{record, resolve, view};
use crate::error::Failure;

/// Answers DeregisterTaskDefinition.
///
/// # Errors
/// ClientException when no revision is named, when what is named is none, or when it is being deleted.
pub async fn deregister_task_definition(
    call: Call,
    input: DeregisterTaskDefinitionRequest,
) -> Result<DeregisterTaskDefinitionResponse, Failure> {
    let text = input.task_definition.unwrap_or_default();
    check_revision(&text)?;
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { deregister(tx, &call, &text).await })).await
}

fn check_revision(text: &str) -> Result<(), ApiError> {
    let name = text.rsplit('/').next().unwrap_or(text);
    match name.split_once(':') {
        None => Err(ApiError::revision_missing()),
        Some((_, revision)) if revision.parse::<u32>().is_err() => Err(ApiError::revision_invalid(revision)),
        Some(_) => Ok(()),
    }
}

async fn deregister(tx: &mut Tx, call: &Call, text: &str) -> Result<DeregisterTaskDefinitionResponse, Failure> {
    let found = resolve::task_definition(tx, &call.scope, text).await?;
    let mut definition = found.ok_or_else(ApiError::task_definition_not_found)?;
    match definition.status {
        TaskDefinitionStatus::Active => {
            definition.status = TaskDefinitionStatus::Inactive;
            definition.deregistered_at = Some(call.now);
            record::put_task_definition(tx, &definition).await?;
        }
        TaskDefinitionStatus::Inactive => {}
        TaskDefinitionStatus::DeleteInProgress => {
            return Err(ApiError::client("The specified task definition is in DELETE_IN_PROGRESS status.").into());
        }
    }
    let view = view::task_definition::task_definition(&definition)?;
    Ok(DeregisterTaskDefinitionResponse { task_definition: Some(view) })
}
