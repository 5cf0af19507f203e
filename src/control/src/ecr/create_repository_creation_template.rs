//! CreateRepositoryCreationTemplate (ECR API reference).

use std::collections::btree_map::Entry;

use gantry_model::registry_settings::CreationTemplate;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{CreateRepositoryCreationTemplateRequest, CreateRepositoryCreationTemplateResponse};

use super::{resolve, settings, templates, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers CreateRepositoryCreationTemplate.
///
/// # Errors
/// TemplateAlreadyExistsException; InvalidParameterException for settings that no repository can have.
pub(super) async fn create_repository_creation_template(
    call: Call,
    input: CreateRepositoryCreationTemplateRequest,
) -> Result<CreateRepositoryCreationTemplateResponse, Failure> {
    let wanted = wanted(&call, input)?;
    let exists = ApiError::new(
        "TemplateAlreadyExistsException",
        format!(
            "The repository creation template with prefix '{}' already exists in the registry with id '{}'",
            wanted.prefix, call.scope.account
        ),
    );
    let created = call
        .control
        .registry
        .update_registry_settings(&call.scope, move |registry| {
            match registry.creation_templates.entry(wanted.prefix.clone()) {
                Entry::Occupied(_) => Err(Failure::from(exists)),
                Entry::Vacant(place) => Ok(place.insert(wanted).clone()),
            }
        })
        .await?;
    Ok(CreateRepositoryCreationTemplateResponse {
        registry_id: view::registry_id(&call),
        repository_creation_template: Some(templates::view(&created)),
    })
}

fn wanted(call: &Call, input: CreateRepositoryCreationTemplateRequest) -> Result<CreationTemplate, ApiError> {
    let (image_tag_mutability, mutability_exclusion_filters) =
        settings::tag_mutability(input.image_tag_mutability.as_deref(), input.image_tag_mutability_exclusion_filters)?;
    Ok(CreationTemplate {
        prefix: resolve::required("prefix", input.prefix)?,
        description: input.description,
        encryption_configuration: settings::encryption(input.encryption_configuration.map(templates::encryption))?,
        tags: templates::resource_tags(input.resource_tags.unwrap_or_default())?,
        image_tag_mutability,
        mutability_exclusion_filters,
        repository_policy: templates::repository_policy(input.repository_policy.unwrap_or_default())?,
        lifecycle_policy: templates::lifecycle_policy(input.lifecycle_policy.unwrap_or_default())?,
        applied_for: templates::applied_for(&resolve::required("appliedFor", input.applied_for)?)?,
        custom_role_arn: input.custom_role_arn,
        created_at: call.now,
        updated_at: call.now,
    })
}
