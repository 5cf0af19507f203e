//! AddListenerCertificates (Elastic Load Balancing API reference): further certificates of a listener, which are chosen by the name that clients ask for.

use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{
    AddListenerCertificatesInput, AddListenerCertificatesOutput, Certificate,
};

use super::{listener, record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers AddListenerCertificates.
///
/// # Errors
/// ListenerNotFoundException, CertificateNotFoundException, TooManyCertificatesException, ValidationException.
pub(super) async fn add_listener_certificates(
    call: Call,
    input: AddListenerCertificatesInput,
) -> Result<AddListenerCertificatesOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut changed =
                    resolve::listener(tx, &call, input.listener_arn.as_deref().unwrap_or_default()).await?;
                if !changed.protocol.is_secure() {
                    return Err(ApiError::validation("Only HTTPS and TLS listeners have certificates").into());
                }
                let given = input.certificates.unwrap_or_default();
                for certificate in &given {
                    let arn = certificate.certificate_arn.clone().unwrap_or_default();
                    resolve::certificate(tx, &call, &arn).await?;
                    if !changed.certificates.contains(&arn) {
                        changed.certificates.push(arn);
                    }
                }
                if changed.certificates.len() > listener::MOST_CERTIFICATES {
                    let text = "A listener can have at most 25 certificates";
                    return Err(ApiError::new("TooManyCertificatesException", text).into());
                }
                record::put_listener(tx, &changed).await?;
                let told = |given: Certificate| Certificate { is_default: Some(false), ..given };
                Ok(AddListenerCertificatesOutput { certificates: Some(given.into_iter().map(told).collect()) })
            })
        })
        .await
}
