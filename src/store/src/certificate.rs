//! Certificates that were imported, and their keys, which are sealed.

use gantry_model::Scope;
use gantry_model::load_balancing::Certificate;

use crate::vault::Vault;
use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "certificate";

/// The certificates of `scope`.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(conn: &mut Conn, scope: &Scope) -> Result<Vec<Certificate>, StoreError> {
    let bodies: Vec<String> =
        sqlx::query_scalar("SELECT body FROM certificate WHERE account = $1 AND region = $2 ORDER BY arn")
            .bind(scope.account.as_str())
            .bind(scope.region.as_str())
            .fetch_all(conn)
            .await
            .map_err(StoreError::query("list the certificates"))?;
    body::decode_all(WHAT, &bodies)
}

/// Every certificate.
///
/// # Errors
/// When the database cannot be read.
pub async fn all(conn: &mut Conn) -> Result<Vec<Certificate>, StoreError> {
    let bodies: Vec<String> = sqlx::query_scalar("SELECT body FROM certificate ORDER BY arn")
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the certificates"))?;
    body::decode_all(WHAT, &bodies)
}

/// The certificate with this ARN.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, arn: &str) -> Result<Option<Certificate>, StoreError> {
    let text = sqlx::query_scalar("SELECT body FROM certificate WHERE arn = $1")
        .bind(arn)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the certificate"))?;
    body::decode_optional(WHAT, text)
}

/// Writes a certificate with its private key, new or in the place of the one with its ARN.
///
/// # Errors
/// When the key cannot be sealed or the database cannot be written.
pub async fn put(tx: &mut Tx, vault: &Vault, certificate: &Certificate, key: &str) -> Result<(), StoreError> {
    let arn = certificate.arn();
    let sealed = vault.seal(&owner(&arn), key.as_bytes()).map_err(StoreError::vault("seal the certificate's key"))?;
    sqlx::query(
        "INSERT INTO certificate (arn, account, region, body, sealed) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (arn) DO UPDATE SET body = excluded.body, sealed = excluded.sealed",
    )
    .bind(&arn)
    .bind(certificate.scope.account.as_str())
    .bind(certificate.scope.region.as_str())
    .bind(body::encode(WHAT, certificate)?)
    .bind(sealed)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the certificate"))?;
    Ok(())
}

/// Changes what is kept beside the key of a certificate: its tags.
///
/// # Errors
/// When the database cannot be written.
pub async fn change(tx: &mut Tx, certificate: &Certificate) -> Result<(), StoreError> {
    sqlx::query("UPDATE certificate SET body = $2 WHERE arn = $1")
        .bind(certificate.arn())
        .bind(body::encode(WHAT, certificate)?)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("change the certificate"))?;
    Ok(())
}

/// Deletes a certificate.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Tx, arn: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM certificate WHERE arn = $1")
        .bind(arn)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the certificate"))?;
    Ok(())
}

/// The private key of a certificate, in PEM.
///
/// # Errors
/// When the database cannot be read or the key cannot be opened.
pub async fn key(conn: &mut Conn, vault: &Vault, arn: &str) -> Result<Option<String>, StoreError> {
    let sealed: Option<Vec<u8>> = sqlx::query_scalar("SELECT sealed FROM certificate WHERE arn = $1")
        .bind(arn)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the certificate's key"))?;
    let Some(sealed) = sealed else { return Ok(None) };
    let bytes = vault.open(&owner(arn), &sealed).map_err(StoreError::vault("open the certificate's key"))?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Seals every key anew that an older root key sealed.
///
/// # Errors
/// When one cannot be opened or the database cannot be written.
pub(crate) async fn rewrap_all(tx: &mut Tx, vault: &Vault) -> Result<(), StoreError> {
    let rows: Vec<(String, Vec<u8>)> = sqlx::query_as("SELECT arn, sealed FROM certificate")
        .fetch_all(&mut **tx)
        .await
        .map_err(StoreError::query("read the sealed keys of certificates"))?;
    for (arn, sealed) in rows {
        let anew =
            vault.rewrap(&owner(&arn), &sealed).map_err(StoreError::vault("seal the certificates' keys anew"))?;
        let Some(anew) = anew else { continue };
        sqlx::query("UPDATE certificate SET sealed = $2 WHERE arn = $1")
            .bind(&arn)
            .bind(anew)
            .execute(&mut **tx)
            .await
            .map_err(StoreError::query("write the sealed key of the certificate"))?;
    }
    Ok(())
}

/// What a key is sealed for.
fn owner(arn: &str) -> String {
    format!("certificate/{arn}")
}
