//! UploadLayerPart (ECR API reference): parts come one after the other, each where the one before ended.

use bytes::Bytes;
use gantry_registry::UploadId;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{UploadLayerPartRequest, UploadLayerPartResponse};

use super::{failures, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers UploadLayerPart with the last byte that has arrived.
///
/// # Errors
/// RepositoryNotFoundException, UploadNotFoundException, InvalidLayerPartException for a part that does not follow or is
/// not as long as it says, InvalidParameterException.
pub(super) async fn upload_layer_part(
    call: Call,
    input: UploadLayerPartRequest,
) -> Result<UploadLayerPartResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let text = resolve::required("uploadId", input.upload_id)?;
    let range = (byte("partFirstByte", input.part_first_byte)?, byte("partLastByte", input.part_last_byte)?);
    let part = Bytes::from(resolve::required("layerPartBlob", input.layer_part_blob)?.0);
    let registry = &call.control.registry;
    registry.repository(&call.scope, &name).await?;
    let upload = UploadId::parse(text.as_str())
        .map_err(|_| ApiError::upload_not_found(&text, name.as_str(), call.scope.account.as_str()))?;
    let received = registry.upload_layer_part(&call.scope, &name, &upload, range, part).await;
    let received = received.map_err(|error| failures::of_layer(error, &call.scope, &name))?;
    Ok(UploadLayerPartResponse {
        registry_id: view::registry_id(&call),
        repository_name: Some(name.to_string()),
        upload_id: Some(text),
        last_byte_received: i64::try_from(received).ok(),
    })
}

fn byte(member: &str, position: Option<i64>) -> Result<u64, ApiError> {
    let position = resolve::required(member, position)?;
    u64::try_from(position)
        .map_err(|_| ApiError::constraint(member, "Member must have value greater than or equal to 0"))
}
