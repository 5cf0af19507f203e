//! DescribeImages (ECR API reference): by id, or page by page.

use gantry_model::image::Image;
use gantry_model::{Digest, RepositoryName};
use gantry_wire::shapes::ecr::{DescribeImagesRequest, DescribeImagesResponse, ImageIdentifier};
use gantry_wire::{ApiError, paginate};

use super::describe_repositories::page_size;
use super::image_filter::ImageFilter;
use super::{failures, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeImages, by digest.
///
/// # Errors
/// RepositoryNotFoundException, ImageNotFoundException when any of the ids names no image, InvalidParameterException.
pub(super) async fn describe_images(
    call: Call,
    input: DescribeImagesRequest,
) -> Result<DescribeImagesResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let filter = input.filter.clone().unwrap_or_default();
    let filter = ImageFilter::new(filter.tag_status.as_deref(), filter.image_status.as_deref());
    let (images, next_token) = match &input.image_ids {
        Some(ids) => (by_id(&call, &name, &input, ids, filter).await?, None),
        None => page(&call, &name, &input, filter).await?,
    };
    let digests: Vec<Digest> = images.iter().map(|image| image.digest.clone()).collect();
    let scans = call.control.registry.scans(&call.scope, &name, &digests).await;
    let scans = scans.map_err(|error| failures::of_image(error, &call.scope, &name))?;
    let details = images.iter().map(|image| view::image_detail(&call, image, scans.get(&image.digest))).collect();
    Ok(DescribeImagesResponse { image_details: Some(details), next_token })
}

async fn by_id(
    call: &Call,
    name: &RepositoryName,
    input: &DescribeImagesRequest,
    ids: &[ImageIdentifier],
    filter: ImageFilter,
) -> Result<Vec<Image>, Failure> {
    for (member, given) in [("nextToken", input.next_token.is_some()), ("maxResults", input.max_results.is_some())] {
        if given {
            return Err(ApiError::constraint(member, "cannot be used together with imageIds").into());
        }
    }
    let mut images: Vec<Image> = Vec::new();
    for id in ids {
        let id = resolve::image_id(id).map_err(|failure| ApiError::constraint("imageIds", &failure.reason))?;
        let image = call.control.registry.image(&call.scope, name, &id).await;
        let image = image.map_err(|error| failures::of_image(error, &call.scope, name))?;
        if filter.shows(&image) && images.iter().all(|other| other.digest != image.digest) {
            images.push(image);
        }
    }
    Ok(images)
}

async fn page(
    call: &Call,
    name: &RepositoryName,
    input: &DescribeImagesRequest,
    filter: ImageFilter,
) -> Result<(Vec<Image>, Option<String>), Failure> {
    let max = page_size(input.max_results);
    let mut after = input.next_token.as_deref().map(read_token).transpose()?;
    let mut shown: Vec<Image> = Vec::new();
    while shown.len() <= max {
        let images = call.control.registry.images(&call.scope, name, after.as_ref(), max + 1).await;
        let images = images.map_err(|error| failures::of_image(error, &call.scope, name))?;
        let Some(last) = images.last() else { break };
        after = Some(last.digest.clone());
        shown.extend(images.into_iter().filter(|image| filter.shows(image)));
    }
    let more = shown.len() > max;
    shown.truncate(max);
    let next_token = shown.last().filter(|_| more).map(|last| paginate::encode(last.digest.as_str()));
    Ok((shown, next_token))
}

fn read_token(token: &str) -> Result<Digest, ApiError> {
    Digest::parse(paginate::decode(token)?).map_err(|_| ApiError::invalid_token())
}
