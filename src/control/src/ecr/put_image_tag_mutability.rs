//! PutImageTagMutability (ECR API reference).

use gantry_wire::shapes::ecr::{PutImageTagMutabilityRequest, PutImageTagMutabilityResponse};

use super::{resolve, settings, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers PutImageTagMutability. Filters that were set before and are not given again go.
///
/// # Errors
/// RepositoryNotFoundException, InvalidParameterException for filters that do not go with the mutability.
pub(super) async fn put_image_tag_mutability(
    call: Call,
    input: PutImageTagMutabilityRequest,
) -> Result<PutImageTagMutabilityResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let mutability = resolve::required("imageTagMutability", input.image_tag_mutability)?;
    let (mutability, filters) =
        settings::tag_mutability(Some(&mutability), input.image_tag_mutability_exclusion_filters)?;
    let changed = call
        .control
        .registry
        .update_repository(&call.scope, &name, move |repository| {
            repository.image_tag_mutability = mutability;
            repository.mutability_exclusion_filters = filters;
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(PutImageTagMutabilityResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(changed.name.to_string()),
        image_tag_mutability: Some(changed.image_tag_mutability.as_str().to_owned()),
        image_tag_mutability_exclusion_filters: view::exclusion_filters(&changed.mutability_exclusion_filters),
    })
}
