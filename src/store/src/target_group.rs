//! Target groups and the targets in them.

use gantry_model::load_balancing::{Target, TargetGroup, TargetKey};
use gantry_model::{Scope, TaskId};

use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "target group";
const TARGET: &str = "target";

/// The target groups of `scope`, by name.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(conn: &mut Conn, scope: &Scope) -> Result<Vec<TargetGroup>, StoreError> {
    let bodies: Vec<String> =
        sqlx::query_scalar("SELECT body FROM target_group WHERE account = $1 AND region = $2 ORDER BY name")
            .bind(scope.account.as_str())
            .bind(scope.region.as_str())
            .fetch_all(conn)
            .await
            .map_err(StoreError::query("list the target groups"))?;
    body::decode_all(WHAT, &bodies)
}

/// Every target group.
///
/// # Errors
/// When the database cannot be read.
pub async fn all(conn: &mut Conn) -> Result<Vec<TargetGroup>, StoreError> {
    let bodies: Vec<String> = sqlx::query_scalar("SELECT body FROM target_group ORDER BY arn")
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the target groups"))?;
    body::decode_all(WHAT, &bodies)
}

/// The target group with this ARN.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, arn: &str) -> Result<Option<TargetGroup>, StoreError> {
    let text = sqlx::query_scalar("SELECT body FROM target_group WHERE arn = $1")
        .bind(arn)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the target group"))?;
    body::decode_optional(WHAT, text)
}

/// Writes a target group, new or changed.
///
/// # Errors
/// When the database cannot be written; also when there is another of that name.
pub async fn put(tx: &mut Tx, group: &TargetGroup) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO target_group (arn, account, region, name, body) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (arn) DO UPDATE SET body = excluded.body",
    )
    .bind(group.arn())
    .bind(group.scope.account.as_str())
    .bind(group.scope.region.as_str())
    .bind(&group.name)
    .bind(body::encode(WHAT, group)?)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the target group"))?;
    Ok(())
}

/// Deletes a target group with its targets.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Tx, arn: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM target_group WHERE arn = $1")
        .bind(arn)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the target group"))?;
    Ok(())
}

/// Every target.
///
/// # Errors
/// When the database cannot be read.
pub async fn all_targets(conn: &mut Conn) -> Result<Vec<Target>, StoreError> {
    let bodies: Vec<String> = sqlx::query_scalar("SELECT body FROM target ORDER BY target_group, id, port")
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the targets"))?;
    body::decode_all(TARGET, &bodies)
}

/// The targets of a group.
///
/// # Errors
/// When the database cannot be read.
pub async fn targets(conn: &mut Conn, group: &str) -> Result<Vec<Target>, StoreError> {
    let bodies: Vec<String> = sqlx::query_scalar("SELECT body FROM target WHERE target_group = $1 ORDER BY id, port")
        .bind(group)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the targets of the group"))?;
    body::decode_all(TARGET, &bodies)
}

/// The targets that a task is.
///
/// # Errors
/// When the database cannot be read.
pub async fn targets_of_task(conn: &mut Conn, task: &TaskId) -> Result<Vec<Target>, StoreError> {
    let bodies: Vec<String> = sqlx::query_scalar("SELECT body FROM target WHERE task = $1")
        .bind(task.as_str())
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the targets of the task"))?;
    body::decode_all(TARGET, &bodies)
}

/// The targets that are let go.
///
/// # Errors
/// When the database cannot be read.
pub async fn draining(conn: &mut Conn) -> Result<Vec<Target>, StoreError> {
    let bodies: Vec<String> =
        sqlx::query_scalar("SELECT body FROM target WHERE draining_since IS NOT NULL ORDER BY draining_since")
            .fetch_all(conn)
            .await
            .map_err(StoreError::query("list the targets that are let go"))?;
    body::decode_all(TARGET, &bodies)
}

/// The target.
///
/// # Errors
/// When the database cannot be read.
pub async fn target(conn: &mut Conn, key: &TargetKey) -> Result<Option<Target>, StoreError> {
    let text = sqlx::query_scalar("SELECT body FROM target WHERE target_group = $1 AND id = $2 AND port = $3")
        .bind(&key.group)
        .bind(&key.id)
        .bind(i64::from(key.port))
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the target"))?;
    body::decode_optional(TARGET, text)
}

/// Writes a target, new or changed.
///
/// # Errors
/// When the database cannot be written.
pub async fn put_target(tx: &mut Tx, target: &Target) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO target (target_group, id, port, task, draining_since, body) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (target_group, id, port) DO UPDATE
         SET task = excluded.task, draining_since = excluded.draining_since, body = excluded.body",
    )
    .bind(&target.key.group)
    .bind(&target.key.id)
    .bind(i64::from(target.key.port))
    .bind(target.task.as_ref().map(TaskId::as_str))
    .bind(target.draining_since.map(|at| at.0))
    .bind(body::encode(TARGET, target)?)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the target"))?;
    Ok(())
}

/// Deletes a target.
///
/// # Errors
/// When the database cannot be written.
pub async fn delete_target(tx: &mut Tx, key: &TargetKey) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM target WHERE target_group = $1 AND id = $2 AND port = $3")
        .bind(&key.group)
        .bind(&key.id)
        .bind(i64::from(key.port))
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the target"))?;
    Ok(())
}
