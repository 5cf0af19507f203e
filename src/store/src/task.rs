//! Tasks, by id. Which columns a list looks for, and which index answers it, is in `migrations/`.

mod filter;

use std::collections::BTreeMap;

use gantry_model::task::Task;
use gantry_model::{AccountId, ClusterName, ContainerInstanceId, Region, Scope, ServiceName, TaskId, UnixMillis};

use crate::{Conn, StoreError, Tx, body};

pub use filter::{TaskFilter, filter};

const WHAT: &str = "task";

/// How many tasks an instance has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InstanceCounts {
    /// Tasks whose last status is RUNNING.
    pub running: i64,
    /// Tasks on the way there.
    pub pending: i64,
}

/// The task with `id`, when it is of `scope`.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, scope: &Scope, id: &TaskId) -> Result<Option<Task>, StoreError> {
    let row: Option<String> =
        sqlx::query_scalar("SELECT body FROM task WHERE id = $1 AND account = $2 AND region = $3")
            .bind(id.as_str())
            .bind(scope.account.as_str())
            .bind(scope.region.as_str())
            .fetch_optional(conn)
            .await
            .map_err(StoreError::query("read the task"))?;
    body::decode_optional(WHAT, row)
}

/// Those of the tasks `ids` that there are, by id.
///
/// # Errors
/// When the database cannot be read.
pub async fn get_many(conn: &mut Conn, scope: &Scope, ids: &[TaskId]) -> Result<Vec<Task>, StoreError> {
    // A list of values is the one thing that PostgreSQL writes otherwise: `id = ANY($1)`.
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT body FROM task WHERE id IN (SELECT value FROM json_each($1)) AND account = $2 AND region = $3
         ORDER BY id",
    )
    .bind(body::encode("list of task ids", &ids)?)
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the tasks"))?;
    body::decode_all(WHAT, &rows)
}

/// Writes the task, new or changed.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Tx, task: &Task) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO task (id, account, region, cluster, instance, family, revision, service, deployment, started_by,
           launch_type, desired_status, last_status, created_at, stopped_at, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (id) DO UPDATE SET instance = excluded.instance, service = excluded.service,
           deployment = excluded.deployment, launch_type = excluded.launch_type,
           desired_status = excluded.desired_status, last_status = excluded.last_status,
           stopped_at = excluded.stopped_at, body = excluded.body",
    )
    .bind(task.id.as_str())
    .bind(task.scope.account.as_str())
    .bind(task.scope.region.as_str())
    .bind(task.cluster.as_str())
    .bind(task.instance.as_ref().map(ContainerInstanceId::as_str))
    .bind(task.task_definition.family.as_str())
    .bind(i64::from(task.task_definition.revision))
    .bind(task.service.as_ref().map(ServiceName::as_str))
    .bind(task.deployment.as_ref().map(|id| id.as_str()))
    .bind(task.started_by.as_deref())
    .bind(task.launch_type.as_str())
    .bind(task.desired_status.as_str())
    .bind(task.last_status.as_str())
    .bind(task.created_at.0)
    .bind(task.stopped_at.map(|at| at.0))
    .bind(body::encode(WHAT, task)?)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the task"))?;
    Ok(())
}

/// The tasks of a service that are not STOPPED, by id.
///
/// # Errors
/// When the database cannot be read.
pub async fn of_service(
    conn: &mut Conn,
    scope: &Scope,
    cluster: &ClusterName,
    service: &ServiceName,
) -> Result<Vec<Task>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT body FROM task WHERE account = $1 AND region = $2 AND cluster = $3 AND service = $4
         AND last_status <> 'STOPPED' ORDER BY id",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(cluster.as_str())
    .bind(service.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the service's tasks"))?;
    body::decode_all(WHAT, &rows)
}

/// The tasks on `instance` that are not STOPPED, by id, of whichever cluster.
///
/// # Errors
/// When the database cannot be read.
pub async fn on_instance(conn: &mut Conn, instance: &ContainerInstanceId) -> Result<Vec<Task>, StoreError> {
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT body FROM task WHERE instance = $1 AND last_status <> 'STOPPED' ORDER BY id")
            .bind(instance.as_str())
            .fetch_all(conn)
            .await
            .map_err(StoreError::query("list the tasks on an instance"))?;
    body::decode_all(WHAT, &rows)
}

/// The tasks of every account, region and cluster that are not STOPPED.
///
/// # Errors
/// When the database cannot be read.
pub async fn unstopped(conn: &mut Conn) -> Result<Vec<Task>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar("SELECT body FROM task WHERE last_status <> 'STOPPED' ORDER BY id")
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the tasks that have not stopped"))?;
    body::decode_all(WHAT, &rows)
}

/// The tasks of `scope` that hold their share of a host ([`Task::holds_resources`]), of whichever cluster.
///
/// # Errors
/// When the database cannot be read.
pub async fn holding(conn: &mut Conn, scope: &Scope) -> Result<Vec<Task>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT body FROM task WHERE account = $1 AND region = $2 AND last_status <> 'STOPPED'
         AND instance IS NOT NULL AND (desired_status = 'RUNNING' OR last_status = 'DEACTIVATING') ORDER BY id",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the tasks that hold resources"))?;
    body::decode_all(WHAT, &rows)
}

