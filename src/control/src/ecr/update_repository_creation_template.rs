//! UpdateRepositoryCreationTemplate (ECR API reference).

use gantry_model::UnixMillis;
use gantry_model::registry_settings::CreationTemplate;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{UpdateRepositoryCreationTemplateRequest, UpdateRepositoryCreationTemplateResponse};

use super::{resolve, settings, templates, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers UpdateRepositoryCreationTemplate: what is given takes the place of what was. Repositories that were made before
/// stay as they are.
///
/// # Errors
/// TemplateNotFoundException; InvalidParameterException for settings that no repository can have.
pub(super) async fn update_repository_creation_template(
    call: Call,
    input: UpdateRepositoryCreationTemplateRequest,
) -> Result<UpdateRepositoryCreationTemplateResponse, Failure> {
    let prefix = resolve::required("prefix", input.prefix.clone())?;
    let (not_found, now) = (templates::not_found(&call, &prefix), call.now);
    let updated = call
        .control
        .registry
        .update_registry_settings(&call.scope, move |registry| {
            let template = registry.creation_templates.get_mut(&prefix).ok_or(not_found)?;
            change(template, input, now)?;
            Ok::<_, Failure>(template.clone())
        })
        .await?;
    Ok(UpdateRepositoryCreationTemplateResponse {
        registry_id: view::registry_id(&call),
        repository_creation_template: Some(templates::view(&updated)),
    })
}

fn change(
    template: &mut CreationTemplate,
    input: UpdateRepositoryCreationTemplateRequest,
    now: UnixMillis,
) -> Result<(), ApiError> {
    if let Some(given) = input.encryption_configuration {
        template.encryption_configuration = settings::encryption(Some(templates::encryption(given)))?;
    }
    if let Some(given) = input.resource_tags {
        template.tags = templates::resource_tags(given)?;
    }
    let filters = input.image_tag_mutability_exclusion_filters;
    if input.image_tag_mutability.is_some() || filters.is_some() {
        let own = template.image_tag_mutability.as_str();
        let given = input.image_tag_mutability.as_deref().unwrap_or(own);
        (template.image_tag_mutability, template.mutability_exclusion_filters) =
            settings::tag_mutability(Some(given), filters)?;
    }
    if let Some(given) = input.repository_policy {
        template.repository_policy = templates::repository_policy(given)?;
    }
    if let Some(given) = input.lifecycle_policy {
        template.lifecycle_policy = templates::lifecycle_policy(given)?;
    }
    if let Some(given) = input.applied_for {
        template.applied_for = templates::applied_for(&given)?;
    }
    if input.description.is_some() {
        template.description = input.description;
    }
    if input.custom_role_arn.is_some() {
        template.custom_role_arn = input.custom_role_arn;
    }
    template.updated_at = now;
    Ok(())
}
