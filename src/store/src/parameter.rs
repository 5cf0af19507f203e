//! Parameters and their versions, whose values are sealed whatever their type.

use gantry_model::parameter::{Parameter, ParameterVersion};
use gantry_model::{ParameterName, Scope};

use crate::vault::Vault;
use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "parameter";
const VERSION: &str = "version of the parameter";

/// A parameter with its newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredParameter {
    pub id: i64,
    pub parameter: Parameter,
    pub newest: ParameterVersion,
}

impl StoredParameter {
    fn of_row((id, parameter, newest): (i64, String, String)) -> Result<Self, StoreError> {
        Ok(Self { id, parameter: body::decode(WHAT, &parameter)?, newest: body::decode(VERSION, &newest)? })
    }
}

/// The parameter called `name`.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, scope: &Scope, name: &ParameterName) -> Result<Option<StoredParameter>, StoreError> {
    let row = sqlx::query_as(
        "SELECT p.id, p.body, v.body FROM parameter p JOIN parameter_version v ON v.parameter = p.id AND v.version = p.version
         WHERE p.account = $1 AND p.region = $2 AND p.name = $3",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(name.as_str())
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("read the parameter"))?;
    row.map(StoredParameter::of_row).transpose()
}

/// The parameters of `scope` whose names begin with `prefix` and come after `after`, by name, at most `limit`.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    prefix: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<StoredParameter>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT p.id, p.body, v.body FROM parameter p JOIN parameter_version v ON v.parameter = p.id AND v.version = p.version
         WHERE p.account = $1 AND p.region = $2 AND p.name >= $3 AND p.name > $4 AND substr(p.name, 1, length($3)) = $3
         ORDER BY p.name LIMIT $5",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(prefix)
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the parameters"))?;
    rows.into_iter().map(StoredParameter::of_row).collect()
}

/// Writes a new parameter with its first version.
///
/// # Errors
/// When the value cannot be sealed or the database cannot be written; also when there is one of that name.
pub async fn create(
    tx: &mut Tx,
    vault: &Vault,
    parameter: &Parameter,
    first: &ParameterVersion,
    value: &str,
) -> Result<(), StoreError> {
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO parameter (account, region, name, version, body) VALUES ($1, $2, $3, $4, $5) RETURNING id",
    )
    .bind(parameter.scope.account.as_str())
    .bind(parameter.scope.region.as_str())
    .bind(parameter.name.as_str())
    .bind(first.version)
    .bind(body::encode(WHAT, parameter)?)
    .fetch_one(&mut **tx)
    .await
    .map_err(StoreError::query("write the parameter"))?;
    put_version(tx, vault, id, first, value).await
}

/// Writes the next version of a parameter, which is then the newest.
///
/// # Errors
/// When the value cannot be sealed or the database cannot be written.
pub async fn add_version(
    tx: &mut Tx,
    vault: &Vault,
    parameter: i64,
    version: &ParameterVersion,
    value: &str,
) -> Result<(), StoreError> {
    put_version(tx, vault, parameter, version, value).await?;
    sqlx::query("UPDATE parameter SET version = $2 WHERE id = $1")
        .bind(parameter)
        .bind(version.version)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("change the parameter"))?;
    Ok(())
}

async fn put_version(
    tx: &mut Tx,
    vault: &Vault,
    parameter: i64,
    version: &ParameterVersion,
    value: &str,
) -> Result<(), StoreError> {
    let sealed = vault
        .seal(&owner(parameter, version.version), value.as_bytes())
        .map_err(StoreError::vault("seal the parameter"))?;
    sqlx::query("INSERT INTO parameter_version (parameter, version, body, sealed) VALUES ($1, $2, $3, $4)")
        .bind(parameter)
        .bind(version.version)
        .bind(body::encode(VERSION, version)?)
        .bind(sealed)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("write the version of the parameter"))?;
    Ok(())
}

