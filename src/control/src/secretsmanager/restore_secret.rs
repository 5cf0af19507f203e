//! RestoreSecret (Secrets Manager API reference): takes a deletion back.

use gantry_store::Tx;
use gantry_wire::shapes::secretsmanager::{RestoreSecretRequest, RestoreSecretResponse};

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers RestoreSecret. One that does not wait to be deleted is as it should be.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn restore_secret(call: Call, input: RestoreSecretRequest) -> Result<RestoreSecretResponse, Failure> {
    let id = input.secret_id.unwrap_or_default();
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut stored = resolve::any(tx, &call, &id).await?;
                if stored.secret.deletion.take().is_some() {
                    record::change(tx, &stored).await?;
                }
                Ok(RestoreSecretResponse { arn: Some(stored.secret.arn()), name: Some(stored.secret.name.to_string()) })
            })
        })
        .await
}
