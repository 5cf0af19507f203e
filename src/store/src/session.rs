//! Sessions of the dashboard, by the hash of their id: what a stolen database shows cannot be used as a cookie.

use gantry_model::UnixMillis;

use crate::{Conn, StoreError, Tx};

/// A session as it is kept: what the session layer serialised, and until when it is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    pub data: Vec<u8>,
    pub expires_at: UnixMillis,
}

/// Writes the session, new or changed.
///
/// # Errors
/// When the database cannot be written.
pub async fn save(tx: &mut Tx, id_hash: &str, data: &[u8], expires: UnixMillis) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO session (id_hash, data, expires_at) VALUES ($1, $2, $3)
         ON CONFLICT (id_hash) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at",
    )
    .bind(id_hash)
    .bind(data)
    .bind(expires.0)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the session"))?;
    Ok(())
}

/// The session, unless it has expired by `now`.
///
/// # Errors
/// When the database cannot be read.
pub async fn load(conn: &mut Conn, id_hash: &str, now: UnixMillis) -> Result<Option<SessionRow>, StoreError> {
    let row: Option<(Vec<u8>, i64)> =
        sqlx::query_as("SELECT data, expires_at FROM session WHERE id_hash = $1 AND expires_at > $2")
            .bind(id_hash)
            .bind(now.0)
            .fetch_optional(conn)
            .await
            .map_err(StoreError::query("read the session"))?;
    Ok(row.map(|(data, expires_at)| SessionRow { data, expires_at: UnixMillis(expires_at) }))
}

/// Deletes the session.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Tx, id_hash: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM session WHERE id_hash = $1")
        .bind(id_hash)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the session"))?;
    Ok(())
}

/// Deletes the sessions that have expired by `now`. Answers how many.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete_expired(tx: &mut Tx, now: UnixMillis) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM session WHERE expires_at <= $1")
        .bind(now.0)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete expired sessions"))?;
    Ok(done.rows_affected())
}
