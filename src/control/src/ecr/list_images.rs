//! ListImages (ECR API reference): one id for each tag; an image without tags by its digest alone.

use gantry_model::image::Image;
use gantry_model::{Digest, ImageTag, RepositoryName};
use gantry_registry::{ImageError, ImageId};
use gantry_wire::shapes::ecr::{ListImagesRequest, ListImagesResponse};
use gantry_wire::{ApiError, paginate};

use super::describe_repositories::page_size;
use super::image_filter::ImageFilter;
use super::{failures, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Images that are read at once.
const CHUNK: usize = 1000;

/// Answers ListImages. The order is that of the digests, then of the tags; a page ends after an id, maybe in the middle of
/// an image.
///
/// # Errors
/// RepositoryNotFoundException, InvalidParameterException.
pub(super) async fn list_images(call: Call, input: ListImagesRequest) -> Result<ListImagesResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let filter = input.filter.unwrap_or_default();
    let filter = ImageFilter::new(filter.tag_status.as_deref(), filter.image_status.as_deref());
    let max = page_size(input.max_results);
    let after = input.next_token.as_deref().map(read_token).transpose()?;
    let mut ids = ids_after(&call, &name, after, filter, max + 1).await?;
    let more = ids.len() > max;
    ids.truncate(max);
    let next_token = ids.last().filter(|_| more).map(write_token);
    Ok(ListImagesResponse { image_ids: Some(ids.iter().map(view::image_id).collect()), next_token })
}

/// At least `wanted` ids after `after`, or all that there are.
async fn ids_after(
    call: &Call,
    name: &RepositoryName,
    after: Option<ImageId>,
    filter: ImageFilter,
    wanted: usize,
) -> Result<Vec<ImageId>, Failure> {
    let registry = &call.control.registry;
    let mut ids = Vec::new();
    let mut after_digest = None;
    if let Some(ImageId { digest: Some(digest), tag }) = after {
        ids.extend(rest_of(call, name, &digest, tag.as_ref(), filter).await?);
        after_digest = Some(digest);
    }
    while ids.len() < wanted {
        let images = registry
            .images(&call.scope, name, after_digest.as_ref(), CHUNK)
            .await
            .map_err(|error| failures::of_image(error, &call.scope, name))?;
        let Some(last) = images.last() else { break };
        after_digest = Some(last.digest.clone());
        ids.extend(images.iter().filter(|image| filter.shows(image)).flat_map(ids_of));
    }
    Ok(ids)
}

/// The ids of the image where the page before ended, after its tag `after`. It may be gone by now.
async fn rest_of(
    call: &Call,
    name: &RepositoryName,
    digest: &Digest,
    after: Option<&ImageTag>,
    filter: ImageFilter,
) -> Result<impl Iterator<Item = ImageId>, Failure> {
    let id = ImageId { digest: Some(digest.clone()), tag: None };
    let image = match call.control.registry.image(&call.scope, name, &id).await {
        Ok(image) => Some(image),
        Err(ImageError::ImageNotFound { .. }) => None,
        Err(error) => return Err(failures::of_image(error, &call.scope, name)),
    };
    let after = after.cloned();
    let ids = image.iter().filter(|image| filter.shows(image)).flat_map(ids_of).collect::<Vec<_>>();
    Ok(ids.into_iter().filter(move |id| id.tag.is_some() && id.tag > after))
}

/// By the names of the tags, so that a page can end between two.
fn ids_of(image: &Image) -> Vec<ImageId> {
    let id = |tag: Option<ImageTag>| ImageId { digest: Some(image.digest.clone()), tag };
    let mut tags = image.tags.clone();
    tags.sort_unstable();
    if tags.is_empty() { vec![id(None)] } else { tags.into_iter().map(Some).map(id).collect() }
}

fn write_token(id: &ImageId) -> String {
    let digest = id.digest.as_ref().map_or("", Digest::as_str);
    let tag = id.tag.as_ref().map_or("", ImageTag::as_str);
    paginate::encode(&format!("{digest} {tag}"))
}

fn read_token(token: &str) -> Result<ImageId, ApiError> {
    let key = paginate::decode(token)?;
    let (digest, tag) = key.split_once(' ').ok_or_else(ApiError::invalid_token)?;
    Ok(ImageId {
        digest: Some(Digest::parse(digest).map_err(|_| ApiError::invalid_token())?),
        tag: if tag.is_empty() { None } else { Some(ImageTag::parse(tag).map_err(|_| ApiError::invalid_token())?) },
    })
}
