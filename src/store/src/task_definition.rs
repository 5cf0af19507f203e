//! Task definitions, by family and revision.
//!
//! A family's last number is kept in a row of its own (`task_definition_family`), so a revision that was deleted never
//! comes back as another definition.

use gantry_model::task_definition::{TaskDefinition, TaskDefinitionStatus};
use gantry_model::{Family, Scope, TaskDefinitionId};

use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "task definition";

/// The revision `id`, whatever its status.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, scope: &Scope, id: &TaskDefinitionId) -> Result<Option<TaskDefinition>, StoreError> {
    let row: Option<String> = sqlx::query_scalar(
        "SELECT body FROM task_definition WHERE account = $1 AND region = $2 AND family = $3 AND revision = $4",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(id.family.as_str())
    .bind(i64::from(id.revision))
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("read the task definition"))?;
    body::decode_optional(WHAT, row)
}

/// The newest ACTIVE revision of `family`.
///
/// # Errors
/// When the database cannot be read.
pub async fn latest_active(
    conn: &mut Conn,
    scope: &Scope,
    family: &Family,
) -> Result<Option<TaskDefinition>, StoreError> {
    let row: Option<String> = sqlx::query_scalar(
        "SELECT body FROM task_definition WHERE account = $1 AND region = $2 AND family = $3 AND status = 'ACTIVE'
         ORDER BY revision DESC LIMIT 1",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(family.as_str())
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("read the newest task definition of a family"))?;
    body::decode_optional(WHAT, row)
}

/// Takes the next revision number of `family`, from 1. A number is never given twice.
///
/// # Errors
/// When the database cannot be written.
pub async fn next_revision(tx: &mut Tx, scope: &Scope, family: &Family) -> Result<u32, StoreError> {
    let revision: i64 = sqlx::query_scalar(
        "INSERT INTO task_definition_family (account, region, family, last_revision) VALUES ($1, $2, $3, 1)
         ON CONFLICT (account, region, family)
         DO UPDATE SET last_revision = task_definition_family.last_revision + 1
         RETURNING last_revision",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(family.as_str())
    .fetch_one(&mut **tx)
    .await
    .map_err(StoreError::query("take the next revision of a family"))?;
    Ok(u32::try_from(revision).unwrap_or(u32::MAX))
}

/// Writes the task definition, new or changed.
///
/// # Errors
/// When the database cannot be written.
pub async fn put(tx: &mut Tx, definition: &TaskDefinition) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO task_definition (account, region, family, revision, status, body)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (account, region, family, revision)
         DO UPDATE SET status = excluded.status, body = excluded.body",
    )
    .bind(definition.scope.account.as_str())
    .bind(definition.scope.region.as_str())
    .bind(definition.id.family.as_str())
    .bind(i64::from(definition.id.revision))
    .bind(definition.status.as_str())
    .bind(body::encode(WHAT, definition)?)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the task definition"))?;
    Ok(())
}

/// The ids of the task definitions of `family` and `status`, or of all, by family and revision.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    family: Option<&Family>,
    status: Option<TaskDefinitionStatus>,
) -> Result<Vec<TaskDefinitionId>, StoreError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT family, revision FROM task_definition WHERE account = $1 AND region = $2
         AND ($3 IS NULL OR family = $3) AND ($4 IS NULL OR status = $4) ORDER BY family, revision",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(family.map(Family::as_str))
    .bind(status.map(TaskDefinitionStatus::as_str))
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the task definitions"))?;
    rows.into_iter().map(|(family, revision)| read_id(family, revision)).collect()
}

/// The families of `scope` by name, each with whether it has an ACTIVE revision. A family whose revisions were all
/// deleted is not among them.
///
/// # Errors
/// When the database cannot be read.
pub async fn families(conn: &mut Conn, scope: &Scope) -> Result<Vec<(Family, bool)>, StoreError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT family, MAX(CASE WHEN status = 'ACTIVE' THEN 1 ELSE 0 END) FROM task_definition
         WHERE account = $1 AND region = $2 AND status <> 'DELETE_IN_PROGRESS' GROUP BY family ORDER BY family",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the families of task definitions"))?;
    rows.into_iter().map(|(family, active)| Ok((read_family(family)?, active == 1))).collect()
}

fn read_family(family: String) -> Result<Family, StoreError> {
    Family::parse(family).map_err(|source| StoreError::Malformed { what: "family", source })
}

fn read_id(family: String, revision: i64) -> Result<TaskDefinitionId, StoreError> {
    Ok(TaskDefinitionId { family: read_family(family)?, revision: u32::try_from(revision).unwrap_or(u32::MAX) })
}
