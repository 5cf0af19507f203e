//! Tokens with which a host joins, once. Only their hash is kept; redeeming deletes it.

use gantry_model::{ClusterName, UnixMillis};

use crate::{StoreError, Tx};

/// Remembers the hash of a token with which one host may join `cluster` before `expires`.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Tx, token_hash: &str, cluster: &ClusterName, expires: UnixMillis) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO join_token (token_hash, cluster, expires_at) VALUES ($1, $2, $3)")
        .bind(token_hash)
        .bind(cluster.as_str())
        .bind(expires.0)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("write the join token"))?;
    Ok(())
}

/// Uses the token up. Answers the cluster that it lets in to, when it was there and had not expired; expired tokens go
/// with it.
///
/// # Errors
/// When the database cannot be written.
pub async fn redeem(tx: &mut Tx, token_hash: &str, now: UnixMillis) -> Result<Option<ClusterName>, StoreError> {
    sqlx::query("DELETE FROM join_token WHERE expires_at <= $1")
        .bind(now.0)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("forget expired join tokens"))?;
    let cluster: Option<String> = sqlx::query_scalar("DELETE FROM join_token WHERE token_hash = $1 RETURNING cluster")
        .bind(token_hash)
        .fetch_optional(&mut **tx)
        .await
        .map_err(StoreError::query("redeem the join token"))?;
    // What is stored was a name when it was stored.
    Ok(cluster.and_then(|name| ClusterName::parse(name).ok()))
}
