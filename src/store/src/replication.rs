//! What of images was brought, or is to be brought, to other registries; and what was deleted here and is to be there.

use gantry_model::ids::InvalidName;
use gantry_model::replication::{Replication, ReplicationStatus};
use gantry_model::{Digest, ImageTag, RepositoryName, Scope, UnixMillis};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::{Conn, StoreError, Tx};

/// An image that is to be brought to a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingCopy {
    pub repository: i64,
    pub digest: Digest,
    pub destination: Scope,
    /// How often it was tried.
    pub attempts: i64,
}

/// What is to be deleted at a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingDeletion {
    pub id: i64,
    /// The repository here.
    pub from: Scope,
    pub name: RepositoryName,
    pub digest: Digest,
    /// The tag that went; `None` when the whole image did.
    pub tag: Option<ImageTag>,
    pub destination: Scope,
    pub attempts: i64,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub status: ReplicationStatus,
    pub attempts: i64,
    /// When it is tried again, if it is.
    pub due_at: UnixMillis,
    pub failure: Option<String>,
}

/// Asks for a copy of an image.
///
/// # Errors
/// When the row cannot be written.
pub async fn request(
    tx: &mut Tx,
    repository: i64,
    digest: &Digest,
    destination: &Scope,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let attempt = Attempt { status: ReplicationStatus::InProgress, attempts: 0, due_at: now, failure: None };
    note(tx, repository, digest, destination, &attempt).await
}

/// Writes how the copy of an image stands.
///
/// # Errors
/// When the row cannot be written.
pub async fn note(
    tx: &mut Tx,
    repository: i64,
    digest: &Digest,
    destination: &Scope,
    attempt: &Attempt,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO replication (repository, digest, account, region, status, due_at, attempts, failure)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (repository, digest, account, region) DO UPDATE SET status = excluded.status,
           due_at = excluded.due_at, attempts = excluded.attempts, failure = excluded.failure",
    )
    .bind(repository)
    .bind(digest.as_str())
    .bind(destination.account.as_str())
    .bind(destination.region.as_str())
    .bind(attempt.status.as_str())
    .bind(attempt.due_at.0)
    .bind(attempt.attempts)
    .bind(attempt.failure.as_deref())
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the replication"))?;
    Ok(())
}

/// How often a copy that is pending was tried; `None` when it is not pending.
///
/// # Errors
/// When it cannot be read.
pub async fn attempts(conn: &mut Conn, copy: &PendingCopy) -> Result<Option<i64>, StoreError> {
    sqlx::query_scalar(
        "SELECT attempts FROM replication WHERE repository = $1 AND digest = $2 AND account = $3 AND region = $4
         AND status = 'IN_PROGRESS'",
    )
    .bind(copy.repository)
    .bind(copy.digest.as_str())
    .bind(copy.destination.account.as_str())
    .bind(copy.destination.region.as_str())
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("read the replication"))
}

/// Forgets the copy of an image that cannot be copied any more.
///
/// # Errors
/// When the row cannot be written.
pub async fn forget(tx: &mut Tx, copy: &PendingCopy) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM replication WHERE repository = $1 AND digest = $2 AND account = $3 AND region = $4")
        .bind(copy.repository)
        .bind(copy.digest.as_str())
        .bind(copy.destination.account.as_str())
        .bind(copy.destination.region.as_str())
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("forget the replication"))?;
    Ok(())
}

/// At most `limit` copies that are due, the longest due first.
///
/// # Errors
/// When they cannot be read.
pub async fn due(conn: &mut Conn, now: UnixMillis, limit: i64) -> Result<Vec<PendingCopy>, StoreError> {
    let rows = sqlx::query(
        "SELECT repository, digest, account, region, attempts FROM replication
         WHERE status = 'IN_PROGRESS' AND due_at <= $1 ORDER BY due_at, repository, digest LIMIT $2",
    )
    .bind(now.0)
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read what is to be replicated"))?;
    rows.iter()
        .map(|row| {
            Ok(PendingCopy {
                repository: get(row, "repository")?,
                digest: parsed(row, "digest")?,
                destination: scope(row, "account", "region")?,
                attempts: get(row, "attempts")?,
            })
        })
        .collect()
}

