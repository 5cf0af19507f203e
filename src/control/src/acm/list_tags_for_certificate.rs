//! ListTagsForCertificate (ACM API reference).

use gantry_wire::shapes::acm::{ListTagsForCertificateRequest, ListTagsForCertificateResponse, Tag};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers ListTagsForCertificate.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn list_tags_for_certificate(
    call: Call,
    input: ListTagsForCertificateRequest,
) -> Result<ListTagsForCertificateResponse, Failure> {
    let arn = input.certificate_arn.unwrap_or_default();
    let found = resolve::certificate(&mut *call.control.store.read().await?, &call, &arn).await?;
    let tag = |tag: gantry_model::Tag| Tag { key: Some(tag.key), value: Some(tag.value) };
    Ok(ListTagsForCertificateResponse { tags: Some(found.tags.into_iter().map(tag).collect()) })
}
