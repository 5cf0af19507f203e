//! Access keys: who a signature speaks for. The secret is kept as it is, because verifying a signature needs it; the
//! database file is closed to everybody but its owner.

use std::fmt;

use gantry_model::principal::{Principal, PrincipalKind};

use crate::{Conn, StoreError, Tx, body};

/// An access key and the principal that it proves.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    pub id: String,
    pub secret: String,
    pub principal: Principal,
    pub disabled: bool,
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey")
            .field("id", &self.id)
            .field("secret", &"(hidden)")
            .field("principal", &self.principal)
            .field("disabled", &self.disabled)
            .finish()
    }
}

type KeyRow = (String, String, String, i64);

/// The key with `id`, also when it is disabled.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, id: &str) -> Result<Option<AccessKey>, StoreError> {
    let row: Option<KeyRow> = sqlx::query_as("SELECT id, secret, principal, disabled FROM access_key WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the access key"))?;
    row.map(read_row).transpose()
}

/// Writes the key, new or changed.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Tx, key: &AccessKey) -> Result<(), StoreError> {
    let now = tx.now().0;
    sqlx::query(
        "INSERT INTO access_key (id, secret, principal, admin, disabled, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET secret = excluded.secret, principal = excluded.principal,
           admin = excluded.admin, disabled = excluded.disabled",
    )
    .bind(key.id.as_str())
    .bind(key.secret.as_str())
    .bind(body::encode("principal", &key.principal)?)
    .bind(i64::from(key.principal.kind == PrincipalKind::Admin))
    .bind(i64::from(key.disabled))
    .bind(now)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the access key"))?;
    Ok(())
}

/// The oldest key of an administrator that is not disabled.
///
/// # Errors
/// When the database cannot be read.
pub async fn admin(conn: &mut Conn) -> Result<Option<AccessKey>, StoreError> {
    let row: Option<KeyRow> = sqlx::query_as(
        "SELECT id, secret, principal, disabled FROM access_key WHERE admin = 1 AND disabled = 0
         ORDER BY created_at, id LIMIT 1",
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("read the administrator's access key"))?;
    row.map(read_row).transpose()
}

fn read_row((id, secret, principal, disabled): KeyRow) -> Result<AccessKey, StoreError> {
    Ok(AccessKey { id, secret, principal: body::decode("principal", &principal)?, disabled: disabled != 0 })
}
