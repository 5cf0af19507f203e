//! Services, by cluster and name, and the messages of their event feed.
//!
//! A service is read, decided on, and written back, maybe much later; its `version` shows whether somebody else wrote it
//! in between. [`put`] then refuses with [`StoreError::Conflict`], and the writer reads again.

use gantry_model::event::{EventKind, NewEvent};
use gantry_model::service::{Service, ServiceEvent};
use gantry_model::{Arn, ClusterName, Scope, ServiceName};
use serde_json::json;

use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "service";
/// Messages that a service's feed keeps, as ECS does.
const MESSAGES_KEPT: i64 = 100;

/// The service called `name`, whatever its status.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(
    conn: &mut Conn,
    scope: &Scope,
    cluster: &ClusterName,
    name: &ServiceName,
) -> Result<Option<Service>, StoreError> {
    let row: Option<String> = sqlx::query_scalar(
        "SELECT body FROM service WHERE account = $1 AND region = $2 AND cluster = $3 AND name = $4",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(cluster.as_str())
    .bind(name.as_str())
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("read the service"))?;
    body::decode_optional(WHAT, row)
}

/// The services of `cluster` in every state, by name.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(conn: &mut Conn, scope: &Scope, cluster: &ClusterName) -> Result<Vec<Service>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT body FROM service WHERE account = $1 AND region = $2 AND cluster = $3 ORDER BY name",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(cluster.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the services"))?;
    body::decode_all(WHAT, &rows)
}

/// The services that are ACTIVE or DRAINING, of every account, region and cluster.
///
/// # Errors
/// When the database cannot be read.
pub async fn unfinished(conn: &mut Conn) -> Result<Vec<Service>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT body FROM service WHERE status <> 'INACTIVE' ORDER BY account, region, cluster, name",
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the unfinished services"))?;
    body::decode_all(WHAT, &rows)
}

/// Writes the service and raises its version, also in `service`. A new one comes with version 0; it may take the place of
/// an INACTIVE namesake, whose messages then go.
///
/// # Errors
/// [`StoreError::Conflict`] when the stored version is not the one that `service` was read with.
pub async fn put(tx: &mut Tx, service: &mut Service) -> Result<(), StoreError> {
    let read = service.version;
    if read == 0 {
        forget_messages(tx, service).await?;
    }
    service.version = read + 1;
    let written = upsert(tx, service, read).await;
    if !matches!(written, Ok(1)) {
        service.version = read;
    }
    match written? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict {
            what: format!("service {} of cluster {}", service.name, service.cluster),
            version: read,
        }),
    }
}

async fn upsert(tx: &mut Tx, service: &Service, read: i64) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "INSERT INTO service (account, region, cluster, name, status, version, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (account, region, cluster, name)
         DO UPDATE SET status = excluded.status, version = excluded.version, body = excluded.body
         WHERE service.version = $8 OR (service.status = 'INACTIVE' AND $8 = 0)",
    )
    .bind(service.scope.account.as_str())
    .bind(service.scope.region.as_str())
    .bind(service.cluster.as_str())
    .bind(service.name.as_str())
    .bind(service.status.as_str())
    .bind(service.version)
    .bind(body::encode(WHAT, service)?)
    .bind(read)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the service"))?;
    Ok(done.rows_affected())
}

async fn forget_messages(tx: &mut Tx, service: &Service) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM service_message WHERE account = $1 AND region = $2 AND cluster = $3 AND service = $4")
        .bind(service.scope.account.as_str())
        .bind(service.scope.region.as_str())
        .bind(service.cluster.as_str())
        .bind(service.name.as_str())
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("forget the messages of a former service"))?;
    Ok(())
}

/// Adds a message to the service's feed, of which the newest 100 are kept, and to the event log.
///
/// # Errors
/// When the database cannot be written.
pub async fn append_message(tx: &mut Tx, service: &Service, message: ServiceEvent) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO service_message (account, region, cluster, service, body) VALUES ($1, $2, $3, $4, $5)")
        .bind(service.scope.account.as_str())
        .bind(service.scope.region.as_str())
        .bind(service.cluster.as_str())
        .bind(service.name.as_str())
        .bind(body::encode("service event", &message)?)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("write the service's message"))?;
    sqlx::query(
        "DELETE FROM service_message WHERE account = $1 AND region = $2 AND cluster = $3 AND service = $4
         AND position <= (SELECT position FROM service_message
           WHERE account = $1 AND region = $2 AND cluster = $3 AND service = $4
           ORDER BY position DESC LIMIT 1 OFFSET $5)",
    )
    .bind(service.scope.account.as_str())
    .bind(service.scope.region.as_str())
    .bind(service.cluster.as_str())
    .bind(service.name.as_str())
    .bind(MESSAGES_KEPT)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("forget the service's oldest message"))?;
    tx.append(NewEvent {
        scope: service.scope.clone(),
        kind: EventKind::ServiceMessage,
        cluster: Some(service.cluster.clone()),
        subject: Arn::service(&service.scope, &service.cluster, &service.name).to_string(),
        payload: json!({
            "serviceName": service.name,
            "id": message.id,
            "createdAt": message.created_at,
            "message": message.message,
        }),
    });
    Ok(())
}

/// The messages of the service's feed, the newest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn messages(
    conn: &mut Conn,
    scope: &Scope,
    cluster: &ClusterName,
    name: &ServiceName,
) -> Result<Vec<ServiceEvent>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT body FROM service_message WHERE account = $1 AND region = $2 AND cluster = $3 AND service = $4
         ORDER BY position DESC",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(cluster.as_str())
    .bind(name.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the service's messages"))?;
    body::decode_all("service event", &rows)
}
