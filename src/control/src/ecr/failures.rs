//! What the registry refuses, as the errors and failures that ECR models.
//!
//! The texts are `gantry_wire`'s where a whole call fails, and stand here where one id of a batch does.

use gantry_model::{Digest, RepositoryName, Scope};
use gantry_registry::{ImageError, LayerError, ManifestError, PutManifestError, RepositoryError, RepositoryNotFound};
use gantry_wire::ApiError;

use crate::error::{Failure, chain};

impl From<RepositoryNotFound> for Failure {
    fn from(RepositoryNotFound { name, account }: RepositoryNotFound) -> Self {
        ApiError::repository_not_found(name.as_str(), account.as_str()).into()
    }
}

impl From<RepositoryError> for Failure {
    fn from(error: RepositoryError) -> Self {
        match error {
            RepositoryError::NotFound(error) => error.into(),
            RepositoryError::AlreadyExists { name, account } => {
                ApiError::repository_already_exists(name.as_str(), account.as_str()).into()
            }
            RepositoryError::NotEmpty { name, account } => {
                ApiError::repository_not_empty(name.as_str(), account.as_str()).into()
            }
            RepositoryError::InUse { .. } => ApiError::new("RepositoryNotEmptyException", error.to_string()).into(),
            RepositoryError::Store(error) => error.into(),
        }
    }
}

/// The answer to a push that the registry refused.
pub(super) fn of_push(error: PutManifestError, scope: &Scope, repository: &RepositoryName) -> Failure {
    let (name, account) = (repository.as_str(), scope.account.as_str());
    let api = match error {
        PutManifestError::RepositoryNotFound(error) => return error.into(),
        PutManifestError::Store(error) => return error.into(),
        PutManifestError::Invalid(error) => invalid_manifest(&error),
        PutManifestError::TooLarge => {
            ApiError::constraint("imageManifest", "Member must have length less than or equal to 4194304")
        }
        PutManifestError::DigestDoesNotMatch { given, actual } => {
            ApiError::image_digest_does_not_match(given.as_str(), actual.as_str())
        }
        PutManifestError::LayersNotFound { digests } => ApiError::layers_not_found(&texts(&digests), name, account),
        PutManifestError::ReferencedImagesNotFound { digests } => {
            ApiError::referenced_images_not_found(&texts(&digests), name, account)
        }
        PutManifestError::ImageAlreadyExists { digest, tag, .. } => {
            ApiError::image_already_exists(digest.as_str(), tag.as_ref().map(|tag| tag.as_str()), name, account)
        }
        PutManifestError::ImageTagAlreadyExists { tag, .. } => ApiError::image_tag_already_exists(tag.as_str(), name),
        PutManifestError::TooManyTags => ApiError::limit_exceeded(error.to_string()),
    };
    api.into()
}

/// ECR says one thing of all bodies that it cannot read; what is wrong with a readable one is worth more than that.
fn invalid_manifest(error: &ManifestError) -> ApiError {
    match error {
        ManifestError::NotJson(_) | ManifestError::NotAnObject => {
            ApiError::constraint("ImageManifest", "Invalid JSON syntax")
        }
        ManifestError::NoMediaType => ApiError::invalid_parameter(
            "Invalid parameter at 'imageManifestMediaType': the manifest has no mediaType, so that one must be given",
        ),
        other => ApiError::constraint("ImageManifest", &other.to_string()),
    }
}

fn texts(digests: &[Digest]) -> Vec<String> {
    digests.iter().map(ToString::to_string).collect()
}

