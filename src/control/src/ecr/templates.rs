//! Repository creation templates: what requests say of one, and how it is told.

use std::collections::BTreeSet;

use gantry_model::registry_settings::{CreationTemplate, Occasion};
use gantry_model::tag::{MAX_TAGS, Tag};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{
    EncryptionConfiguration, EncryptionConfigurationForRepositoryCreationTemplate, RepositoryCreationTemplate,
    Tag as TagShape,
};

use super::{lifecycle, policies, tags, view};
use crate::context::Call;

/// The occasions of `appliedFor`.
pub(super) fn applied_for(given: &[String]) -> Result<BTreeSet<Occasion>, ApiError> {
    if given.is_empty() {
        return Err(ApiError::constraint("appliedFor", "Member must not be empty"));
    }
    given.iter().map(|text| occasion(text)).collect()
}

fn occasion(text: &str) -> Result<Occasion, ApiError> {
    Occasion::ALL.into_iter().find(|occasion| occasion.as_str() == text).ok_or_else(|| {
        let set = Occasion::ALL.map(Occasion::as_str).join(", ");
        ApiError::constraint("appliedFor", &format!("Member must satisfy enum value set: [{set}]"))
    })
}

/// The encryption as repositories have it.
pub(super) fn encryption(given: EncryptionConfigurationForRepositoryCreationTemplate) -> EncryptionConfiguration {
    EncryptionConfiguration { encryption_type: given.encryption_type, kms_key: given.kms_key }
}

/// The tags of the repositories.
pub(super) fn resource_tags(given: Vec<TagShape>) -> Result<Vec<Tag>, ApiError> {
    let tags = tags::read(given)?;
    if tags.len() > MAX_TAGS { Err(ApiError::too_many_tags()) } else { Ok(tags) }
}

/// A repository policy; an empty one is none.
pub(super) fn repository_policy(given: String) -> Result<Option<String>, ApiError> {
    if given.is_empty() {
        return Ok(None);
    }
    policies::check("repository", "repositoryPolicy", &given)?;
    Ok(Some(given))
}

/// A lifecycle policy; an empty one is none.
pub(super) fn lifecycle_policy(given: String) -> Result<Option<String>, ApiError> {
    if given.is_empty() {
        return Ok(None);
    }
    lifecycle::parse(&given)?;
    Ok(Some(given))
}

/// There is no template of that prefix.
pub(super) fn not_found(call: &Call, prefix: &str) -> ApiError {
    ApiError::new(
        "TemplateNotFoundException",
        format!(
            "The repository creation template with prefix '{prefix}' does not exist in the registry with id '{}'",
            call.scope.account
        ),
    )
}

/// A template as it is told.
pub(super) fn view(template: &CreationTemplate) -> RepositoryCreationTemplate {
    let EncryptionConfiguration { encryption_type, kms_key } =
        view::encryption_configuration(&template.encryption_configuration);
    let tags = template.tags.iter().map(|tag| TagShape { key: Some(tag.key.clone()), value: Some(tag.value.clone()) });
    RepositoryCreationTemplate {
        prefix: Some(template.prefix.clone()),
        description: template.description.clone(),
        encryption_configuration: Some(EncryptionConfigurationForRepositoryCreationTemplate {
            encryption_type,
            kms_key,
        }),
        resource_tags: Some(tags.collect()),
        image_tag_mutability: Some(template.image_tag_mutability.as_str().to_owned()),
        image_tag_mutability_exclusion_filters: view::exclusion_filters(&template.mutability_exclusion_filters),
        repository_policy: template.repository_policy.clone(),
        lifecycle_policy: template.lifecycle_policy.clone(),
        applied_for: Some(template.applied_for.iter().map(|occasion| occasion.as_str().to_owned()).collect()),
        custom_role_arn: template.custom_role_arn.clone(),
        created_at: Some(template.created_at.into()),
        updated_at: Some(template.updated_at.into()),
    }
}
