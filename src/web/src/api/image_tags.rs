//! Tags: giving an image another one, and taking one away.

use leptos::prelude::*;

use crate::error::ApiError;

/// Gives an image another tag.
///
/// # Errors
/// `ImageTagAlreadyExistsException` where tags are immutable; what PutImage answers.
#[server(prefix = "/ui/api", endpoint = "tag-image")]
pub async fn tag_image(repository: String, digest: String, tag: String) -> Result<(), ApiError> {
    let ecr = crate::sdk::ecr()?;
    let id = aws_sdk_ecr::types::ImageIdentifier::builder().image_digest(&digest).build();
    let answer = ecr.batch_get_image().repository_name(&repository).image_ids(id).send().await?;
    let image = answer.images().first().ok_or_else(|| ApiError::missing("image", &digest))?;
    ecr.put_image()
        .repository_name(&repository)
        .set_image_manifest(image.image_manifest().map(str::to_owned))
        .set_image_manifest_media_type(image.image_manifest_media_type().map(str::to_owned))
        .image_tag(tag.trim())
        .image_digest(digest)
        .send()
        .await?;
    Ok(())
}

/// Takes a tag away; the image stays, under its other tags or its digest.
///
/// # Errors
/// What BatchDeleteImage answers, or reports in `failures`.
#[server(prefix = "/ui/api", endpoint = "untag-image")]
pub async fn untag_image(repository: String, digest: String, tag: String) -> Result<(), ApiError> {
    // With the digest beside it, a tag that somebody moved meanwhile is left alone.
    let id = aws_sdk_ecr::types::ImageIdentifier::builder().image_digest(digest).image_tag(tag).build();
    let answer = crate::sdk::ecr()?.batch_delete_image().repository_name(repository).image_ids(id).send().await?;
    match answer.failures().first() {
        None => Ok(()),
        Some(failure) => {
            let code = failure.failure_code().map_or("Failure", |code| code.as_str());
            Err(ApiError::refused(code, failure.failure_reason().unwrap_or("The tag could not be taken away")))
        }
    }
}
