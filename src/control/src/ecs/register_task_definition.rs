//! RegisterTaskDefinition (ECS API reference): the next revision of a family. The rules are in [`crate::ecs::definition`].

use gantry_model::task_definition::{TaskDefinition, TaskDefinitionStatus};
use gantry_model::{Family, Tag, TaskDefinitionId};
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{RegisterTaskDefinitionRequest, RegisterTaskDefinitionResponse};
use serde_json::Value;

use crate::context::Call;
use crate::ecs::{definition, launch, record, view};
use crate::error::Failure;

/// The largest task definition, in bytes of JSON (ECS service quotas).
const MOST_BYTES: usize = 64 * 1024;

/// Answers RegisterTaskDefinition.
///
/// # Errors
/// ClientException for what breaks a rule of task definitions; InvalidParameterException for tags of a wrong form,
/// and for an empty list of them.
pub async fn register_task_definition(
    call: Call,
    input: RegisterTaskDefinitionRequest,
) -> Result<RegisterTaskDefinitionResponse, Failure> {
    if input.tags.as_ref().is_some_and(Vec::is_empty) {
        return Err(ApiError::invalid_parameter("Tags can not be empty.").into());
    }
    let tags = launch::tags(input.tags.as_deref().unwrap_or_default())?;
    let family = Family::parse(input.family.clone().unwrap_or_default())
        .map_err(|e| ApiError::client(format!("Invalid family: the {e}.")))?;
    let registry_host = &call.control.config.registry_host;
    let mut document = definition::complete(input, registry_host)?;
    document.registered_by = Some(call.principal.arn.clone());
    let document = launch::kept(&document)?;
    check_size(&document)?;
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { register(tx, &call, family, document, tags).await })).await
}

fn check_size(document: &Value) -> Result<(), ApiError> {
    let bytes = document.to_string().len();
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    Err(ApiError::client(format!("Actual length: '{bytes}'. Max allowed length is '{MOST_BYTES}' bytes.")))
}

async fn register(
    tx: &mut Tx,
    call: &Call,
    family: Family,
    document: Value,
    tags: Vec<Tag>,
) -> Result<RegisterTaskDefinitionResponse, Failure> {
    let revision = gantry_store::task_definition::next_revision(tx, &call.scope, &family).await?;
    let definition = TaskDefinition {
        scope: call.scope.clone(),
        id: TaskDefinitionId { family, revision },
        status: TaskDefinitionStatus::Active,
        document,
        registered_at: call.now,
        deregistered_at: None,
        tags,
    };
    record::put_task_definition(tx, &definition).await?;
    Ok(RegisterTaskDefinitionResponse {
        task_definition: Some(view::task_definition::task_definition(&definition)?),
        tags: Some(view::tags(&definition.tags)),
    })
}
