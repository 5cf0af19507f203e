//! PutImageScanningConfiguration (ECR API reference): whether images of the repository are scanned when they are pushed.

use gantry_wire::shapes::ecr::{PutImageScanningConfigurationRequest, PutImageScanningConfigurationResponse};

use super::{resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers PutImageScanningConfiguration.
///
/// # Errors
/// RepositoryNotFoundException.
pub(super) async fn put_image_scanning_configuration(
    call: Call,
    input: PutImageScanningConfigurationRequest,
) -> Result<PutImageScanningConfigurationResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let configuration = resolve::required("imageScanningConfiguration", input.image_scanning_configuration)?;
    let scan_on_push = configuration.scan_on_push.unwrap_or(false);
    let changed = call
        .control
        .registry
        .update_repository(&call.scope, &name, move |repository| {
            repository.scan_on_push = scan_on_push;
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(PutImageScanningConfigurationResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(changed.name.to_string()),
        image_scanning_configuration: Some(view::scanning_configuration(&changed)),
    })
}
