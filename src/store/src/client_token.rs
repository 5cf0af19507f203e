//! Client tokens: a request that is repeated with its token answers what it answered the first time.

use gantry_model::{Scope, UnixMillis};

use crate::{Conn, StoreError, Tx};

/// The hash of the parameters that `operation` was first called with under `token`, and its result: ARNs as a JSON list.
/// A token stays known until it is [expired](delete_expired).
///
/// # Errors
/// When the database cannot be read.
pub async fn get(
    conn: &mut Conn,
    scope: &Scope,
    operation: &str,
    token: &str,
) -> Result<Option<(String, String)>, StoreError> {
    sqlx::query_as(
        "SELECT parameters_hash, result FROM client_token
         WHERE account = $1 AND region = $2 AND operation = $3 AND token = $4",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(operation)
    .bind(token)
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("look up the client token"))
}

/// Remembers what `operation` answered under `token` until `expires`, and forgets tokens that have expired.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(
    tx: &mut Tx,
    scope: &Scope,
    operation: &str,
    token: &str,
    parameters_hash: &str,
    result: &str,
    expires: UnixMillis,
) -> Result<(), StoreError> {
    delete_expired(tx).await?;
    sqlx::query(
        "INSERT INTO client_token (account, region, operation, token, parameters_hash, result, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (account, region, operation, token) DO UPDATE SET
           parameters_hash = excluded.parameters_hash, result = excluded.result, expires_at = excluded.expires_at",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(operation)
    .bind(token)
    .bind(parameters_hash)
    .bind(result)
    .bind(expires.0)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("remember the client token"))?;
    Ok(())
}

/// Forgets the tokens that have expired.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete_expired(tx: &mut Tx) -> Result<(), StoreError> {
    let now = tx.now().0;
    sqlx::query("DELETE FROM client_token WHERE expires_at <= $1")
        .bind(now)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("forget expired client tokens"))?;
    Ok(())
}
