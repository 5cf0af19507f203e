//! BatchCheckLayerAvailability (ECR API reference): which layers need not be pushed.

use gantry_model::Digest;
use gantry_registry::Layer as Found;
use gantry_wire::shapes::ecr::{
    BatchCheckLayerAvailabilityRequest, BatchCheckLayerAvailabilityResponse, Layer, LayerFailure,
};

use super::{failures, resolve};
use crate::context::Call;
use crate::error::Failure;

/// What a layer is when no manifest says otherwise.
const MEDIA_TYPE: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// Answers BatchCheckLayerAvailability: a layer or a failure for each digest.
///
/// # Errors
/// RepositoryNotFoundException, InvalidParameterException.
pub(super) async fn batch_check_layer_availability(
    call: Call,
    input: BatchCheckLayerAvailabilityRequest,
) -> Result<BatchCheckLayerAvailabilityResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let (mut digests, mut failed) = (Vec::new(), Vec::new());
    for text in input.layer_digests.unwrap_or_default() {
        match Digest::parse(text.as_str()) {
            Ok(digest) => digests.push(digest),
            Err(_) => failed.push(failure(text)),
        }
    }
    let layers = call.control.registry.check_layers(&call.scope, &name, &digests).await;
    let layers = layers.map_err(|error| failures::of_layer(error, &call.scope, &name))?;
    Ok(BatchCheckLayerAvailabilityResponse { layers: Some(layers.iter().map(layer).collect()), failures: Some(failed) })
}

fn layer(found: &Found) -> Layer {
    let availability = if found.size.is_some() { "AVAILABLE" } else { "UNAVAILABLE" };
    Layer {
        layer_digest: Some(found.digest.to_string()),
        layer_availability: Some(availability.to_owned()),
        layer_size: found.size,
        media_type: found.size.map(|_| MEDIA_TYPE.to_owned()),
    }
}

/// An empty digest is a missing one.
fn failure(text: String) -> LayerFailure {
    let (code, reason) = if text.is_empty() {
        ("MissingLayerDigest", "Invalid request parameters: layer digest cannot be empty")
    } else {
        (
            "InvalidLayerDigest",
            "Invalid request parameters: layer digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        )
    };
    LayerFailure {
        layer_digest: Some(text),
        failure_code: Some(code.to_owned()),
        failure_reason: Some(reason.to_owned()),
    }
}
