//! Small settings by name, such as keys that the control plane makes for itself at its first start.

use crate::{Conn, StoreError, Tx};

/// The setting called `name`.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, name: &str) -> Result<Option<String>, StoreError> {
    sqlx::query_scalar("SELECT value FROM setting WHERE name = $1")
        .bind(name)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the setting"))
}

/// The names of the settings that begin with `prefix` and have this value.
///
/// # Errors
/// When the database cannot be read.
pub async fn names_with(conn: &mut Conn, prefix: &str, value: &str) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar(
        "SELECT name FROM setting WHERE name >= $1 AND substr(name, 1, length($1)) = $1 AND value = $2 ORDER BY name",
    )
    .bind(prefix)
    .bind(value)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the settings"))
}

/// Writes the setting, new or changed.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Tx, name: &str, value: &str) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name)
    .bind(value)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the setting"))?;
    Ok(())
}

/// Forgets the setting. Answers nothing when there is none.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Tx, name: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM setting WHERE name = $1")
        .bind(name)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("forget the setting"))?;
    Ok(())
}
