//! Backfills of replications, and the images in them.

use gantry_model::replication::{Backfill, BackfillProgress, ReplicationStatus};
use gantry_model::{Digest, RepositoryName, Scope, UnixMillis};

use crate::replication::{Attempt, get, parsed};
use crate::{Conn, StoreError, Tx, body};

const WHAT: &str = "replication backfill";

/// An image of a backfill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackfillImage {
    pub name: RepositoryName,
    pub digest: Digest,
    pub status: ReplicationStatus,
    pub attempts: i64,
    pub failure: Option<String>,
}

/// Writes a backfill, new or changed.
///
/// # Errors
/// When the row cannot be written.
pub async fn put(tx: &mut Tx, backfill: &Backfill) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO replication_backfill (id, account, region, started_at, is_running, body)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET is_running = excluded.is_running, body = excluded.body",
    )
    .bind(&backfill.id)
    .bind(backfill.scope.account.as_str())
    .bind(backfill.scope.region.as_str())
    .bind(backfill.started_at.0)
    .bind(backfill.status.is_running())
    .bind(body::encode(WHAT, backfill)?)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the backfill"))?;
    Ok(())
}

/// The backfill of a registry with this id.
///
/// # Errors
/// When it cannot be read.
pub async fn find(conn: &mut Conn, scope: &Scope, id: &str) -> Result<Option<Backfill>, StoreError> {
    let text =
        sqlx::query_scalar("SELECT body FROM replication_backfill WHERE id = $1 AND account = $2 AND region = $3")
            .bind(id)
            .bind(scope.account.as_str())
            .bind(scope.region.as_str())
            .fetch_optional(conn)
            .await
            .map_err(StoreError::query("read the backfill"))?;
    body::decode_optional(WHAT, text)
}

/// The backfills of a registry, the last one first.
///
/// # Errors
/// When they cannot be read.
pub async fn of_registry(conn: &mut Conn, scope: &Scope) -> Result<Vec<Backfill>, StoreError> {
    let bodies: Vec<String> = sqlx::query_scalar(
        "SELECT body FROM replication_backfill WHERE account = $1 AND region = $2 ORDER BY started_at DESC, id",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the backfills"))?;
    body::decode_all(WHAT, &bodies)
}

/// The backfills that run, in every registry.
///
/// # Errors
/// When they cannot be read.
pub async fn running(conn: &mut Conn) -> Result<Vec<Backfill>, StoreError> {
    let bodies: Vec<String> =
        sqlx::query_scalar("SELECT body FROM replication_backfill WHERE is_running = 1 ORDER BY started_at, id")
            .fetch_all(conn)
            .await
            .map_err(StoreError::query("list the running backfills"))?;
    body::decode_all(WHAT, &bodies)
}

/// Adds the images of a repository to a backfill, those in the archive left out.
///
/// # Errors
/// When the rows cannot be written.
pub async fn add_images(tx: &mut Tx, backfill: &str, repository: i64, now: UnixMillis) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO replication_backfill_image (backfill, name, digest, status, due_at, attempts)
         SELECT $1, r.name, m.digest, 'IN_PROGRESS', $3, 0 FROM manifest m JOIN repository r ON r.id = m.repository
         WHERE m.repository = $2 AND m.archived_at IS NULL",
    )
    .bind(backfill)
    .bind(repository)
    .bind(now.0)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("add images to the backfill"))?;
    Ok(())
}

/// At most `limit` images of a backfill that are due.
///
/// # Errors
/// When they cannot be read.
pub async fn due(
    conn: &mut Conn,
    backfill: &str,
    now: UnixMillis,
    limit: i64,
) -> Result<Vec<BackfillImage>, StoreError> {
    let rows = sqlx::query(
        "SELECT name, digest, status, attempts, failure FROM replication_backfill_image
         WHERE backfill = $1 AND status = 'IN_PROGRESS' AND due_at <= $2 ORDER BY due_at, name, digest LIMIT $3",
    )
    .bind(backfill)
    .bind(now.0)
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the images of the backfill"))?;
    rows.iter().map(read_image).collect()
}

