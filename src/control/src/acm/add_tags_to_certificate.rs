//! AddTagsToCertificate (ACM API reference): puts tags on a certificate.

use gantry_store::{Tx, certificate};
use gantry_wire::shapes::acm::AddTagsToCertificateRequest;

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers AddTagsToCertificate.
///
/// # Errors
/// ResourceNotFoundException, InvalidTagException, TooManyTagsException.
pub(super) async fn add_tags_to_certificate(call: Call, input: AddTagsToCertificateRequest) -> Result<(), Failure> {
    let arn = input.certificate_arn.unwrap_or_default();
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut changed = resolve::certificate(tx, &call, &arn).await?;
                resolve::add_tags(&mut changed, resolve::tags(input.tags)?)?;
                Ok(certificate::change(tx, &changed).await?)
            })
        })
        .await
}
