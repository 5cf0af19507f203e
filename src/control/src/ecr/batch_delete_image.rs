//! BatchDeleteImage (ECR API reference). By tag: the tag, and the image with its last one. By digest: the image and all
//! its tags.
//!
//! The ids are looked up before anything is deleted, so that two that mean the same image do not make one another fail.

use gantry_model::RepositoryName;
use gantry_registry::{ImageError, ImageId, Origin};
use gantry_wire::shapes::ecr::{BatchDeleteImageRequest, BatchDeleteImageResponse, ImageIdentifier};

use super::failures::{self, IdFailure};
use super::{resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers BatchDeleteImage: what went, and a failure for each id that could not.
///
/// # Errors
/// RepositoryNotFoundException, InvalidParameterException.
pub(super) async fn batch_delete_image(
    call: Call,
    input: BatchDeleteImageRequest,
) -> Result<BatchDeleteImageResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    call.control.registry.repository(&call.scope, &name).await?;
    let (mut found, mut failed) = (Vec::new(), Vec::new());
    for asked in input.image_ids.unwrap_or_default() {
        match look_up(&call, &name, &asked).await? {
            Ok(id) => found.push((asked, id)),
            Err(failure) => failed.push(view::image_failure(asked, failure)),
        }
    }
    let mut deleted: Vec<ImageIdentifier> = Vec::new();
    for (asked, id) in found {
        match call.control.registry.delete_image(&call.scope, &name, &id, Origin::Here).await {
            Ok(gone) => deleted.extend(gone.iter().map(view::image_id)),
            // Another id of this call took it along.
            Err(ImageError::ImageNotFound { .. }) => {}
            Err(error) => failed.push(view::image_failure(asked, failures::of_id(error)?)),
        }
    }
    Ok(BatchDeleteImageResponse { image_ids: Some(deleted), failures: Some(failed) })
}

async fn look_up(
    call: &Call,
    name: &RepositoryName,
    asked: &ImageIdentifier,
) -> Result<Result<ImageId, IdFailure>, Failure> {
    let id = match resolve::image_id(asked) {
        Ok(id) => id,
        Err(failure) => return Ok(Err(failure)),
    };
    match call.control.registry.image(&call.scope, name, &id).await {
        Ok(_) => Ok(Ok(id)),
        Err(error) => failures::of_id(error).map(Err),
    }
}
