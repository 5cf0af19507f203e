//! GetCertificate (ACM API reference): the certificate and its chain; never the key.

use gantry_wire::shapes::acm::{GetCertificateRequest, GetCertificateResponse};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers GetCertificate.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn get_certificate(
    call: Call,
    input: GetCertificateRequest,
) -> Result<GetCertificateResponse, Failure> {
    let arn = input.certificate_arn.unwrap_or_default();
    let found = resolve::certificate(&mut *call.control.store.read().await?, &call, &arn).await?;
    Ok(GetCertificateResponse { certificate: Some(found.certificate), certificate_chain: found.chain })
}