/// The tasks that wait for an instance, of every account and region, the oldest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn waiting(conn: &mut Conn) -> Result<Vec<Task>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT body FROM task WHERE instance IS NULL AND desired_status = 'RUNNING' AND last_status <> 'STOPPED'
         ORDER BY created_at, id",
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the tasks that wait for an instance"))?;
    body::decode_all(WHAT, &rows)
}

/// The ids of the tasks that stopped before `instant`, the first to stop first.
///
/// # Errors
/// When the database cannot be read.
pub async fn stopped_before(conn: &mut Conn, instant: UnixMillis) -> Result<Vec<TaskId>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM task WHERE last_status = 'STOPPED' AND stopped_at < $1 ORDER BY stopped_at, id",
    )
    .bind(instant.0)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the tasks that stopped long ago"))?;
    rows.into_iter().map(read_id).collect()
}

/// Deletes the task's row. Answers nothing when there is none.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Tx, id: &TaskId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM task WHERE id = $1")
        .bind(id.as_str())
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the task"))?;
    Ok(())
}

/// How many tasks each instance of `scope` has; instances without any are absent.
///
/// # Errors
/// When the database cannot be read.
pub async fn counts_by_instance(
    conn: &mut Conn,
    scope: &Scope,
) -> Result<BTreeMap<ContainerInstanceId, InstanceCounts>, StoreError> {
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT instance, COUNT(CASE WHEN last_status = 'RUNNING' THEN 1 END),
           COUNT(CASE WHEN last_status IN ('PROVISIONING', 'PENDING', 'ACTIVATING') THEN 1 END)
         FROM task WHERE account = $1 AND region = $2 AND last_status <> 'STOPPED' AND instance IS NOT NULL
         GROUP BY instance",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("count the tasks of the instances"))?;
    let malformed = |source| StoreError::Malformed { what: "container instance id", source };
    rows.into_iter()
        .map(|(id, running, pending)| {
            Ok((ContainerInstanceId::parse(id).map_err(malformed)?, InstanceCounts { running, pending }))
        })
        .collect()
}

/// How many running tasks each service has, by scope, cluster and name; services without any are absent.
///
/// # Errors
/// When the database cannot be read.
pub async fn running_by_service(
    conn: &mut Conn,
) -> Result<BTreeMap<(Scope, ClusterName, ServiceName), u32>, StoreError> {
    let rows: Vec<(String, String, String, String, i64)> = sqlx::query_as(
        "SELECT account, region, cluster, service, COUNT(*) FROM task
         WHERE last_status <> 'STOPPED' AND last_status = 'RUNNING' AND service IS NOT NULL GROUP BY account, region, cluster, service",
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("count the tasks of the services"))?;
    let malformed = |source| StoreError::Malformed { what: "service of a task", source };
    rows.into_iter()
        .map(|(account, region, cluster, service, running)| {
            let scope = Scope {
                account: AccountId::parse(account).map_err(malformed)?,
                region: Region::parse(region).map_err(malformed)?,
            };
            let cluster = ClusterName::parse(cluster).map_err(malformed)?;
            let service = ServiceName::parse(service).map_err(malformed)?;
            Ok(((scope, cluster, service), u32::try_from(running).unwrap_or(u32::MAX)))
        })
        .collect()
}

/// How many tasks a cluster has of a launch type that are not STOPPED.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaunchTypeCounts {
    /// Tasks whose last status is RUNNING.
    pub running: i64,
    /// Tasks on the way there.
    pub pending: i64,
    /// Tasks on the way to STOPPED.
    pub stopping: i64,
}

/// How many tasks `cluster` has of each launch type, by its name in the API; launch types without any are absent.
///
/// # Errors
/// When the database cannot be read.
pub async fn counts_by_launch_type(
    conn: &mut Conn,
    scope: &Scope,
    cluster: &ClusterName,
) -> Result<BTreeMap<String, LaunchTypeCounts>, StoreError> {
    let rows: Vec<(String, i64, i64, i64)> = sqlx::query_as(
        "SELECT launch_type, COUNT(CASE WHEN last_status = 'RUNNING' THEN 1 END),
           COUNT(CASE WHEN last_status IN ('PROVISIONING', 'PENDING', 'ACTIVATING') THEN 1 END),
           COUNT(CASE WHEN last_status IN ('DEACTIVATING', 'STOPPING', 'DEPROVISIONING') THEN 1 END)
         FROM task WHERE account = $1 AND region = $2 AND cluster = $3 AND last_status <> 'STOPPED'
         GROUP BY launch_type",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(cluster.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("count the tasks of the launch types"))?;
    let counts =
        |(launch_type, running, pending, stopping)| (launch_type, LaunchTypeCounts { running, pending, stopping });
    Ok(rows.into_iter().map(counts).collect())
}

fn read_id(id: String) -> Result<TaskId, StoreError> {
    TaskId::parse(id).map_err(|source| StoreError::Malformed { what: "task id", source })
}
