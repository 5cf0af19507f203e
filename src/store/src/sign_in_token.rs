//! One-time sign-in tokens. Only their hash is kept; redeeming deletes it.

use gantry_model::UnixMillis;

use crate::{StoreError, Tx};

/// Remembers the hash of a token that may be redeemed once before `expires`.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Tx, token_hash: &str, expires: UnixMillis) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO sign_in_token (token_hash, expires_at) VALUES ($1, $2)
         ON CONFLICT (token_hash) DO UPDATE SET expires_at = excluded.expires_at",
    )
    .bind(token_hash)
    .bind(expires.0)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the sign-in token"))?;
    Ok(())
}

/// Uses the token up. Answers whether it was there and had not expired; expired tokens go with it.
///
/// # Errors
/// When the database cannot be written.
pub async fn redeem(tx: &mut Tx, token_hash: &str, now: UnixMillis) -> Result<bool, StoreError> {
    sqlx::query("DELETE FROM sign_in_token WHERE expires_at <= $1")
        .bind(now.0)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("forget expired sign-in tokens"))?;
    let done = sqlx::query("DELETE FROM sign_in_token WHERE token_hash = $1")
        .bind(token_hash)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("redeem the sign-in token"))?;
    Ok(done.rows_affected() == 1)
}
