//! StartImageScan (ECR API reference). The scan is done in the background, within seconds.

use gantry_registry::ImageId;
use gantry_wire::shapes::ecr::{StartImageScanRequest, StartImageScanResponse};

use super::{resolve, scanning, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers StartImageScan.
///
/// # Errors
/// RepositoryNotFoundException, ImageNotFoundException; UnsupportedImageTypeException for what is no image of one platform;
/// ImageArchivedException; LimitExceededException within 24 hours of the last one.
pub(super) async fn start_image_scan(
    call: Call,
    input: StartImageScanRequest,
) -> Result<StartImageScanResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let id = resolve::image(input.image_id)?;
    let started = call.control.registry.start_scan(&call.scope, &name, &id).await;
    let (image, scan) = started.map_err(|error| scanning::refused(error, &call, &name))?;
    Ok(StartImageScanResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(name.to_string()),
        image_id: Some(view::image_id(&ImageId { digest: Some(image.digest), tag: id.tag })),
        image_scan_status: Some(scanning::status(&scan)),
    })
}
