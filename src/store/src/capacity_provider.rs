//! Capacity providers, by account, region and name.

use gantry_model::Scope;
use gantry_model::capacity_provider::CapacityProvider;

use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "capacity provider";

/// The provider called `name`.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Option<CapacityProvider>, StoreError> {
    let row: Option<String> =
        sqlx::query_scalar("SELECT body FROM capacity_provider WHERE account = $1 AND region = $2 AND name = $3")
            .bind(scope.account.as_str())
            .bind(scope.region.as_str())
            .bind(name)
            .fetch_optional(conn)
            .await
            .map_err(StoreError::query("read the capacity provider"))?;
    body::decode_optional(WHAT, row)
}

/// The providers of `scope`, by name.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(conn: &mut Conn, scope: &Scope) -> Result<Vec<CapacityProvider>, StoreError> {
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT body FROM capacity_provider WHERE account = $1 AND region = $2 ORDER BY name")
            .bind(scope.account.as_str())
            .bind(scope.region.as_str())
            .fetch_all(conn)
            .await
            .map_err(StoreError::query("list the capacity providers"))?;
    body::decode_all(WHAT, &rows)
}

/// Writes the provider, new or changed.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Tx, provider: &CapacityProvider) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO capacity_provider (account, region, name, body) VALUES ($1, $2, $3, $4)
         ON CONFLICT (account, region, name) DO UPDATE SET body = excluded.body",
    )
    .bind(provider.scope.account.as_str())
    .bind(provider.scope.region.as_str())
    .bind(provider.name.as_str())
    .bind(body::encode(WHAT, provider)?)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the capacity provider"))?;
    Ok(())
}

/// Forgets the provider.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Tx, scope: &Scope, name: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM capacity_provider WHERE account = $1 AND region = $2 AND name = $3")
        .bind(scope.account.as_str())
        .bind(scope.region.as_str())
        .bind(name)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the capacity provider"))?;
    Ok(())
}