/// Changes what holds for all versions of a parameter: its tags.
///
/// # Errors
/// When the database cannot be written.
pub async fn change(tx: &mut Tx, stored: &StoredParameter) -> Result<(), StoreError> {
    sqlx::query("UPDATE parameter SET body = $2 WHERE id = $1")
        .bind(stored.id)
        .bind(body::encode(WHAT, &stored.parameter)?)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("change the parameter"))?;
    Ok(())
}

/// Changes what is kept beside the value of a version: its labels.
///
/// # Errors
/// When the database cannot be written.
pub async fn change_version(tx: &mut Tx, parameter: i64, version: &ParameterVersion) -> Result<(), StoreError> {
    sqlx::query("UPDATE parameter_version SET body = $3 WHERE parameter = $1 AND version = $2")
        .bind(parameter)
        .bind(version.version)
        .bind(body::encode(VERSION, version)?)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("change the version of the parameter"))?;
    Ok(())
}

/// The versions of a parameter, the oldest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn versions(conn: &mut Conn, parameter: i64) -> Result<Vec<ParameterVersion>, StoreError> {
    let bodies: Vec<String> =
        sqlx::query_scalar("SELECT body FROM parameter_version WHERE parameter = $1 ORDER BY version")
            .bind(parameter)
            .fetch_all(conn)
            .await
            .map_err(StoreError::query("list the versions of the parameter"))?;
    body::decode_all(VERSION, &bodies)
}

/// The value of a version as it is kept, which nobody can read.
///
/// # Errors
/// When the database cannot be read.
pub async fn sealed(conn: &mut Conn, parameter: i64, version: i64) -> Result<Option<Vec<u8>>, StoreError> {
    sqlx::query_scalar("SELECT sealed FROM parameter_version WHERE parameter = $1 AND version = $2")
        .bind(parameter)
        .bind(version)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the version of the parameter"))
}

/// The value of a version.
///
/// # Errors
/// When the database cannot be read or the value cannot be opened.
pub async fn value(conn: &mut Conn, vault: &Vault, parameter: i64, version: i64) -> Result<Option<String>, StoreError> {
    let Some(sealed) = sealed(conn, parameter, version).await? else { return Ok(None) };
    let bytes = vault.open(&owner(parameter, version), &sealed).map_err(StoreError::vault("open the parameter"))?;
    String::from_utf8(bytes).map(Some).map_err(|_| StoreError::Damaged { what: WHAT, id: parameter })
}

/// Deletes a version of a parameter.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete_version(tx: &mut Tx, parameter: i64, version: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM parameter_version WHERE parameter = $1 AND version = $2")
        .bind(parameter)
        .bind(version)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the version of the parameter"))?;
    Ok(())
}

/// Deletes a parameter with its versions.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Tx, parameter: i64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM parameter WHERE id = $1")
        .bind(parameter)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the parameter"))?;
    Ok(())
}

/// Seals every value anew that an older root key sealed.
///
/// # Errors
/// When a value cannot be opened or the database cannot be written.
pub(crate) async fn rewrap_all(tx: &mut Tx, vault: &Vault) -> Result<(), StoreError> {
    let rows: Vec<(i64, i64, Vec<u8>)> = sqlx::query_as("SELECT parameter, version, sealed FROM parameter_version")
        .fetch_all(&mut **tx)
        .await
        .map_err(StoreError::query("read the sealed parameters"))?;
    for (parameter, version, sealed) in rows {
        let again =
            vault.rewrap(&owner(parameter, version), &sealed).map_err(StoreError::vault("seal the parameters anew"))?;
        let Some(again) = again else { continue };
        sqlx::query("UPDATE parameter_version SET sealed = $3 WHERE parameter = $1 AND version = $2")
            .bind(parameter)
            .bind(version)
            .bind(again)
            .execute(&mut **tx)
            .await
            .map_err(StoreError::query("write the sealed parameter"))?;
    }
    Ok(())
}

fn owner(parameter: i64, version: i64) -> String {
    format!("parameter/{parameter}/{version}")
}
