//! Clusters, by account, region and name.

use gantry_model::cluster::{Cluster, ClusterStatus};
use gantry_model::{ClusterName, Scope};

use crate::{Conn, StoreError, Tx, body};

/// What `DescribeClusters` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClusterCounts {
    /// Tasks whose last status is RUNNING.
    pub running_tasks: i64,
    /// Tasks on the way there: PROVISIONING, PENDING or ACTIVATING.
    pub pending_tasks: i64,
    pub active_services: i64,
    /// Instances that are not INACTIVE.
    pub registered_instances: i64,
}

/// The cluster called `name`, whatever its status.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, scope: &Scope, name: &ClusterName) -> Result<Option<Cluster>, StoreError> {
    let row: Option<String> =
        sqlx::query_scalar("SELECT body FROM cluster WHERE account = $1 AND region = $2 AND name = $3")
            .bind(scope.account.as_str())
            .bind(scope.region.as_str())
            .bind(name.as_str())
            .fetch_optional(conn)
            .await
            .map_err(StoreError::query("read the cluster"))?;
    body::decode_optional("cluster", row)
}

/// The ACTIVE clusters of `scope`, by name.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(conn: &mut Conn, scope: &Scope) -> Result<Vec<Cluster>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT body FROM cluster WHERE account = $1 AND region = $2 AND status = 'ACTIVE' ORDER BY name",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the clusters"))?;
    body::decode_all("cluster", &rows)
}

/// The ACTIVE clusters of every account and region.
///
/// # Errors
/// When the database cannot be read.
pub async fn all(conn: &mut Conn) -> Result<Vec<Cluster>, StoreError> {
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT body FROM cluster WHERE status = 'ACTIVE' ORDER BY account, region, name")
            .fetch_all(conn)
            .await
            .map_err(StoreError::query("list the clusters"))?;
    body::decode_all("cluster", &rows)
}

/// Writes the cluster, new or changed.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Tx, cluster: &Cluster) -> Result<(), StoreError> {
    let status = match cluster.status {
        ClusterStatus::Active => "ACTIVE",
        ClusterStatus::Inactive => "INACTIVE",
    };
    sqlx::query(
        "INSERT INTO cluster (account, region, name, status, body) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account, region, name) DO UPDATE SET status = excluded.status, body = excluded.body",
    )
    .bind(cluster.scope.account.as_str())
    .bind(cluster.scope.region.as_str())
    .bind(cluster.name.as_str())
    .bind(status)
    .bind(body::encode("cluster", cluster)?)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the cluster"))?;
    Ok(())
}

/// How many tasks, services and instances `cluster` has.
///
/// # Errors
/// When the database cannot be read.
pub async fn counts(conn: &mut Conn, scope: &Scope, cluster: &ClusterName) -> Result<ClusterCounts, StoreError> {
    let (running_tasks, pending_tasks, active_services, registered_instances): (i64, i64, i64, i64) = sqlx::query_as(
        "SELECT
           (SELECT COUNT(*) FROM task WHERE account = $1 AND region = $2 AND cluster = $3
             AND last_status = 'RUNNING' AND last_status <> 'STOPPED'),
           (SELECT COUNT(*) FROM task WHERE account = $1 AND region = $2 AND cluster = $3
             AND last_status IN ('PROVISIONING', 'PENDING', 'ACTIVATING') AND last_status <> 'STOPPED'),
           (SELECT COUNT(*) FROM service WHERE account = $1 AND region = $2 AND cluster = $3 AND status = 'ACTIVE'),
           (SELECT COUNT(*) FROM container_instance WHERE account = $1 AND region = $2 AND cluster = $3
             AND status <> 'INACTIVE')",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(cluster.as_str())
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("count what the cluster has"))?;
    Ok(ClusterCounts { running_tasks, pending_tasks, active_services, registered_instances })
}
