//! The value of a request, and how it becomes a version of a secret.

use gantry_model::secret::{CURRENT, UNSTAGED_KEPT};
use gantry_store::Tx;
use gantry_store::secret::{self, SecretValue, StoredSecret};
use gantry_store::vault::Vault;
use gantry_wire::ApiError;
use gantry_wire::value::Blob;

use crate::error::Failure;
use crate::ids;

/// The most bytes of a value.
const LONGEST: usize = 65_536;

/// The value of a request that may have one.
///
/// # Errors
/// InvalidParameterException.
pub(super) fn read(text: Option<String>, binary: Option<Blob>) -> Result<Option<SecretValue>, ApiError> {
    let value = match (text, binary) {
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid_parameter(
                "You can't specify both a binary secret value and a string secret value in the same secret.",
            ));
        }
        (Some(text), None) => SecretValue::Text(text),
        (None, Some(Blob(bytes))) => SecretValue::Binary(bytes),
        (None, None) => return Ok(None),
    };
    let length = match &value {
        SecretValue::Text(text) => text.len(),
        SecretValue::Binary(bytes) => bytes.len(),
    };
    if length > LONGEST {
        return Err(ApiError::invalid_parameter(format!(
            "A secret value has at most {LONGEST} bytes, this one {length}."
        )));
    }
    Ok(Some(value))
}

/// The id of the version that a request makes: the client's, which makes it safe to ask again, or a new one.
///
/// # Errors
/// ServerException.
pub(super) fn version_id(token: Option<String>) -> Result<String, ApiError> {
    token.map_or_else(ids::uuid, Ok)
}

/// Makes `value` a version of the secret, with these stages. To ask for the same again changes nothing.
///
/// # Errors
/// ResourceExistsException when the version is there with another value.
pub(super) async fn put(
    tx: &mut Tx,
    vault: &Vault,
    stored: &mut StoredSecret,
    version: &str,
    value: &SecretValue,
    stages: &[String],
) -> Result<(), Failure> {
    if let Some((_, present)) = secret::version(tx, vault, stored.id, version).await? {
        return match present == *value {
            true => Ok(()),
            false => Err(ApiError::secret_version_already_exists(version, &stored.secret.arn()).into()),
        };
    }
    secret::put_version(tx, vault, stored.id, version, value).await?;
    stored.secret.stage(version, stages);
    stored.secret.changed_at = tx.now();
    prune(tx, stored).await
}

/// As [`put`], for the value that is meant from now on.
///
/// # Errors
/// As [`put`].
pub(super) async fn put_current(
    tx: &mut Tx,
    vault: &Vault,
    stored: &mut StoredSecret,
    version: &str,
    value: &SecretValue,
) -> Result<(), Failure> {
    put(tx, vault, stored, version, value, &[CURRENT.to_owned()]).await
}

/// Forgets the oldest versions that no stage means.
async fn prune(tx: &mut Tx, stored: &StoredSecret) -> Result<(), Failure> {
    let versions = secret::versions(tx, stored.id).await?;
    let unstaged = versions.iter().filter(|v| stored.secret.stages_of(&v.version).next().is_none());
    for old in unstaged.skip(UNSTAGED_KEPT) {
        secret::delete_version(tx, stored.id, &old.version).await?;
    }
    Ok(())
}
