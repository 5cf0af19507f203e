//! Secrets and the versions of their values, which are sealed.

use std::fmt;

use gantry_model::secret::{Secret, arn_prefix};
use gantry_model::{Scope, SecretName, UnixMillis};

use crate::vault::Vault;
use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "secret";

/// A secret with what the store keeps of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSecret {
    pub id: i64,
    pub secret: Secret,
}

/// A value. It does not show in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretValue {
    Text(String),
    Binary(Vec<u8>),
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(hidden)",
            Self::Binary(_) => "Binary(hidden)",
        })
    }
}

/// A version of a secret, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretVersion {
    pub version: String,
    pub created_at: UnixMillis,
}

impl StoredSecret {
    fn of_row((id, text): (i64, String)) -> Result<Self, StoreError> {
        Ok(Self { id, secret: body::decode(WHAT, &text)? })
    }
}

/// The secret called `name`, also when it waits to be deleted.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, scope: &Scope, name: &SecretName) -> Result<Option<StoredSecret>, StoreError> {
    let row = sqlx::query_as("SELECT id, body FROM secret WHERE account = $1 AND region = $2 AND name = $3")
        .bind(scope.account.as_str())
        .bind(scope.region.as_str())
        .bind(name.as_str())
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the secret"))?;
    row.map(StoredSecret::of_row).transpose()
}

/// The secret that `id` names: its name, its ARN, or its ARN without the suffix. Also when it waits to be deleted.
///
/// # Errors
/// When the database cannot be read.
pub async fn find(conn: &mut Conn, scope: &Scope, id: &str) -> Result<Option<StoredSecret>, StoreError> {
    /// The characters that an ARN has behind the name: a hyphen and the suffix.
    const SUFFIX: usize = 7;
    let Some(text) = id.strip_prefix(&arn_prefix(scope)) else {
        // An ARN of elsewhere has colons, which no name has.
        let Ok(name) = SecretName::parse(id) else { return Ok(None) };
        return get(conn, scope, &name).await;
    };
    let named = |stored: &StoredSecret| id == stored.secret.arn() || id == stored.secret.arn_without_suffix();
    let without_suffix = text.len().checked_sub(SUFFIX).and_then(|end| text.get(..end)).unwrap_or_default();
    for name in [without_suffix, text] {
        let Ok(name) = SecretName::parse(name) else { continue };
        if let Some(stored) = get(conn, scope, &name).await?.filter(named) {
            return Ok(Some(stored));
        }
    }
    Ok(None)
}

/// The secrets of `scope`, by name.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(conn: &mut Conn, scope: &Scope) -> Result<Vec<StoredSecret>, StoreError> {
    let rows = sqlx::query_as("SELECT id, body FROM secret WHERE account = $1 AND region = $2 ORDER BY name")
        .bind(scope.account.as_str())
        .bind(scope.region.as_str())
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the secrets"))?;
    rows.into_iter().map(StoredSecret::of_row).collect()
}

/// The secrets whose deletion is due at `now`, at most `limit`.
///
/// # Errors
/// When the database cannot be read.
pub async fn due(conn: &mut Conn, now: UnixMillis, limit: i64) -> Result<Vec<StoredSecret>, StoreError> {
    let rows = sqlx::query_as("SELECT id, body FROM secret WHERE due_at <= $1 ORDER BY due_at LIMIT $2")
        .bind(now.0)
        .bind(limit)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the secrets that are to be deleted"))?;
    rows.into_iter().map(StoredSecret::of_row).collect()
}

/// Writes a new secret. Answers nothing, and writes nothing, when there is one of that name.
///
/// # Errors
/// When the database cannot be written.
pub async fn create(tx: &mut Tx, secret: Secret) -> Result<Option<StoredSecret>, StoreError> {
    let id: Option<i64> = sqlx::query_scalar(
        "INSERT INTO secret (account, region, name, body) VALUES ($1, $2, $3, $4)
         ON CONFLICT (account, region, name) DO NOTHING RETURNING id",
    )
    .bind(secret.scope.account.as_str())
    .bind(secret.scope.region.as_str())
    .bind(secret.name.as_str())
    .bind(body::encode(WHAT, &secret)?)
    .fetch_optional(&mut **tx)
    .await
    .map_err(StoreError::query("write the secret"))?;
    Ok(id.map(|id| StoredSecret { id, secret }))
}

