//! Service deployments with their revisions, by service and id.

use gantry_model::service_deployment::{ServiceDeployment, record_id};
use gantry_model::{ClusterName, Scope, ServiceName, UnixMillis};

use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "service deployment";

/// The deployment of a service whose record has `id`.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(
    conn: &mut Conn,
    scope: &Scope,
    cluster: &ClusterName,
    service: &ServiceName,
    id: &str,
) -> Result<Option<ServiceDeployment>, StoreError> {
    let row: Option<String> = sqlx::query_scalar(
        "SELECT body FROM service_deployment
         WHERE account = $1 AND region = $2 AND cluster = $3 AND service = $4 AND id = $5",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(cluster.as_str())
    .bind(service.as_str())
    .bind(id)
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("read the service deployment"))?;
    body::decode_optional(WHAT, row)
}

/// The deployments of a service, the newest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    cluster: &ClusterName,
    service: &ServiceName,
) -> Result<Vec<ServiceDeployment>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT body FROM service_deployment WHERE account = $1 AND region = $2 AND cluster = $3 AND service = $4
         ORDER BY created_at DESC, id DESC",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(cluster.as_str())
    .bind(service.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the service deployments"))?;
    body::decode_all(WHAT, &rows)
}

/// Those deployments of a service that are not finished: the present one, and others that a crash left behind.
///
/// # Errors
/// When the database cannot be read.
pub async fn unfinished(
    conn: &mut Conn,
    scope: &Scope,
    cluster: &ClusterName,
    service: &ServiceName,
) -> Result<Vec<ServiceDeployment>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT body FROM service_deployment WHERE account = $1 AND region = $2 AND cluster = $3 AND service = $4
         AND status NOT IN ('SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED') ORDER BY id",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(cluster.as_str())
    .bind(service.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the unfinished service deployments"))?;
    body::decode_all(WHAT, &rows)
}

/// Writes a deployment, new or changed.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Tx, deployment: &ServiceDeployment) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO service_deployment (account, region, cluster, service, id, status, created_at, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (account, region, cluster, service, id)
         DO UPDATE SET status = excluded.status, body = excluded.body",
    )
    .bind(deployment.scope.account.as_str())
    .bind(deployment.scope.region.as_str())
    .bind(deployment.cluster.as_str())
    .bind(deployment.service.as_str())
    .bind(record_id(&deployment.deployment))
    .bind(deployment.status.as_str())
    .bind(deployment.created_at.0)
    .bind(body::encode(WHAT, deployment)?)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the service deployment"))?;
    Ok(())
}

/// Forgets the finished deployments that began before `old`, but for the newest of a service that is still there.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete_finished_before(tx: &mut Tx, old: UnixMillis) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM service_deployment WHERE created_at < $1
         AND status IN ('SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED')
         AND NOT EXISTS (SELECT 1 FROM service
           WHERE service.account = service_deployment.account AND service.region = service_deployment.region
             AND service.cluster = service_deployment.cluster AND service.name = service_deployment.service
             AND service.status <> 'INACTIVE'
             AND service_deployment.id = (SELECT newest.id FROM service_deployment AS newest
               WHERE newest.account = service.account AND newest.region = service.region
                 AND newest.cluster = service.cluster AND newest.service = service.name
               ORDER BY newest.created_at DESC, newest.id DESC LIMIT 1))",
    )
    .bind(old.0)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("forget old service deployments"))?;
    Ok(())
}
