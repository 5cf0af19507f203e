//! RemoveListenerCertificates (Elastic Load Balancing API reference): takes certificates from a listener; the default one is changed by ModifyListener.

use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{RemoveListenerCertificatesInput, RemoveListenerCertificatesOutput};

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers RemoveListenerCertificates.
///
/// # Errors
/// ListenerNotFoundException, OperationNotPermittedException.
pub(super) async fn remove_listener_certificates(
    call: Call,
    input: RemoveListenerCertificatesInput,
) -> Result<RemoveListenerCertificatesOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut changed =
                    resolve::listener(tx, &call, input.listener_arn.as_deref().unwrap_or_default()).await?;
                for certificate in input.certificates.unwrap_or_default() {
                    let arn = certificate.certificate_arn.unwrap_or_default();
                    if changed.certificates.first() == Some(&arn) {
                        let text = format!("Default certificate '{arn}' cannot be removed");
                        return Err(ApiError::operation_not_permitted(text).into());
                    }
                    changed.certificates.retain(|present| *present != arn);
                }
                record::put_listener(tx, &changed).await?;
                Ok(RemoveListenerCertificatesOutput {})
            })
        })
        .await
}
