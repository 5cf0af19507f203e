//! Notifications: what is still to be told to those who asked to be told, written with the rows that it tells of.

use serde_json::Value;

use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "notification";

/// A notification with its number.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    pub id: i64,
    pub body: Value,
}

/// Adds a notification. It is committed with the rows of this write or not at all.
///
/// # Errors
/// When the database cannot be written.
pub async fn append(tx: &mut Tx, notification: &Value) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO notification (body) VALUES ($1)")
        .bind(body::encode(WHAT, notification)?)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("write the notification"))?;
    Ok(())
}

/// At most `limit` notifications after number `id`, the oldest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn after(conn: &mut Conn, id: i64, limit: i64) -> Result<Vec<Notification>, StoreError> {
    let rows: Vec<(i64, String)> =
        sqlx::query_as("SELECT id, body FROM notification WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(id)
            .bind(limit)
            .fetch_all(conn)
            .await
            .map_err(StoreError::query("read the notifications"))?;
    rows.into_iter().map(|(id, row)| Ok(Notification { id, body: body::decode(WHAT, &row)? })).collect()
}

/// The number of the newest notification that is kept; 0 when there is none.
///
/// # Errors
/// When the database cannot be read.
pub async fn newest(conn: &mut Conn) -> Result<i64, StoreError> {
    let newest: Option<i64> = sqlx::query_scalar("SELECT MAX(id) FROM notification")
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("read the newest notification"))?;
    Ok(newest.unwrap_or(0))
}

/// Forgets the notifications up to number `id`, and all but the newest `keep`.
///
/// # Errors
/// When the database cannot be written.
pub async fn forget(tx: &mut Tx, id: i64, keep: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM notification WHERE id <= $1 OR id <= (SELECT MAX(id) FROM notification) - $2")
        .bind(id)
        .bind(keep)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("forget notifications"))?;
    Ok(())
}
