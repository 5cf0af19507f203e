//! Container instances, by id. Attributes, tags and resources stand in the row's body.

use gantry_model::container_instance::ContainerInstance;
use gantry_model::{ClusterName, ContainerInstanceId, Scope};

use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "container instance";

/// The instance with `id`, whatever its status.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, id: &ContainerInstanceId) -> Result<Option<ContainerInstance>, StoreError> {
    let row: Option<String> = sqlx::query_scalar("SELECT body FROM container_instance WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the container instance"))?;
    body::decode_optional(WHAT, row)
}

/// The instances of `cluster` that are not INACTIVE, by id.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(conn: &mut Conn, scope: &Scope, cluster: &ClusterName) -> Result<Vec<ContainerInstance>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT body FROM container_instance
         WHERE account = $1 AND region = $2 AND cluster = $3 AND status <> 'INACTIVE' ORDER BY id",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(cluster.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the container instances"))?;
    body::decode_all(WHAT, &rows)
}

/// The instances that also serve Fargate tasks of every cluster of `scope` and are not INACTIVE, by id.
///
/// # Errors
/// When the database cannot be read.
pub async fn list_serving_fargate(conn: &mut Conn, scope: &Scope) -> Result<Vec<ContainerInstance>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT body FROM container_instance
         WHERE account = $1 AND region = $2 AND serves_fargate = 1 AND status <> 'INACTIVE' ORDER BY id",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the instances that serve Fargate"))?;
    body::decode_all(WHAT, &rows)
}

/// The instances of every account, region and cluster that are not INACTIVE.
///
/// # Errors
/// When the database cannot be read.
pub async fn all(conn: &mut Conn) -> Result<Vec<ContainerInstance>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT body FROM container_instance WHERE status <> 'INACTIVE' ORDER BY account, region, cluster, id",
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the container instances"))?;
    body::decode_all(WHAT, &rows)
}

/// The instance of `cluster` that says it is the host `ec2_instance_id`, unless it is INACTIVE.
///
/// # Errors
/// When the database cannot be read.
pub async fn by_ec2_instance_id(
    conn: &mut Conn,
    scope: &Scope,
    cluster: &ClusterName,
    ec2_instance_id: &str,
) -> Result<Option<ContainerInstance>, StoreError> {
    let row: Option<String> = sqlx::query_scalar(
        "SELECT body FROM container_instance WHERE account = $1 AND region = $2 AND cluster = $3
         AND ec2_instance_id = $4 AND status <> 'INACTIVE' ORDER BY id LIMIT 1",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(cluster.as_str())
    .bind(ec2_instance_id)
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find the container instance of a host"))?;
    body::decode_optional(WHAT, row)
}

/// Writes the instance, new or changed.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Tx, instance: &ContainerInstance) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO container_instance
           (id, account, region, cluster, ec2_instance_id, status, serves_fargate, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET cluster = excluded.cluster, ec2_instance_id = excluded.ec2_instance_id,
           status = excluded.status, serves_fargate = excluded.serves_fargate, body = excluded.body",
    )
    .bind(instance.id.as_str())
    .bind(instance.scope.account.as_str())
    .bind(instance.scope.region.as_str())
    .bind(instance.cluster.as_str())
    .bind(instance.ec2_instance_id.as_str())
    .bind(instance.status.as_str())
    .bind(i64::from(instance.serves_fargate))
    .bind(body::encode(WHAT, instance)?)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the container instance"))?;
    Ok(())
}
