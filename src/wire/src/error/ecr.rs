//! Errors of Amazon ECR (model `ecr-2015-09-21`), in the words in which the service answers them where they are known.

use super::ApiError;

/// An image as ECR's messages name it: by digest, tag or both.
fn image_id(digest: Option<&str>, tag: Option<&str>) -> String {
    format!("{{imageDigest:'{}', imageTag:'{}'}}", digest.unwrap_or("null"), tag.unwrap_or("null"))
}

impl ApiError {
    /// A parameter does not meet a constraint, in ECR's words.
    #[must_use]
    pub fn constraint(member: &str, constraint: &str) -> Self {
        Self::invalid_parameter(format!("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'"))
    }

    /// The repository that a request names is not there.
    #[must_use]
    pub fn repository_not_found(name: &str, account: &str) -> Self {
        Self::new(
            "RepositoryNotFoundException",
            format!("The repository with name '{name}' does not exist in the registry with id '{account}'"),
        )
    }

    /// A repository of that name exists.
    #[must_use]
    pub fn repository_already_exists(name: &str, account: &str) -> Self {
        Self::new(
            "RepositoryAlreadyExistsException",
            format!("The repository with name '{name}' already exists in the registry with id '{account}'"),
        )
    }

    /// A repository with images is deleted without `force`.
    #[must_use]
    pub fn repository_not_empty(name: &str, account: &str) -> Self {
        Self::new(
            "RepositoryNotEmptyException",
            format!(
                "The repository with name '{name}' in registry with id '{account}' cannot be deleted because it still \
                 contains images"
            ),
        )
    }

    /// The image that a request names is not there.
    #[must_use]
    pub fn image_not_found(digest: Option<&str>, tag: Option<&str>, repository: &str, account: &str) -> Self {
        Self::new(
            "ImageNotFoundException",
            format!(
                "The image with imageId {} does not exist within the repository with name '{repository}' in the registry \
                 with id '{account}'",
                image_id(digest, tag)
            ),
        )
    }

    /// The same image is there under the same tag.
    #[must_use]
    pub fn image_already_exists(digest: &str, tag: Option<&str>, repository: &str, account: &str) -> Self {
        let tagged = tag.map(|tag| format!(" and tag '{tag}'")).unwrap_or_default();
        Self::new(
            "ImageAlreadyExistsException",
            format!(
                "Image with digest '{digest}'{tagged} already exists in the repository with name '{repository}' in \
                 registry with id '{account}'"
            ),
        )
    }

    /// The tag names another image and may not move.
    #[must_use]
    pub fn image_tag_already_exists(tag: &str, repository: &str) -> Self {
        Self::new(
            "ImageTagAlreadyExistsException",
            format!(
                "The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten because \
                 the repository is immutable."
            ),
        )
    }

    /// The manifest's digest is not the one that was given.
    #[must_use]
    pub fn image_digest_does_not_match(given: &str, computed: &str) -> Self {
        Self::new(
            "ImageDigestDoesNotMatchException",
            format!("The digest of the image manifest is '{computed}', not '{given}' as given"),
        )
    }

    /// A manifest names layers that nobody uploaded to the repository.
    #[must_use]
    pub fn layers_not_found(digests: &[String], repository: &str, account: &str) -> Self {
        Self::new(
            "LayersNotFoundException",
            format!(
                "Layers with digests '{}' do not exist in the repository with name '{repository}' in the registry with \
                 id '{account}'",
                digests.join("', '")
            ),
        )
    }

    /// An image index names images that are not in the repository.
    #[must_use]
    pub fn referenced_images_not_found(digests: &[String], repository: &str, account: &str) -> Self {
        Self::new(
            "ReferencedImagesNotFoundException",
            format!(
                "Images with digests '{}' required for pushing image into repository with name '{repository}' in the \
                 registry with id '{account}' do not exist",
                digests.join("', '")
            ),
        )
    }

    /// The upload that a request names is not there.
    #[must_use]
    pub fn upload_not_found(upload_id: &str, repository: &str, account: &str) -> Self {
        Self::new(
            "UploadNotFoundException",
            format!(
                "The upload with id '{upload_id}' does not exist for the repository with name '{repository}' in the \
                 registry with id '{account}'"
            ),
        )
    }

    /// A layer part does not follow on what was received; the members say where to go on.
    #[must_use]
    pub fn invalid_layer_part(upload_id: &str, repository: &str, account: &str, last_valid_byte: Option<i64>) -> Self {
        let received = last_valid_byte.map_or_else(|| "none".to_owned(), |byte| byte.to_string());
        let error = Self::new(
            "InvalidLayerPartException",
            format!(
                "Layer part does not follow on the last valid byte received ({received}) of the upload with id \
                 '{upload_id}'"
            ),
        )
        .with_member("registryId", account)
        .with_member("repositoryName", repository)
        .with_member("uploadId", upload_id);
        match last_valid_byte {
            Some(byte) => error.with_member("lastValidByteReceived", byte),
            None => error,
        }
    }

    /// The layer's bytes do not have the digest that was given.
    #[must_use]
    pub fn invalid_layer(given: &str, computed: &str) -> Self {
        Self::new("InvalidLayerException", format!("The digest of the layer is '{computed}', not '{given}' as given"))
    }

    /// The layer is there already.
    #[must_use]
    pub fn layer_already_exists(digest: &str, repository: &str, account: &str) -> Self {
        Self::new(
            "LayerAlreadyExistsException",
            format!(
                "The layer with digest '{digest}' already exists in the repository with name '{repository}' in the \
                 registry with id '{account}'"
            ),
        )
    }

    /// A part other than the last is smaller than 5 MiB.
    #[must_use]
    pub fn layer_part_too_small() -> Self {
        Self::new("LayerPartTooSmallException", "Layer parts must be at least 5 MiB in size, the last one excepted")
    }

    /// An upload is completed that received nothing.
    #[must_use]
    pub fn empty_upload(upload_id: &str) -> Self {
        Self::new("EmptyUploadException", format!("The upload with id '{upload_id}' has no layer parts"))
    }

    /// The repository has no lifecycle policy.
    #[must_use]
    pub fn lifecycle_policy_not_found(repository: &str, account: &str) -> Self {
        Self::new("LifecyclePolicyNotFoundException", without("Lifecycle policy", repository, account))
    }

    /// The repository has no policy.
    #[must_use]
    pub fn repository_policy_not_found(repository: &str, account: &str) -> Self {
        Self::new("RepositoryPolicyNotFoundException", without("Repository policy", repository, account))
    }

    /// The registry has no policy.
    #[must_use]
    pub fn registry_policy_not_found(account: &str) -> Self {
        Self::new(
            "RegistryPolicyNotFoundException",
            format!("Registry policy does not exist in the registry with id '{account}'"),
        )
    }

    /// More tags than a repository may have.
    #[must_use]
    pub fn too_many_tags() -> Self {
        Self::new("TooManyTagsException", "The list of tags on the repository is over the limit of 50")
    }

    /// A tag that may not be.
    #[must_use]
    pub fn invalid_tag_parameter(message: impl Into<String>) -> Self {
        Self::new("InvalidTagParameterException", message)
    }

    /// What ECR's newer operations answer instead of InvalidParameterException.
    #[must_use]
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }
}

fn without(what: &str, repository: &str, account: &str) -> String {
    format!("{what} does not exist for the repository with name '{repository}' in the registry with id '{account}'")
}
