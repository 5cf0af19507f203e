//! BatchGetImage (ECR API reference): manifests, byte for byte. Nothing is translated: an image whose type the caller does
//! not accept is not found.

use gantry_model::RepositoryName;
use gantry_registry::{ImageError, ImageId, PullThroughError, Reference, UpstreamError};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{BatchGetImageRequest, BatchGetImageResponse, Image, ImageIdentifier};

use super::failures::{self, IdFailure};
use super::{resolve, view};
use crate::context::Call;
use crate::error::{Failure, chain};

/// Answers BatchGetImage: an image or a failure for each id, in their order.
///
/// # Errors
/// RepositoryNotFoundException, InvalidParameterException.
pub(super) async fn batch_get_image(call: Call, input: BatchGetImageRequest) -> Result<BatchGetImageResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let (ids, registry) = (input.image_ids.unwrap_or_default(), &call.control.registry);
    if registry.registry_settings(&call.scope).await?.upstream(&name).is_some() {
        import_missing(&call, &name, &ids).await?;
    }
    registry.repository(&call.scope, &name).await?;
    let accepted = input.accepted_media_types.unwrap_or_default();
    let (mut images, mut failed) = (Vec::new(), Vec::new());
    for asked in ids {
        match get(&call, &name, &asked, &accepted).await? {
            Ok(image) => images.push(image),
            Err(failure) => failed.push(view::image_failure(asked, failure)),
        }
    }
    Ok(BatchGetImageResponse { images: Some(images), failures: Some(failed) })
}

/// Has what is asked for and not here imported from the upstream of the repository.
async fn import_missing(call: &Call, name: &RepositoryName, asked: &[ImageIdentifier]) -> Result<(), Failure> {
    let registry = &call.control.registry;
    for id in asked.iter().filter_map(|id| resolve::image_id(id).ok()) {
        let found = registry.image(&call.scope, name, &id).await;
        if !matches!(found, Err(ImageError::RepositoryNotFound(_) | ImageError::ImageNotFound { .. })) {
            continue;
        }
        let reference = id.tag.map(Reference::Tag).or(id.digest.map(Reference::Digest));
        let Some(reference) = reference else { continue };
        match registry.import(&call.scope, name, &reference).await {
            Ok(_) | Err(PullThroughError::Upstream(UpstreamError::NotFound { .. })) => {}
            Err(PullThroughError::Store(error)) => return Err(error.into()),
            Err(error) => return Err(ApiError::new("UnableToGetUpstreamImageException", chain(&error)).into()),
        }
    }
    Ok(())
}

async fn get(
    call: &Call,
    name: &RepositoryName,
    asked: &ImageIdentifier,
    accepted: &[String],
) -> Result<Result<Image, IdFailure>, Failure> {
    let id = match resolve::image_id(asked) {
        Ok(id) => id,
        Err(failure) => return Ok(Err(failure)),
    };
    let registry = &call.control.registry;
    let described = match registry.image(&call.scope, name, &id).await {
        Ok(image) => image,
        Err(error) => return failures::of_id(error).map(Err),
    };
    if !accepted.is_empty() && !accepted.contains(&described.media_type) {
        let reason = format!("Requested image has the media type {}, which is not accepted", described.media_type);
        return Ok(Err(IdFailure::new("ImageNotFound", reason)));
    }
    let by_digest = ImageId { digest: Some(described.digest.clone()), tag: None };
    let manifest = match registry.manifest(&call.scope, name, &by_digest, &call.principal).await {
        Ok(manifest) => manifest,
        Err(error) => return failures::of_id(error).map(Err),
    };
    // Who asks by digest alone learns a tag of the image as well.
    let tag = id.tag.or_else(|| described.tags.first().cloned());
    let text = String::from_utf8(manifest.bytes)
        .map_err(|error| ApiError::server(format!("the manifest {} is not text: {error}", manifest.digest)))?;
    Ok(Ok(Image {
        registry_id: view::registry_id(call),
        repository_name: Some(name.to_string()),
        image_id: Some(view::image_id(&ImageId { digest: Some(manifest.digest), tag })),
        image_manifest: Some(text),
        image_manifest_media_type: Some(manifest.media_type),
    }))
}
