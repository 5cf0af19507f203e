//! DescribeCertificate (ACM API reference).

use gantry_model::load_balancing::Certificate;
use gantry_wire::shapes::acm::{CertificateDetail, DescribeCertificateRequest, DescribeCertificateResponse};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeCertificate.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn describe_certificate(
    call: Call,
    input: DescribeCertificateRequest,
) -> Result<DescribeCertificateResponse, Failure> {
    let arn = input.certificate_arn.unwrap_or_default();
    let mut reader = call.control.store.read().await?;
    let found = resolve::certificate(&mut reader, &call, &arn).await?;
    let users = resolve::users(&mut reader, &arn).await?;
    Ok(DescribeCertificateResponse {
        certificate: Some(CertificateDetail {
            certificate_arn: Some(arn),
            domain_name: found.names.first().cloned(),
            subject_alternative_names: Some(found.names.clone()),
            serial: Some(found.serial.clone()),
            subject: Some(found.subject.clone()),
            issuer: Some(found.issuer.clone()),
            created_at: Some(found.created_at.into()),
            imported_at: Some(found.imported_at.into()),
            status: Some(status(&found, call.now).to_owned()),
            not_before: Some(found.not_before.into()),
            not_after: Some(found.not_after.into()),
            key_algorithm: Some(found.key_algorithm.clone()),
            signature_algorithm: Some(found.signature_algorithm.clone()),
            in_use_by: Some(users),
            r#type: Some("IMPORTED".to_owned()),
            renewal_eligibility: Some("INELIGIBLE".to_owned()),
            ..CertificateDetail::default()
        }),
    })
}

/// How a certificate stands at `now`.
pub(super) fn status(certificate: &Certificate, now: gantry_model::UnixMillis) -> &'static str {
    if certificate.not_after <= now { "EXPIRED" } else { "ISSUED" }
}
