//! DeleteRepositoryCreationTemplate (ECR API reference).

use gantry_wire::shapes::ecr::{DeleteRepositoryCreationTemplateRequest, DeleteRepositoryCreationTemplateResponse};

use super::{resolve, templates, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteRepositoryCreationTemplate with what the template was.
///
/// # Errors
/// TemplateNotFoundException.
pub(super) async fn delete_repository_creation_template(
    call: Call,
    input: DeleteRepositoryCreationTemplateRequest,
) -> Result<DeleteRepositoryCreationTemplateResponse, Failure> {
    let prefix = resolve::required("prefix", input.prefix)?;
    let not_found = templates::not_found(&call, &prefix);
    let deleted = call
        .control
        .registry
        .update_registry_settings(&call.scope, move |registry| {
            registry.creation_templates.remove(&prefix).ok_or_else(|| Failure::from(not_found))
        })
        .await?;
    Ok(DeleteRepositoryCreationTemplateResponse {
        registry_id: view::registry_id(&call),
        repository_creation_template: Some(templates::view(&deleted)),
    })
}
