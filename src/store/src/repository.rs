//! Repositories: their rows. What they hold is in [`crate::image`] and [`crate::blob::rows`].

use gantry_model::image::Repository;
use gantry_model::{RepositoryName, Scope};

use crate::{Conn, StoreError, body};

const WHAT: &str = "repository";

/// A repository and the id that its contents refer to. Ids are never given twice.
#[derive(Debug, Clone, PartialEq)]
pub struct RepositoryRow {
    pub id: i64,
    pub repository: Repository,
}

fn read_row((id, text): (i64, String)) -> Result<RepositoryRow, StoreError> {
    Ok(RepositoryRow { id, repository: body::decode(WHAT, &text)? })
}

/// Adds a repository; `None` when the name is taken.
///
/// # Errors
/// When the row cannot be written.
pub async fn insert(conn: &mut Conn, repository: &Repository) -> Result<Option<i64>, StoreError> {
    sqlx::query_scalar(
        "INSERT INTO repository (account, region, name, created_at, body) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account, region, name) DO NOTHING RETURNING id",
    )
    .bind(repository.scope.account.as_str())
    .bind(repository.scope.region.as_str())
    .bind(repository.name.as_str())
    .bind(repository.created_at.0)
    .bind(body::encode(WHAT, repository)?)
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("create the repository"))
}

/// The repository `name`.
///
/// # Errors
/// When it cannot be read.
pub async fn find(conn: &mut Conn, scope: &Scope, name: &RepositoryName) -> Result<Option<RepositoryRow>, StoreError> {
    let row = sqlx::query_as("SELECT id, body FROM repository WHERE account = $1 AND region = $2 AND name = $3")
        .bind(scope.account.as_str())
        .bind(scope.region.as_str())
        .bind(name.as_str())
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the repository"))?;
    row.map(read_row).transpose()
}

/// The repository whose row has this id.
///
/// # Errors
/// When it cannot be read.
pub async fn by_id(conn: &mut Conn, id: i64) -> Result<Option<RepositoryRow>, StoreError> {
    let row = sqlx::query_as("SELECT id, body FROM repository WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the repository"))?;
    row.map(read_row).transpose()
}

/// At most `limit` repositories whose names come after `after`, by name.
///
/// # Errors
/// When they cannot be read.
pub async fn list(
    conn: &mut Conn,
    scope: &Scope,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<RepositoryRow>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT id, body FROM repository WHERE account = $1 AND region = $2 AND name > $3 ORDER BY name LIMIT $4",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(after.unwrap_or_default())
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the repositories"))?;
    rows.into_iter().map(read_row).collect()
}

/// The repositories of every account and region.
///
/// # Errors
/// When they cannot be read.
pub async fn all(conn: &mut Conn) -> Result<Vec<RepositoryRow>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as("SELECT id, body FROM repository ORDER BY id")
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the repositories"))?;
    rows.into_iter().map(read_row).collect()
}

/// Writes the settings and tags of a repository; its name and scope stay.
///
/// # Errors
/// When the row cannot be written.
pub async fn update(conn: &mut Conn, row: &RepositoryRow) -> Result<(), StoreError> {
    sqlx::query("UPDATE repository SET body = $2 WHERE id = $1")
        .bind(row.id)
        .bind(body::encode(WHAT, &row.repository)?)
        .execute(conn)
        .await
        .map_err(StoreError::query("change the repository"))?;
    Ok(())
}

/// Whether the repository holds a manifest.
///
/// # Errors
/// When it cannot be read.
pub async fn has_images(conn: &mut Conn, id: i64) -> Result<bool, StoreError> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM manifest WHERE repository = $1)")
        .bind(id)
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("look for images of the repository"))
}

/// Takes the repository away with everything that it holds; blobs that nobody else shows become collectable.
///
/// # Errors
/// When the rows cannot be written.
pub async fn delete(conn: &mut Conn, id: i64) -> Result<(), StoreError> {
    const STATEMENTS: [&str; 9] = [
        "DELETE FROM image_tag WHERE repository = $1",
        "DELETE FROM manifest_reference WHERE repository = $1",
        "DELETE FROM image_scan WHERE repository = $1",
        "DELETE FROM replication WHERE repository = $1",
        "DELETE FROM manifest WHERE repository = $1",
        "DELETE FROM upload WHERE repository = $1",
        "UPDATE blob SET state = 1 WHERE state = 0
           AND digest IN (SELECT digest FROM repository_blob WHERE repository = $1)
           AND NOT EXISTS (SELECT 1 FROM repository_blob o WHERE o.digest = blob.digest AND o.repository <> $1)",
        "DELETE FROM repository_blob WHERE repository = $1",
        "DELETE FROM repository WHERE id = $1",
    ];
    for statement in STATEMENTS {
        sqlx::query(statement)
            .bind(id)
            .execute(&mut *conn)
            .await
            .map_err(StoreError::query("delete the repository"))?;
    }
    Ok(())
}