/// The answer to a call that is about one image and cannot have it.
pub(super) fn of_image(error: ImageError, scope: &Scope, repository: &RepositoryName) -> Failure {
    let not_found = |digest: Option<&Digest>, tag: Option<&str>| -> Failure {
        ApiError::image_not_found(digest.map(Digest::as_str), tag, repository.as_str(), scope.account.as_str()).into()
    };
    match error {
        ImageError::RepositoryNotFound(error) => error.into(),
        ImageError::Store(error) => error.into(),
        ImageError::ImageNotFound { id, .. } => not_found(id.digest.as_ref(), id.tag.as_ref().map(|tag| tag.as_str())),
        ImageError::TagDoesNotMatchDigest { tag, digest } => not_found(Some(&digest), Some(tag.as_str())),
        ImageError::MissingDigestAndTag => {
            ApiError::constraint("imageIds", "both tag and digest cannot be null").into()
        }
        error @ (ImageError::ReferencedByManifestList { .. }
        | ImageError::InUse { .. }
        | ImageError::Archived { .. }) => ApiError::server(error.to_string()).into(),
    }
}

/// Why one id of a batch failed: code and reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IdFailure {
    pub(super) code: &'static str,
    pub(super) reason: String,
}

impl IdFailure {
    pub(super) fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    pub(super) fn missing_digest_and_tag() -> Self {
        Self::new("MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null")
    }

    pub(super) fn invalid_digest() -> Self {
        Self::new(
            "InvalidImageDigest",
            "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        )
    }

    pub(super) fn invalid_tag() -> Self {
        Self::new(
            "InvalidImageTag",
            "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'",
        )
    }

    pub(super) fn not_found() -> Self {
        Self::new("ImageNotFound", "Requested image not found")
    }
}

/// What an error about one image means inside a batch: a failure of its id, or the end of the whole call.
pub(super) fn of_id(error: ImageError) -> Result<IdFailure, Failure> {
    match error {
        ImageError::RepositoryNotFound(error) => Err(error.into()),
        ImageError::Store(error) => Err(error.into()),
        ImageError::ImageNotFound { .. } => Ok(IdFailure::not_found()),
        ImageError::MissingDigestAndTag => Ok(IdFailure::missing_digest_and_tag()),
        ImageError::TagDoesNotMatchDigest { .. } => Ok(IdFailure::new(
            "ImageTagDoesNotMatchDigest",
            "Invalid request parameters: given tag does not map to the given digest",
        )),
        ImageError::ReferencedByManifestList { index, .. } => Ok(IdFailure::new(
            "ImageReferencedByManifestList",
            format!("Requested image referenced by manifest list: [{index}]"),
        )),
        // The model has no code for it; this one says that the image is not to be had for what was asked.
        error @ (ImageError::InUse { .. } | ImageError::Archived { .. }) => {
            Ok(IdFailure::new("ImageInaccessible", error.to_string()))
        }
    }
}

/// The answer to a call about a layer or an upload that the registry refused.
pub(super) fn of_layer(error: LayerError, scope: &Scope, repository: &RepositoryName) -> Failure {
    let (name, account) = (repository.as_str(), scope.account.as_str());
    let api = match error {
        LayerError::RepositoryNotFound(error) => return error.into(),
        LayerError::Store(error) => return error.into(),
        LayerError::UploadNotFound(id) => ApiError::upload_not_found(id.as_str(), name, account),
        LayerError::InvalidPart { upload, last_valid_byte } => ApiError::invalid_layer_part(
            upload.as_str(),
            name,
            account,
            Some(last_valid_byte).filter(|byte| *byte >= 0),
        ),
        error @ LayerError::PartTooLarge => ApiError::constraint("layerPartBlob", &error.to_string()),
        LayerError::PartTooSmall => ApiError::layer_part_too_small(),
        LayerError::DigestDiffers { given, actual } => ApiError::invalid_layer(given.as_str(), actual.as_str()),
        LayerError::AlreadyExists(digest) => ApiError::layer_already_exists(digest.as_str(), name, account),
        LayerError::NotFound(digest) => ApiError::layers_not_found(&[digest.to_string()], name, account),
        // The caller knows the upload's id and words it; elsewhere this cannot be.
        error @ (LayerError::EmptyUpload | LayerError::Upload(_)) => ApiError::server(chain(&error)),
    };
    api.into()
}
