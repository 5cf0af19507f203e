//! RemoveTagsFromCertificate (ACM API reference): takes tags from a certificate; one that is given with a value goes only if it has that.

use gantry_store::{Tx, certificate};
use gantry_wire::shapes::acm::RemoveTagsFromCertificateRequest;

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers RemoveTagsFromCertificate.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn remove_tags_from_certificate(
    call: Call,
    input: RemoveTagsFromCertificateRequest,
) -> Result<(), Failure> {
    let arn = input.certificate_arn.unwrap_or_default();
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut changed = resolve::certificate(tx, &call, &arn).await?;
                for given in input.tags.unwrap_or_default() {
                    let is_meant = |tag: &gantry_model::Tag| {
                        given.key.as_ref() == Some(&tag.key)
                            && given.value.as_ref().is_none_or(|value| *value == tag.value)
                    };
                    changed.tags.retain(|tag| !is_meant(tag));
                }
                Ok(certificate::change(tx, &changed).await?)
            })
        })
        .await
}
