//! DeleteTaskDefinitions (ECS API reference): INACTIVE revisions become DELETE_IN_PROGRESS, for good.

use gantry_model::TaskDefinitionId;
use gantry_model::task_definition::TaskDefinitionStatus;
use gantry_store::Tx;
use gantry_wire::shapes::ecs::{
    DeleteTaskDefinitionsRequest, DeleteTaskDefinitionsResponse, Failure as WireFailure,
    TaskDefinition as WireTaskDefinition,
};
use gantry_wire::{ApiError, Timestamp};
use serde_json::json;

use crate::context::Call;
use crate::ecs::resolve::{self, TaskDefinitionRef};
use crate::ecs::{record, view};
use crate::error::Failure;

const MOST: usize = 10;
const INVALID: &str = "The specified task definition identifier is invalid. Specify a valid name or ARN and try again.";
const UNKNOWN: &str =
    "The specified task definition does not exist. Specify a valid account, family, revision and try again.";
const ACTIVE: &str =
    "The specified task definition is still in ACTIVE status. Please deregister the target and try again.";

/// Answers DeleteTaskDefinitions. What cannot be deleted is a failure beside those that were.
///
/// # Errors
/// InvalidParameterException for none or more than ten.
pub async fn delete_task_definitions(
    call: Call,
    input: DeleteTaskDefinitionsRequest,
) -> Result<DeleteTaskDefinitionsResponse, Failure> {
    let named = input.task_definitions.unwrap_or_default();
    if named.is_empty() || named.len() > MOST {
        return Err(ApiError::invalid_parameter("taskDefinitions must name 1 to 10 task definitions.").into());
    }
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { delete(tx, &call, &named).await })).await
}

async fn delete(tx: &mut Tx, call: &Call, named: &[String]) -> Result<DeleteTaskDefinitionsResponse, Failure> {
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for text in named {
        let failure =
            |arn: String, reason: &str| WireFailure { arn: Some(arn), reason: Some(reason.to_owned()), detail: None };
        let Some(TaskDefinitionRef::Revision(id)) = resolve::task_definition_ref(&call.scope, text) else {
            failures.push(failure(text.clone(), INVALID));
            continue;
        };
        match delete_one(tx, call, &id).await? {
            Ok(definition) => deleted.push(definition),
            Err(reason) => failures.push(failure(text.clone(), reason)),
        }
    }
    Ok(DeleteTaskDefinitionsResponse { task_definitions: Some(deleted), failures: Some(failures) })
}

async fn delete_one(
    tx: &mut Tx,
    call: &Call,
    id: &TaskDefinitionId,
) -> Result<Result<WireTaskDefinition, &'static str>, Failure> {
    let Some(mut definition) = gantry_store::task_definition::get(tx, &call.scope, id).await? else {
        return Ok(Err(UNKNOWN));
    };
    match definition.status {
        TaskDefinitionStatus::Active => return Ok(Err(ACTIVE)),
        TaskDefinitionStatus::DeleteInProgress => {}
        TaskDefinitionStatus::Inactive => {
            definition.status = TaskDefinitionStatus::DeleteInProgress;
            if let Some(document) = definition.document.as_object_mut() {
                document.insert("deleteRequestedAt".to_owned(), json!(Timestamp::from(call.now)));
            }
            record::put_task_definition(tx, &definition).await?;
        }
    }
    Ok(Ok(view::task_definition::task_definition(&definition)?))
}
