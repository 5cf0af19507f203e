//! DeleteSecret (Secrets Manager API reference): after a time in which it can be taken back, or at once.

use gantry_model::UnixMillis;
use gantry_model::secret::Deletion;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::secretsmanager::{DeleteSecretRequest, DeleteSecretResponse};

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

const DAY_S: i64 = 24 * 60 * 60;
const DEFAULT_WINDOW_DAYS: i64 = 30;

/// Answers DeleteSecret.
///
/// # Errors
/// ResourceNotFoundException, InvalidRequestException for one that waits already, InvalidParameterException.
pub(super) async fn delete_secret(call: Call, input: DeleteSecretRequest) -> Result<DeleteSecretResponse, Failure> {
    let at_once = input.force_delete_without_recovery == Some(true);
    let days = window(at_once, input.recovery_window_in_days)?;
    let id = input.secret_id.unwrap_or_default();
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                if at_once {
                    return delete_now(tx, &call, &id).await;
                }
                let mut stored = resolve::usable(tx, &call, &id).await?;
                let due_at = call.now.plus_seconds(days * DAY_S);
                stored.secret.deletion = Some(Deletion { asked_at: call.now, due_at });
                record::change(tx, &stored).await?;
                Ok(answer(stored.secret.arn(), stored.secret.name.to_string(), due_at))
            })
        })
        .await
}

fn window(at_once: bool, days: Option<i64>) -> Result<i64, ApiError> {
    match days {
        Some(_) if at_once => Err(ApiError::invalid_parameter(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        )),
        Some(days) if !(7..=30).contains(&days) => Err(ApiError::invalid_parameter(
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        )),
        days => Ok(days.unwrap_or(DEFAULT_WINDOW_DAYS)),
    }
}

/// Deletes a secret without a way back; one that is not there is deleted.
async fn delete_now(tx: &mut Tx, call: &Call, id: &str) -> Result<DeleteSecretResponse, Failure> {
    match resolve::any(tx, call, id).await {
        Ok(stored) => {
            record::delete(tx, &stored).await?;
            Ok(answer(stored.secret.arn(), stored.secret.name.to_string(), call.now))
        }
        Err(Failure::Api(_)) => Ok(answer(id.to_owned(), id.to_owned(), call.now)),
        Err(failure) => Err(failure),
    }
}

fn answer(arn: String, name: String, at: UnixMillis) -> DeleteSecretResponse {
    DeleteSecretResponse { arn: Some(arn), name: Some(name), deletion_date: Some(at.into()) }
}
