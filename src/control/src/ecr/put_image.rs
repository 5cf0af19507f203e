//! PutImage (ECR API reference): a manifest whose layers are here, and a tag for it.

use bytes::Bytes;
use gantry_registry::{ImageId, PutManifest};
use gantry_wire::shapes::ecr::{Image, PutImageRequest, PutImageResponse};

use super::{failures, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers PutImage.
///
/// # Errors
/// RepositoryNotFoundException, ImageAlreadyExistsException for the same manifest and tag, ImageTagAlreadyExistsException
/// for a tag that may not move, LayersNotFoundException, ReferencedImagesNotFoundException,
/// ImageDigestDoesNotMatchException, LimitExceededException, InvalidParameterException.
pub(super) async fn put_image(call: Call, input: PutImageRequest) -> Result<PutImageResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let manifest = resolve::required("imageManifest", input.image_manifest)?;
    let tag = input.image_tag.as_deref().map(|tag| resolve::image_tag("imageTag", tag)).transpose()?;
    let digest = input.image_digest.as_deref().map(|digest| resolve::digest("imageDigest", digest)).transpose()?;
    let put = PutManifest {
        bytes: Bytes::from(manifest.clone()),
        media_type: input.image_manifest_media_type,
        digest,
        tags: tag.iter().cloned().collect(),
        refuse_existing: true,
        copied_from: None,
    };
    let outcome = call.control.registry.put_manifest(&call.scope, &name, put).await;
    let outcome = outcome.map_err(|error| failures::of_push(error, &call.scope, &name))?;
    Ok(PutImageResponse {
        image: Some(Image {
            registry_id: view::registry_id(&call),
            repository_name: Some(name.to_string()),
            image_id: Some(view::image_id(&ImageId { digest: Some(outcome.digest), tag })),
            image_manifest: Some(manifest),
            image_manifest_media_type: Some(outcome.media_type),
        }),
    })
}
