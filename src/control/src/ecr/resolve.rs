//! What a request names: the registry, a repository, an image.

use gantry_model::{Digest, ImageTag, InvalidName, RepositoryName};
use gantry_registry::ImageId;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::ImageIdentifier;

use super::failures::IdFailure;
use crate::context::Call;

/// The registry that the request asks for, when it is another account's. Nothing of another account is here.
pub(super) fn foreign_registry<'a>(call: &Call, registry_id: Option<&'a str>) -> Option<&'a str> {
    registry_id.filter(|id| *id != call.scope.account.as_str())
}

/// Refuses another account's registry, whose settings are not here.
pub(super) fn own_registry(call: &Call, registry_id: Option<&str>) -> Result<(), ApiError> {
    match foreign_registry(call, registry_id) {
        None => Ok(()),
        Some(_) => Err(ApiError::constraint("registryId", "must be the registry of the caller")),
    }
}

/// The repository that the request names. One of another account's registry is not found.
pub(super) fn repository(
    call: &Call,
    registry_id: Option<&str>,
    name: Option<&str>,
) -> Result<RepositoryName, ApiError> {
    let text = name.unwrap_or_default();
    if let Some(foreign) = foreign_registry(call, registry_id) {
        return Err(ApiError::repository_not_found(text, foreign));
    }
    RepositoryName::parse(text).map_err(|error| malformed("repositoryName", &error))
}

/// The error that a member has not the form of its kind.
pub(super) fn malformed(member: &str, error: &InvalidName) -> ApiError {
    ApiError::constraint(member, &format!("must {}", error.rule))
}

/// A member that the constraint table requires; absent only when the table was not asked.
pub(super) fn required<T>(member: &str, value: Option<T>) -> Result<T, ApiError> {
    value.ok_or_else(|| ApiError::constraint(member, "Member must not be null"))
}

/// A digest.
pub(super) fn digest(member: &str, text: &str) -> Result<Digest, ApiError> {
    Digest::parse(text).map_err(|error| malformed(member, &error))
}

/// A tag of an image.
pub(super) fn image_tag(member: &str, text: &str) -> Result<ImageTag, ApiError> {
    ImageTag::parse(text).map_err(|error| malformed(member, &error))
}

/// The image that a request is about.
pub(super) fn image(id: Option<ImageIdentifier>) -> Result<ImageId, ApiError> {
    let id = required("imageId", id)?;
    image_id(&id).map_err(|failure| ApiError::constraint("imageId", &failure.reason))
}

/// An image's id in a batch, where a malformed one is a failure of its own.
pub(super) fn image_id(id: &ImageIdentifier) -> Result<ImageId, IdFailure> {
    if id.image_digest.is_none() && id.image_tag.is_none() {
        return Err(IdFailure::missing_digest_and_tag());
    }
    let digest = id.image_digest.as_deref().map(Digest::parse).transpose().map_err(|_| IdFailure::invalid_digest())?;
    let tag = id.image_tag.as_deref().map(ImageTag::parse).transpose().map_err(|_| IdFailure::invalid_tag())?;
    Ok(ImageId { digest, tag })
}