/// How the copies of an image stand, by destination.
///
/// # Errors
/// When they cannot be read.
pub async fn of_image(conn: &mut Conn, repository: i64, digest: &Digest) -> Result<Vec<Replication>, StoreError> {
    let rows = sqlx::query(
        "SELECT account, region, status, failure FROM replication WHERE repository = $1 AND digest = $2
         ORDER BY account, region",
    )
    .bind(repository)
    .bind(digest.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the replications of the image"))?;
    rows.iter()
        .map(|row| {
            Ok(Replication {
                destination: scope(row, "account", "region")?,
                status: parsed(row, "status")?,
                failure: get(row, "failure")?,
            })
        })
        .collect()
}

/// Asks for a deletion; its `id` and `attempts` are not heeded.
///
/// # Errors
/// When the row cannot be written.
pub async fn request_deletion(tx: &mut Tx, deletion: &PendingDeletion, now: UnixMillis) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO replicated_deletion (from_account, from_region, name, digest, tag, account, region, due_at, attempts)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)",
    )
    .bind(deletion.from.account.as_str())
    .bind(deletion.from.region.as_str())
    .bind(deletion.name.as_str())
    .bind(deletion.digest.as_str())
    .bind(deletion.tag.as_ref().map(ImageTag::as_str))
    .bind(deletion.destination.account.as_str())
    .bind(deletion.destination.region.as_str())
    .bind(now.0)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the deletion"))?;
    Ok(())
}

/// At most `limit` deletions that are due, the longest due first.
///
/// # Errors
/// When they cannot be read.
pub async fn due_deletions(conn: &mut Conn, now: UnixMillis, limit: i64) -> Result<Vec<PendingDeletion>, StoreError> {
    let rows = sqlx::query("SELECT * FROM replicated_deletion WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2")
        .bind(now.0)
        .bind(limit)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("read what is to be deleted"))?;
    rows.iter()
        .map(|row| {
            let tag: Option<String> = get(row, "tag")?;
            let malformed = |source| StoreError::Malformed { what: "image tag", source };
            Ok(PendingDeletion {
                id: get(row, "id")?,
                from: scope(row, "from_account", "from_region")?,
                name: parsed(row, "name")?,
                digest: parsed(row, "digest")?,
                tag: tag.map(ImageTag::parse).transpose().map_err(malformed)?,
                destination: scope(row, "account", "region")?,
                attempts: get(row, "attempts")?,
            })
        })
        .collect()
}

/// Puts a deletion off until `due_at`; without that it is over.
///
/// # Errors
/// When the row cannot be written.
pub async fn note_deletion(tx: &mut Tx, id: i64, due_at: Option<UnixMillis>) -> Result<(), StoreError> {
    let statement = match due_at {
        Some(_) => "UPDATE replicated_deletion SET due_at = $2, attempts = attempts + 1 WHERE id = $1",
        None => "DELETE FROM replicated_deletion WHERE id = $1",
    };
    let mut query = sqlx::query(statement).bind(id);
    if let Some(at) = due_at {
        query = query.bind(at.0);
    }
    query.execute(&mut **tx).await.map_err(StoreError::query("write the deletion"))?;
    Ok(())
}

/// When the next copy or deletion is due.
///
/// # Errors
/// When it cannot be read.
pub async fn next_due(conn: &mut Conn) -> Result<Option<UnixMillis>, StoreError> {
    let at: Option<i64> = sqlx::query_scalar(
        "SELECT MIN(due_at) FROM (SELECT due_at FROM replication WHERE status = 'IN_PROGRESS'
           UNION ALL SELECT due_at FROM replicated_deletion
           UNION ALL SELECT due_at FROM replication_backfill_image WHERE status = 'IN_PROGRESS')",
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("read when something is to be replicated"))?;
    Ok(at.map(UnixMillis))
}

pub(crate) fn get<'r, T>(row: &'r SqliteRow, column: &str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    row.try_get(column).map_err(StoreError::query("read a replication"))
}

pub(crate) fn parsed<T: TryFrom<String, Error = InvalidName>>(
    row: &SqliteRow,
    column: &'static str,
) -> Result<T, StoreError> {
    T::try_from(get(row, column)?).map_err(|source| StoreError::Malformed { what: column, source })
}

fn scope(row: &SqliteRow, account: &'static str, region: &'static str) -> Result<Scope, StoreError> {
    Ok(Scope { account: parsed(row, account)?, region: parsed(row, region)? })
}
