//! PutSecretValue (Secrets Manager API reference): a new version.

use gantry_model::secret::CURRENT;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::secretsmanager::{PutSecretValueRequest, PutSecretValueResponse};

use super::{record, resolve, value};
use crate::context::Call;
use crate::error::Failure;
use crate::secret_rollout;

/// Answers PutSecretValue. To ask again with the same `ClientRequestToken` and value changes nothing.
///
/// # Errors
/// ResourceNotFoundException, ResourceExistsException, InvalidRequestException, InvalidParameterException.
pub(super) async fn put_secret_value(
    call: Call,
    input: PutSecretValueRequest,
) -> Result<PutSecretValueResponse, Failure> {
    if input.rotation_token.is_some() {
        return Err(ApiError::invalid_parameter("RotationToken is not supported: there is one account.").into());
    }
    let given = value::read(input.secret_string, input.secret_binary)?;
    let given = given
        .ok_or_else(|| ApiError::invalid_secret_request("You must provide either SecretString or SecretBinary."))?;
    let version = value::version_id(input.client_request_token)?;
    let id = input.secret_id.unwrap_or_default();
    let stages = input.version_stages.unwrap_or_else(|| vec![CURRENT.to_owned()]);
    let store = call.control.store.clone();
    let vault = store.vault()?;
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut stored = resolve::usable(tx, &call, &id).await?;
                let before = stored.clone();
                value::put(tx, &vault, &mut stored, &version, &given, &stages).await?;
                if stored != before {
                    record::change(tx, &stored).await?;
                    secret_rollout::secret_changed(tx, &before.secret, &stored.secret).await?;
                }
                Ok(PutSecretValueResponse {
                    arn: Some(stored.secret.arn()),
                    name: Some(stored.secret.name.to_string()),
                    version_stages: Some(stored.secret.stages_of(&version).map(str::to_owned).collect()),
                    version_id: Some(version),
                })
            })
        })
        .await
}
