//! CreateRepository (ECR API reference).

use gantry_model::image::Repository;
use gantry_model::tag::MAX_TAGS;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{CreateRepositoryRequest, CreateRepositoryResponse};

use super::resolve::{self, foreign_registry};
use super::{settings, tags, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers CreateRepository.
///
/// # Errors
/// RepositoryAlreadyExistsException, InvalidTagParameterException, TooManyTagsException, KmsException for any encryption
/// but AES256, AccessDeniedException for another account's registry, InvalidParameterException.
pub(super) async fn create_repository(
    call: Call,
    input: CreateRepositoryRequest,
) -> Result<CreateRepositoryResponse, Failure> {
    let repository = wanted(&call, input)?;
    let created = call.control.registry.create_repository(repository).await?;
    Ok(CreateRepositoryResponse { repository: Some(view::repository(&call, &created)) })
}

fn wanted(call: &Call, input: CreateRepositoryRequest) -> Result<Repository, ApiError> {
    let name = input.repository_name.as_deref();
    if let Some(foreign) = foreign_registry(call, input.registry_id.as_deref()) {
        let resource = format!("arn:aws:ecr:{}:{foreign}:repository/{}", call.scope.region, name.unwrap_or_default());
        return Err(ApiError::access_denied(&call.principal.arn, "ecr:CreateRepository", &resource));
    }
    let name = resolve::repository(call, None, name)?;
    let (image_tag_mutability, mutability_exclusion_filters) =
        settings::tag_mutability(input.image_tag_mutability.as_deref(), input.image_tag_mutability_exclusion_filters)?;
    let tags = tags::read(input.tags.unwrap_or_default())?;
    if tags.len() > MAX_TAGS {
        return Err(ApiError::too_many_tags());
    }
    Ok(Repository {
        image_tag_mutability,
        mutability_exclusion_filters,
        scan_on_push: input.image_scanning_configuration.and_then(|c| c.scan_on_push).unwrap_or(false),
        encryption_configuration: settings::encryption(input.encryption_configuration)?,
        tags,
        ..Repository::new(call.scope.clone(), name, call.now)
    })
}