/// Changes a secret.
///
/// # Errors
/// When the database cannot be written.
pub async fn change(tx: &mut Tx, stored: &StoredSecret) -> Result<(), StoreError> {
    sqlx::query("UPDATE secret SET body = $2, due_at = $3 WHERE id = $1")
        .bind(stored.id)
        .bind(body::encode(WHAT, &stored.secret)?)
        .bind(stored.secret.deletion.map(|deletion| deletion.due_at.0))
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("change the secret"))?;
    Ok(())
}

/// Deletes a secret and its values.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM secret WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the secret"))?;
    Ok(())
}

/// Writes a version of a secret. A version is never written twice.
///
/// # Errors
/// When the value cannot be sealed or the database cannot be written.
pub async fn put_version(
    tx: &mut Tx,
    vault: &Vault,
    secret: i64,
    version: &str,
    value: &SecretValue,
) -> Result<(), StoreError> {
    let (is_binary, bytes) = match value {
        SecretValue::Text(text) => (0_i64, text.as_bytes()),
        SecretValue::Binary(bytes) => (1, bytes.as_slice()),
    };
    let sealed = vault.seal(&owner(secret, version), bytes).map_err(StoreError::vault("seal the secret"))?;
    let now = tx.now().0;
    sqlx::query(
        "INSERT INTO secret_version (secret, version, created_at, is_binary, sealed) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(secret)
    .bind(version)
    .bind(now)
    .bind(is_binary)
    .bind(sealed)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the version of the secret"))?;
    Ok(())
}

/// A version of a secret with its value.
///
/// # Errors
/// When the database cannot be read or the value cannot be opened.
pub async fn version(
    conn: &mut Conn,
    vault: &Vault,
    secret: i64,
    version: &str,
) -> Result<Option<(SecretVersion, SecretValue)>, StoreError> {
    let row: Option<(i64, i64, Vec<u8>)> =
        sqlx::query_as("SELECT created_at, is_binary, sealed FROM secret_version WHERE secret = $1 AND version = $2")
            .bind(secret)
            .bind(version)
            .fetch_optional(conn)
            .await
            .map_err(StoreError::query("read the version of the secret"))?;
    let Some((created_at, is_binary, sealed)) = row else { return Ok(None) };
    let bytes = vault.open(&owner(secret, version), &sealed).map_err(StoreError::vault("open the secret"))?;
    let value = match is_binary {
        0 => SecretValue::Text(String::from_utf8(bytes).map_err(|_| StoreError::Damaged { what: WHAT, id: secret })?),
        _ => SecretValue::Binary(bytes),
    };
    Ok(Some((SecretVersion { version: version.to_owned(), created_at: UnixMillis(created_at) }, value)))
}

/// The versions of a secret, the newest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn versions(conn: &mut Conn, secret: i64) -> Result<Vec<SecretVersion>, StoreError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT version, created_at FROM secret_version WHERE secret = $1 ORDER BY created_at DESC, version",
    )
    .bind(secret)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the versions of the secret"))?;
    let version = |(version, at)| SecretVersion { version, created_at: UnixMillis(at) };
    Ok(rows.into_iter().map(version).collect())
}

/// Deletes a version of a secret.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete_version(tx: &mut Tx, secret: i64, version: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM secret_version WHERE secret = $1 AND version = $2")
        .bind(secret)
        .bind(version)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the version of the secret"))?;
    Ok(())
}

/// Seals every value anew that an older root key sealed.
///
/// # Errors
/// When a value cannot be opened or the database cannot be written.
pub(crate) async fn rewrap_all(tx: &mut Tx, vault: &Vault) -> Result<(), StoreError> {
    let rows: Vec<(i64, String, Vec<u8>)> = sqlx::query_as("SELECT secret, version, sealed FROM secret_version")
        .fetch_all(&mut **tx)
        .await
        .map_err(StoreError::query("read the sealed secrets"))?;
    for (secret, version, sealed) in rows {
        let again =
            vault.rewrap(&owner(secret, &version), &sealed).map_err(StoreError::vault("seal the secrets anew"))?;
        let Some(again) = again else { continue };
        sqlx::query("UPDATE secret_version SET sealed = $3 WHERE secret = $1 AND version = $2")
            .bind(secret)
            .bind(version)
            .bind(again)
            .execute(&mut **tx)
            .await
            .map_err(StoreError::query("write the sealed secret"))?;
    }
    Ok(())
}

fn owner(secret: i64, version: &str) -> String {
    format!("secret/{secret}/{version}")
}
