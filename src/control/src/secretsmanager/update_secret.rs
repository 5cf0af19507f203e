//! UpdateSecret (Secrets Manager API reference): its description, its value.

use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::secretsmanager::{UpdateSecretRequest, UpdateSecretResponse};

use super::{record, resolve, value};
use crate::context::Call;
use crate::error::Failure;
use crate::secret_rollout;

/// Answers UpdateSecret.
///
/// # Errors
/// ResourceNotFoundException, ResourceExistsException, InvalidRequestException, InvalidParameterException, also for keys and
/// types, which are not built.
pub(super) async fn update_secret(call: Call, input: UpdateSecretRequest) -> Result<UpdateSecretResponse, Failure> {
    if input.kms_key_id.is_some() {
        let text = "KmsKeyId is not supported: secrets are encrypted with the server's key.";
        return Err(ApiError::invalid_parameter(text).into());
    }
    if input.r#type.is_some() {
        let text = "Type is not supported: there are no partners that manage secrets.";
        return Err(ApiError::invalid_parameter(text).into());
    }
    let given = value::read(input.secret_string, input.secret_binary)?;
    let version = value::version_id(input.client_request_token)?;
    let (id, description) = (input.secret_id.unwrap_or_default(), input.description);
    let store = call.control.store.clone();
    let vault = store.vault()?;
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut stored = resolve::usable(tx, &call, &id).await?;
                let before = stored.clone();
                if let Some(text) = description {
                    stored.secret.description = Some(text).filter(|text| !text.is_empty());
                    stored.secret.changed_at = tx.now();
                }
                if let Some(value) = &given {
                    value::put_current(tx, &vault, &mut stored, &version, value).await?;
                }
                if stored != before {
                    record::change(tx, &stored).await?;
                    secret_rollout::secret_changed(tx, &before.secret, &stored.secret).await?;
                }
                Ok(UpdateSecretResponse {
                    arn: Some(stored.secret.arn()),
                    name: Some(stored.secret.name.to_string()),
                    version_id: given.is_some().then_some(version),
                })
            })
        })
        .await
}
