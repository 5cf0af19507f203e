//! GetDownloadUrlForLayer (ECR API reference): an address that needs no credentials, for an hour.

use gantry_wire::shapes::ecr::{GetDownloadUrlForLayerRequest, GetDownloadUrlForLayerResponse};

use super::{failures, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers GetDownloadUrlForLayer, for layers that an image references.
///
/// # Errors
/// RepositoryNotFoundException, LayersNotFoundException, InvalidParameterException.
pub(super) async fn get_download_url_for_layer(
    call: Call,
    input: GetDownloadUrlForLayerRequest,
) -> Result<GetDownloadUrlForLayerResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let digest = resolve::digest("layerDigest", input.layer_digest.as_deref().unwrap_or_default())?;
    let path = call.control.registry.layer_download_path(&call.scope, &name, &digest).await;
    let path = path.map_err(|error| failures::of_layer(error, &call.scope, &name))?;
    Ok(GetDownloadUrlForLayerResponse {
        download_url: Some(format!("{}{path}", call.control.config.endpoint_url)),
        layer_digest: Some(digest.to_string()),
    })
}