/// The images of a backfill that were tried to the end, by repository and digest.
///
/// # Errors
/// When they cannot be read.
pub async fn results(conn: &mut Conn, backfill: &str) -> Result<Vec<BackfillImage>, StoreError> {
    let rows = sqlx::query(
        "SELECT name, digest, status, attempts, failure FROM replication_backfill_image
         WHERE backfill = $1 AND status <> 'IN_PROGRESS' ORDER BY name, digest",
    )
    .bind(backfill)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the results of the backfill"))?;
    rows.iter().map(read_image).collect()
}

fn read_image(row: &sqlx::sqlite::SqliteRow) -> Result<BackfillImage, StoreError> {
    Ok(BackfillImage {
        name: parsed(row, "name")?,
        digest: parsed(row, "digest")?,
        status: parsed(row, "status")?,
        attempts: get(row, "attempts")?,
        failure: get(row, "failure")?,
    })
}

/// Writes how an image of a backfill stands.
///
/// # Errors
/// When the row cannot be written.
pub async fn note(tx: &mut Tx, backfill: &str, image: &BackfillImage, attempt: &Attempt) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE replication_backfill_image SET status = $4, due_at = $5, attempts = $6, failure = $7
         WHERE backfill = $1 AND name = $2 AND digest = $3",
    )
    .bind(backfill)
    .bind(image.name.as_str())
    .bind(image.digest.as_str())
    .bind(attempt.status.as_str())
    .bind(attempt.due_at.0)
    .bind(attempt.attempts)
    .bind(attempt.failure.as_deref())
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the image of the backfill"))?;
    Ok(())
}

/// Takes an image out of a backfill: it is gone.
///
/// # Errors
/// When the row cannot be written.
pub async fn leave_out(tx: &mut Tx, backfill: &str, image: &BackfillImage) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM replication_backfill_image WHERE backfill = $1 AND name = $2 AND digest = $3")
        .bind(backfill)
        .bind(image.name.as_str())
        .bind(image.digest.as_str())
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("take the image out of the backfill"))?;
    Ok(())
}

/// Takes those images out of a backfill that were not tried to the end.
///
/// # Errors
/// When the rows cannot be written.
pub async fn leave_out_the_rest(tx: &mut Tx, backfill: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM replication_backfill_image WHERE backfill = $1 AND status = 'IN_PROGRESS'")
        .bind(backfill)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("end the backfill"))?;
    Ok(())
}

/// How far a backfill is.
///
/// # Errors
/// When it cannot be read.
pub async fn progress(conn: &mut Conn, backfill: &str) -> Result<BackfillProgress, StoreError> {
    let rows: Vec<(String, Option<String>, i64)> = sqlx::query_as(
        "SELECT status, failure, COUNT(*) FROM replication_backfill_image WHERE backfill = $1 GROUP BY status, failure",
    )
    .bind(backfill)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("count the images of the backfill"))?;
    let mut progress = BackfillProgress::default();
    for (status, failure, count) in rows {
        progress.total += count;
        let malformed = |source| StoreError::Malformed { what: "replication status", source };
        match ReplicationStatus::try_from(status).map_err(malformed)? {
            ReplicationStatus::Complete => progress.completed += count,
            ReplicationStatus::Failed => {
                progress.failed += count;
                progress.failures.extend(failure);
            }
            ReplicationStatus::InProgress => {}
        }
    }
    Ok(progress)
}

/// Forgets backfills that were started before `before` and do not run.
///
/// # Errors
/// When the rows cannot be written.
pub async fn forget_before(tx: &mut Tx, before: UnixMillis) -> Result<(), StoreError> {
    const STATEMENTS: [&str; 2] = [
        "DELETE FROM replication_backfill_image WHERE backfill IN
           (SELECT id FROM replication_backfill WHERE started_at < $1 AND is_running = 0)",
        "DELETE FROM replication_backfill WHERE started_at < $1 AND is_running = 0",
    ];
    for statement in STATEMENTS {
        sqlx::query(statement)
            .bind(before.0)
            .execute(&mut **tx)
            .await
            .map_err(StoreError::query("forget old backfills"))?;
    }
    Ok(())
}
