//! How services stood over time, by ARN: one row for each change.

use std::collections::BTreeMap;

use gantry_model::UnixMillis;
use gantry_model::health::{Health, HealthChange};
use serde_json::Value;

use crate::{Conn, StoreError, Tx, body};

/// Remembers that `service` is `health` from `at` on.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Tx, service: &str, at: UnixMillis, health: Health) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO service_health (service, at, health) VALUES ($1, $2, $3)
         ON CONFLICT (service, at) DO UPDATE SET health = excluded.health",
    )
    .bind(service)
    .bind(at.0)
    .bind(health.as_str())
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write a service's health"))?;
    Ok(())
}

/// How every service that was ever seen stands.
///
/// # Errors
/// When the database cannot be read.
pub async fn latest(conn: &mut Conn) -> Result<BTreeMap<String, Health>, StoreError> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT service, health FROM service_health AS h
         WHERE at = (SELECT MAX(at) FROM service_health WHERE service = h.service)",
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read how services stand"))?;
    rows.into_iter().map(|(service, health)| Ok((service, parse(health)?))).collect()
}

/// The changes of `services` that have a part in the time after `since`, in the order of time: each service's last one
/// before it, too.
///
/// # Errors
/// When the database cannot be read.
pub async fn changes(
    conn: &mut Conn,
    services: &[String],
    since: UnixMillis,
) -> Result<BTreeMap<String, Vec<HealthChange>>, StoreError> {
    // A list of values is the one thing that PostgreSQL writes otherwise: `service = ANY($1)`.
    let rows: Vec<(String, i64, String)> = sqlx::query_as(
        "SELECT service, at, health FROM service_health AS h
         WHERE service IN (SELECT value FROM json_each($1))
           AND at >= COALESCE((SELECT MAX(at) FROM service_health WHERE service = h.service AND at <= $2), 0)
         ORDER BY service, at",
    )
    .bind(body::encode("list of services", &services)?)
    .bind(since.0)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the health of services"))?;
    let mut changes: BTreeMap<String, Vec<HealthChange>> = BTreeMap::new();
    for (service, at, health) in rows {
        changes.entry(service).or_default().push(HealthChange { at: UnixMillis(at), health: parse(health)? });
    }
    Ok(changes)
}

/// Forgets what ended before `old`: each service keeps the change that was in force then, unless it was idle.
///
/// # Errors
/// When the database cannot be written.
pub async fn forget_before(tx: &mut Tx, old: UnixMillis) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM service_health AS h WHERE at < $1
           AND (health = 'idle' OR EXISTS (
             SELECT 1 FROM service_health AS later WHERE later.service = h.service AND later.at > h.at AND later.at <= $1
           ))",
    )
    .bind(old.0)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("forget the old health of services"))?;
    Ok(())
}

fn parse(word: String) -> Result<Health, StoreError> {
    serde_json::from_value(Value::String(word))
        .map_err(|source| StoreError::Decode { what: "service's health", source })
}
