//! DeleteCertificate (ACM API reference).

use gantry_store::{Tx, certificate};
use gantry_wire::ApiError;
use gantry_wire::shapes::acm::DeleteCertificateRequest;

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteCertificate.
///
/// # Errors
/// ResourceNotFoundException, ResourceInUseException when a listener has it.
pub(super) async fn delete_certificate(call: Call, input: DeleteCertificateRequest) -> Result<(), Failure> {
    let arn = input.certificate_arn.unwrap_or_default();
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                resolve::certificate(tx, &call, &arn).await?;
                if !resolve::users(tx, &arn).await?.is_empty() {
                    let text = format!("Certificate {arn} in account {} is in use.", call.scope.account);
                    return Err(ApiError::new("ResourceInUseException", text).into());
                }
                Ok(certificate::delete(tx, &arn).await?)
            })
        })
        .await
}
