//! A task definition as the API answers it (ECS API reference, `TaskDefinition`).

use gantry_model::Arn;
use gantry_model::task_definition::TaskDefinition;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;

use super::int;
use crate::ecs::launch;

/// The document as registered, with what the control plane knows about it.
///
/// # Errors
/// ServerException when the stored document is not one.
pub fn task_definition(definition: &TaskDefinition) -> Result<wire::TaskDefinition, ApiError> {
    Ok(wire::TaskDefinition {
        task_definition_arn: Some(Arn::task_definition(&definition.scope, &definition.id).to_string()),
        revision: Some(int(definition.id.revision)),
        status: Some(definition.status.as_str().to_owned()),
        registered_at: Some(definition.registered_at.into()),
        deregistered_at: definition.deregistered_at.map(Into::into),
        ..launch::document(definition)?
    })
}
