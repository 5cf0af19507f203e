//! ImportCertificate (ACM API reference): a certificate with its key, which nobody gets to see again. With an ARN it takes the
//! place of one that is there, and listeners serve it at once.

use gantry_model::load_balancing::Certificate;
use gantry_store::{Tx, certificate};
use gantry_wire::ApiError;
use gantry_wire::shapes::acm::{ImportCertificateRequest, ImportCertificateResponse};
use gantry_wire::value::Blob;

use super::{material, resolve};
use crate::context::Call;
use crate::error::Failure;
use crate::ids;

/// Answers ImportCertificate.
///
/// # Errors
/// InvalidParameterException for what does not read or go together, ResourceNotFoundException for an ARN of none,
/// InvalidTagException, TooManyTagsException.
pub(super) async fn import_certificate(
    call: Call,
    input: ImportCertificateRequest,
) -> Result<ImportCertificateResponse, Failure> {
    let pem = text("certificate", input.certificate)?.unwrap_or_default();
    let key = text("private key", input.private_key)?.unwrap_or_default();
    let chain = text("certificate chain", input.certificate_chain)?;
    let facts = material::read(&pem, chain.as_deref(), &key)?;
    let tags = resolve::tags(input.tags)?;
    if input.certificate_arn.is_some() && !tags.is_empty() {
        let text = "Tagging is not permitted on re-import.";
        return Err(ApiError::invalid_parameter(text).into());
    }
    let vault = call.control.store.vault()?;
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let before = match &input.certificate_arn {
                    Some(arn) => Some(resolve::certificate(tx, &call, arn).await?),
                    None => None,
                };
                let mut imported = Certificate {
                    scope: call.scope.clone(),
                    id: before.as_ref().map_or_else(ids::uuid, |before| Ok(before.id.clone()))?,
                    certificate: pem,
                    chain,
                    names: facts.names,
                    subject: facts.subject,
                    issuer: facts.issuer,
                    serial: facts.serial,
                    key_algorithm: facts.key_algorithm,
                    signature_algorithm: facts.signature_algorithm,
                    not_before: facts.not_before,
                    not_after: facts.not_after,
                    created_at: before.as_ref().map_or(call.now, |before| before.created_at),
                    imported_at: call.now,
                    tags: before.map(|before| before.tags).unwrap_or_default(),
                };
                resolve::add_tags(&mut imported, tags)?;
                certificate::put(tx, &vault, &imported, &key).await?;
                let arn = imported.arn();
                for user in resolve::users(tx, &arn).await? {
                    crate::elasticloadbalancing::record::tell_load_balancer(tx, &user);
                }
                Ok(ImportCertificateResponse { certificate_arn: Some(arn) })
            })
        })
        .await
}

fn text(what: &str, given: Option<Blob>) -> Result<Option<String>, ApiError> {
    let read = |blob: Blob| {
        String::from_utf8(blob.0).map_err(|_| ApiError::invalid_parameter(format!("The {what} is not in PEM.")))
    };
    given.map(read).transpose()
}
