//! `/v2/<name>/_gantry/sbom/<reference>`: what is in an image, as a bill of materials (OCI Distribution 1.1, "Extensions", for
//! the form of the path).

use axum::body::Body;
use gantry_model::{RepositoryName, UnixMillis};
use gantry_scanner::{SbomFormat, Subject, sbom};
use gantry_store::image::Reference;
use gantry_wire::Timestamp;
use http::{Method, StatusCode};

use super::error::OciError;
use super::{Answer, Call, build, method_not_allowed};
use crate::image::ImageId;

/// Answers in the format of `?format=`: `cyclonedx`, which is the default, or `spdx`.
pub(super) async fn document(call: &Call, name: &RepositoryName, reference: &Reference) -> Answer {
    if !matches!(call.method, Method::GET | Method::HEAD) {
        return Err(method_not_allowed("GET, HEAD"));
    }
    call.authorise("ecr:BatchGetImage", Some(name))?;
    let format = SbomFormat::parse(call.query.get("format").unwrap_or("cyclonedx"));
    let format = format.ok_or_else(|| OciError::bad_request("UNSUPPORTED", "format must be cyclonedx or spdx"))?;
    let id = ImageId { digest: reference.digest().cloned(), tag: reference.tag().cloned() };
    let (digest, inventory) = call.registry.inventory_of(&call.scope, name, &id).await?;
    // SPDX knows no fractions of a second.
    let now = UnixMillis(call.registry.now().0 / 1000 * 1000);
    let created = Timestamp::from(now).to_rfc3339();
    let subject = Subject { repository: name.as_str(), digest: digest.as_str(), created: &created };
    let bytes = serde_json::to_vec(&sbom(format, subject, &inventory))
        .map_err(|error| OciError::internal("write the bill of materials", &error))?;
    let length = bytes.len().to_string();
    let headers = [
        ("content-type", format.media_type()),
        ("content-length", length.as_str()),
        ("docker-content-digest", digest.as_str()),
    ];
    let body = if call.method == Method::HEAD { Body::empty() } else { Body::from(bytes) };
    build(StatusCode::OK, &headers, body)
}
