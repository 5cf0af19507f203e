//! CompleteLayerUpload (ECR API reference): the parts become a layer when they have the digest that is said.

use gantry_registry::{LayerError, UploadId};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{CompleteLayerUploadRequest, CompleteLayerUploadResponse};

use super::{failures, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers CompleteLayerUpload.
///
/// # Errors
/// RepositoryNotFoundException, UploadNotFoundException, EmptyUploadException, LayerPartTooSmallException,
/// InvalidLayerException for a digest that differs, LayerAlreadyExistsException, InvalidParameterException.
pub(super) async fn complete_layer_upload(
    call: Call,
    input: CompleteLayerUploadRequest,
) -> Result<CompleteLayerUploadResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let text = resolve::required("uploadId", input.upload_id)?;
    let digests = input.layer_digests.unwrap_or_default();
    let [digest] = digests.as_slice() else {
        return Err(ApiError::constraint("layerDigests", "Member must have length equal to 1").into());
    };
    let digest = resolve::digest("layerDigests", digest)?;
    let registry = &call.control.registry;
    registry.repository(&call.scope, &name).await?;
    let upload = UploadId::parse(text.as_str())
        .map_err(|_| ApiError::upload_not_found(&text, name.as_str(), call.scope.account.as_str()))?;
    let layer = match registry.complete_layer_upload(&call.scope, &name, &upload, digest).await {
        Ok(layer) => layer,
        Err(LayerError::EmptyUpload) => return Err(ApiError::empty_upload(&text).into()),
        Err(error) => return Err(failures::of_layer(error, &call.scope, &name)),
    };
    Ok(CompleteLayerUploadResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(name.to_string()),
        upload_id: Some(text),
        layer_digest: Some(layer.to_string()),
    })
}
