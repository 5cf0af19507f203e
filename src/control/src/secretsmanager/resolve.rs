//! What a `SecretId` names: a secret, by its name or ARN.

use gantry_model::SecretName;
use gantry_store::Conn;
use gantry_store::secret::{self, StoredSecret};
use gantry_wire::ApiError;

use crate::context::Call;
use crate::error::Failure;

/// The name of a secret that is to be made.
pub(super) fn name(text: &str) -> Result<SecretName, ApiError> {
    SecretName::parse(text).map_err(|_| {
        ApiError::invalid_parameter(
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@",
        )
    })
}

/// The secret, also one that waits to be deleted.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn any(conn: &mut Conn, call: &Call, id: &str) -> Result<StoredSecret, Failure> {
    secret::find(conn, &call.scope, id).await?.ok_or_else(|| ApiError::secret_not_found().into())
}

/// The secret, when it does not wait to be deleted.
///
/// # Errors
/// ResourceNotFoundException, InvalidRequestException.
pub(super) async fn usable(conn: &mut Conn, call: &Call, id: &str) -> Result<StoredSecret, Failure> {
    let stored = any(conn, call, id).await?;
    match stored.secret.deletion {
        None => Ok(stored),
        Some(_) => Err(ApiError::secret_deletion_planned().into()),
    }
}
