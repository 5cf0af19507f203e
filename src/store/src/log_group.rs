//! Log groups.

use gantry_model::logs::LogGroup;
use gantry_model::{LogGroupName, Scope};

use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "log group";

/// A group with what the store keeps of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredGroup {
    /// What its streams and lines refer to; a group that is made again under its name gets another.
    pub id: i64,
    pub group: LogGroup,
    /// Bytes of the lines that are kept, as they arrived.
    pub stored_bytes: i64,
}

impl StoredGroup {
    fn of_row((id, stored_bytes, text): (i64, i64, String)) -> Result<Self, StoreError> {
        Ok(Self { id, stored_bytes, group: body::decode(WHAT, &text)? })
    }
}

/// The group.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, scope: &Scope, name: &LogGroupName) -> Result<Option<StoredGroup>, StoreError> {
    let row =
        sqlx::query_as("SELECT id, stored_bytes, body FROM log_group WHERE account = $1 AND region = $2 AND name = $3")
            .bind(scope.account.as_str())
            .bind(scope.region.as_str())
            .bind(name.as_str())
            .fetch_optional(conn)
            .await
            .map_err(StoreError::query("read the log group"))?;
    row.map(StoredGroup::of_row).transpose()
}

/// The groups of `scope` after the name `after`, by name, at most `limit`.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(conn: &mut Conn, scope: &Scope, after: &str, limit: i64) -> Result<Vec<StoredGroup>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT id, stored_bytes, body FROM log_group
         WHERE account = $1 AND region = $2 AND name > $3 ORDER BY name LIMIT $4",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the log groups"))?;
    rows.into_iter().map(StoredGroup::of_row).collect()
}

/// Every group of every account and region.
///
/// # Errors
/// When the database cannot be read.
pub async fn all(conn: &mut Conn) -> Result<Vec<StoredGroup>, StoreError> {
    let rows = sqlx::query_as("SELECT id, stored_bytes, body FROM log_group ORDER BY id")
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list all log groups"))?;
    rows.into_iter().map(StoredGroup::of_row).collect()
}

/// Writes a new group. Answers false, and writes nothing, when there is one of that name.
///
/// # Errors
/// When the database cannot be written.
pub async fn create(tx: &mut Tx, group: &LogGroup) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO log_group (account, region, name, stored_bytes, body) VALUES ($1, $2, $3, 0, $4)
         ON CONFLICT (account, region, name) DO NOTHING",
    )
    .bind(group.scope.account.as_str())
    .bind(group.scope.region.as_str())
    .bind(group.name.as_str())
    .bind(body::encode(WHAT, group)?)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the log group"))?;
    Ok(done.rows_affected() == 1)
}

/// Changes a group.
///
/// # Errors
/// When the database cannot be written.
pub async fn change(tx: &mut Tx, group: &StoredGroup) -> Result<(), StoreError> {
    sqlx::query("UPDATE log_group SET body = $2 WHERE id = $1")
        .bind(group.id)
        .bind(body::encode(WHAT, &group.group)?)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("change the log group"))?;
    Ok(())
}

/// Deletes a group with its streams. Its lines can no longer be read and are swept later
/// ([`crate::log_chunk::sweep`]).
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO log_stream_gone (id) SELECT id FROM log_stream WHERE log_group = $1")
        .bind(id)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("note the streams of the log group"))?;
    sqlx::query("DELETE FROM log_group WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the log group"))?;
    Ok(())
}
