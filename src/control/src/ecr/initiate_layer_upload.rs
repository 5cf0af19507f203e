//! InitiateLayerUpload (ECR API reference).

use gantry_registry::PART_SIZE;
use gantry_wire::shapes::ecr::{InitiateLayerUploadRequest, InitiateLayerUploadResponse};

use super::{failures, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers InitiateLayerUpload with the upload's id and the size that its parts should have.
///
/// # Errors
/// RepositoryNotFoundException.
pub(super) async fn initiate_layer_upload(
    call: Call,
    input: InitiateLayerUploadRequest,
) -> Result<InitiateLayerUploadResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let upload = call.control.registry.initiate_layer_upload(&call.scope, &name).await;
    let upload = upload.map_err(|error| failures::of_layer(error, &call.scope, &name))?;
    Ok(InitiateLayerUploadResponse {
        upload_id: Some(upload.as_str().to_owned()),
        part_size: i64::try_from(PART_SIZE).ok(),
    })
}
