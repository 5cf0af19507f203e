//! The settings of registries, by account and region.

use gantry_model::Scope;
use gantry_model::registry_settings::RegistrySettings;

use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "registry's settings";

/// The settings of the registry; the defaults when nothing was set.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, scope: &Scope) -> Result<RegistrySettings, StoreError> {
    let row: Option<String> =
        sqlx::query_scalar("SELECT body FROM registry_settings WHERE account = $1 AND region = $2")
            .bind(scope.account.as_str())
            .bind(scope.region.as_str())
            .fetch_optional(conn)
            .await
            .map_err(StoreError::query("read the registry's settings"))?;
    Ok(body::decode_optional(WHAT, row)?.unwrap_or_default())
}

/// Writes the settings of the registry.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Tx, scope: &Scope, settings: &RegistrySettings) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO registry_settings (account, region, body) VALUES ($1, $2, $3)
         ON CONFLICT (account, region) DO UPDATE SET body = excluded.body",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(body::encode(WHAT, settings)?)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the registry's settings"))?;
    Ok(())
}
