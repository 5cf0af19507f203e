//! The rows of blobs: that one exists, which repositories show it, and how long it is promised to clients.
//!
//! States of a blob: 0 shown by some repository or full of log lines, 1 by none (to be collected), 2 condemned (its file may be gone).
//! Only [`publish`], under the right of a [`super::Publication`], brings a condemned blob back.

use gantry_model::{Digest, RepositoryName, Scope, UnixMillis};

use crate::image::digests_json;
use crate::{Conn, StoreError};

/// A blob as one repository shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisibleBlob {
    /// The row id of the repository.
    pub repository: i64,
    pub size: i64,
    /// Until when it is promised; `None` when a manifest holds it.
    pub leased_until: Option<UnixMillis>,
}

/// Records a blob whose file is in place.
///
/// # Errors
/// When the row cannot be written.
pub async fn publish(conn: &mut Conn, digest: &Digest, size: i64, now: UnixMillis) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO blob (digest, size, created_at, verified_at, state) VALUES ($1, $2, $3, $3, 0)
         ON CONFLICT (digest) DO UPDATE SET size = excluded.size, verified_at = excluded.verified_at, state = 0",
    )
    .bind(digest.as_str())
    .bind(size)
    .bind(now.0)
    .execute(&mut *conn)
    .await
    .map_err(StoreError::query("record the blob"))?;
    sqlx::query("DELETE FROM damaged_blob WHERE digest = $1")
        .bind(digest.as_str())
        .execute(conn)
        .await
        .map_err(StoreError::query("note that the blob is whole again"))?;
    Ok(())
}

/// At most `limit` blobs that were not verified since `before`, with their sizes, the longest unverified first.
///
/// # Errors
/// When they cannot be read.
pub async fn unverified(conn: &mut Conn, before: UnixMillis, limit: i64) -> Result<Vec<(Digest, i64)>, StoreError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT digest, size FROM blob WHERE state = 0 AND verified_at < $1 ORDER BY verified_at LIMIT $2",
    )
    .bind(before.0)
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read which blobs to verify"))?;
    rows.iter().map(|(digest, size)| Ok((parse(digest)?, *size))).collect()
}

/// Notes that a blob was verified.
///
/// # Errors
/// When the row cannot be written.
pub async fn note_verified(conn: &mut Conn, digest: &Digest, now: UnixMillis) -> Result<(), StoreError> {
    sqlx::query("UPDATE blob SET verified_at = $2 WHERE digest = $1")
        .bind(digest.as_str())
        .bind(now.0)
        .execute(conn)
        .await
        .map_err(StoreError::query("note that the blob was verified"))?;
    Ok(())
}

/// Takes a damaged blob away from every repository: whoever asks for it is told that it is not here, and may push it again.
/// Answers the manifests that name it, by the row id of their repository.
///
/// # Errors
/// When the rows cannot be written.
pub async fn note_damaged(
    conn: &mut Conn,
    digest: &Digest,
    reason: &str,
    now: UnixMillis,
) -> Result<Vec<(i64, Digest)>, StoreError> {
    let failed = "take the damaged blob away";
    let named: Vec<(i64, String)> =
        sqlx::query_as("SELECT repository, manifest FROM manifest_reference WHERE referenced = $1")
            .bind(digest.as_str())
            .fetch_all(&mut *conn)
            .await
            .map_err(StoreError::query(failed))?;
    for statement in ["DELETE FROM repository_blob WHERE digest = $1", "DELETE FROM blob WHERE digest = $1"] {
        sqlx::query(statement).bind(digest.as_str()).execute(&mut *conn).await.map_err(StoreError::query(failed))?;
    }
    sqlx::query(
        "INSERT INTO damaged_blob (digest, found_at, reason) VALUES ($1, $2, $3)
         ON CONFLICT (digest) DO UPDATE SET found_at = excluded.found_at, reason = excluded.reason",
    )
    .bind(digest.as_str())
    .bind(now.0)
    .bind(reason)
    .execute(conn)
    .await
    .map_err(StoreError::query(failed))?;
    named.into_iter().map(|(repository, manifest)| Ok((repository, parse(&manifest)?))).collect()
}

/// How many blobs were found damaged and are not here again.
///
/// # Errors
/// When they cannot be counted.
pub async fn damaged(conn: &mut Conn) -> Result<i64, StoreError> {
    sqlx::query_scalar("SELECT COUNT(*) FROM damaged_blob")
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("count the damaged blobs"))
}

/// Shows a recorded blob in a repository, promised until `lease`. Answers false, and does nothing, when there is no
/// such blob or it is condemned.
///
/// # Errors
/// When the rows cannot be written.
pub async fn show(conn: &mut Conn, repository: i64, digest: &Digest, lease: UnixMillis) -> Result<bool, StoreError> {
    let live = sqlx::query("UPDATE blob SET state = 0 WHERE digest = $1 AND state < 2")
        .bind(digest.as_str())
        .execute(&mut *conn)
        .await
        .map_err(StoreError::query("claim the blob"))?;
    if live.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO repository_blob (repository, digest, leased_until) VALUES ($1, $2, $3)
         ON CONFLICT (repository, digest) DO UPDATE SET leased_until = excluded.leased_until
         WHERE repository_blob.leased_until IS NULL OR repository_blob.leased_until < excluded.leased_until",
    )
    .bind(repository)
    .bind(digest.as_str())
    .bind(lease.0)
    .execute(conn)
    .await
    .map_err(StoreError::query("show the blob in the repository"))?;
    Ok(true)
}

/// Prolongs the promise of a blob that a repository shows. Answers false when it does not show it any more.
///
/// # Errors
/// When the row cannot be written.
pub async fn lease(conn: &mut Conn, repository: i64, digest: &Digest, until: UnixMillis) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE repository_blob SET leased_until = CASE WHEN leased_until > $3 THEN leased_until ELSE $3 END
         WHERE repository = $1 AND digest = $2",
    )
    .bind(repository)
    .bind(digest.as_str())
    .bind(until.0)
    .execute(conn)
    .await
    .map_err(StoreError::query("prolong the promise of the blob"))?;
    Ok(done.rows_affected() > 0)
}

/// Whether one of `digests` is shown by the repository on a promise that ends before `time`.
///
/// # Errors
/// When they cannot be read.
pub async fn lapses(
    conn: &mut Conn,
    repository: i64,
    digests: &[Digest],
    time: UnixMillis,
) -> Result<bool, StoreError> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM repository_blob WHERE repository = $1 AND leased_until < $3
         AND digest IN (SELECT value FROM json_each($2)))",
    )
    .bind(repository)
    .bind(digests_json(digests)?)
    .bind(time.0)
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("look for promises that end soon"))
}

/// The length of a blob that is recorded and not condemned, whoever shows it.
///
/// # Errors
/// When it cannot be read.
pub async fn size(conn: &mut Conn, digest: &Digest) -> Result<Option<i64>, StoreError> {
    sqlx::query_scalar("SELECT size FROM blob WHERE digest = $1 AND state < 2")
        .bind(digest.as_str())
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the blob"))
}

/// The repository `name` and the blob in it: `None` when there is no such repository, `Some((id, None))` when it does
/// not show the blob.
///
/// # Errors
/// When they cannot be read.
pub async fn find(
    conn: &mut Conn,
    scope: &Scope,
    name: &RepositoryName,
    digest: &Digest,
) -> Result<Option<(i64, Option<VisibleBlob>)>, StoreError> {
    let row: Option<(i64, Option<i64>, Option<i64>)> = sqlx::query_as(
        "SELECT r.id, b.size, l.leased_until FROM repository r
         LEFT JOIN repository_blob l ON l.repository = r.id AND l.digest = $4
         LEFT JOIN blob b ON b.digest = l.digest
         WHERE r.account = $1 AND r.region = $2 AND r.name = $3",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(name.as_str())
    .bind(digest.as_str())
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("read the blob of the repository"))?;
    Ok(row.map(|(repository, size, leased_until)| {
        let leased_until = leased_until.map(UnixMillis);
        (repository, size.map(|size| VisibleBlob { repository, size, leased_until }))
    }))
}

/// A repository of the scope that shows the blob; any, when there are several.
///
/// # Errors
/// When it cannot be read.
pub async fn shown_by(conn: &mut Conn, scope: &Scope, digest: &Digest) -> Result<Option<RepositoryName>, StoreError> {
    let name: Option<String> = sqlx::query_scalar(
        "SELECT r.name FROM repository_blob l JOIN repository r ON r.id = l.repository
         WHERE l.digest = $3 AND r.account = $1 AND r.region = $2 LIMIT 1",
    )
    .bind(scope.account.as_str())
    .bind(scope.region.as_str())
    .bind(digest.as_str())
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("look for the blob"))?;
    name.map(RepositoryName::parse).transpose().map_err(|source| StoreError::Malformed { what: "repository", source })
}

/// Shows in `to` a blob that `from` shows, promised until `until`. Answers false, and does nothing, when `from` does
/// not show it.
///
/// # Errors
/// When the rows cannot be written.
pub async fn mount(
    conn: &mut Conn,
    from: i64,
    to: i64,
    digest: &Digest,
    until: UnixMillis,
) -> Result<bool, StoreError> {
    let shown: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM repository_blob WHERE repository = $1 AND digest = $2)")
            .bind(from)
            .bind(digest.as_str())
            .fetch_one(&mut *conn)
            .await
            .map_err(StoreError::query("look for the blob to mount"))?;
    Ok(shown && show(conn, to, digest, until).await?)
}

/// Takes the blob out of a repository. Answers false when it was not shown there.
///
/// # Errors
/// When the rows cannot be written.
pub async fn hide(conn: &mut Conn, repository: i64, digest: &Digest) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM repository_blob WHERE repository = $1 AND digest = $2")
        .bind(repository)
        .bind(digest.as_str())
        .execute(&mut *conn)
        .await
        .map_err(StoreError::query("take the blob out of the repository"))?;
    release(conn, digest.as_str()).await?;
    Ok(done.rows_affected() > 0)
}

/// Leaves a blob to the collector, unless a repository shows it or log lines are in it.
pub(crate) async fn release(conn: &mut Conn, digest: &str) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE blob SET state = 1 WHERE digest = $1 AND state = 0
         AND NOT EXISTS (SELECT 1 FROM repository_blob l WHERE l.digest = blob.digest)
         AND NOT EXISTS (SELECT 1 FROM log_segment s WHERE s.digest = blob.digest)",
    )
    .bind(digest)
    .execute(conn)
    .await
    .map_err(StoreError::query("note that nobody shows the blob"))?;
    Ok(())
}

/// Which of `digests` the repository shows, with their lengths.
///
/// # Errors
/// When they cannot be read.
pub async fn shown_of(conn: &mut Conn, repository: i64, digests: &[Digest]) -> Result<Vec<(String, i64)>, StoreError> {
    sqlx::query_as(
        "SELECT b.digest, b.size FROM repository_blob l JOIN blob b ON b.digest = l.digest
         WHERE l.repository = $1 AND l.digest IN (SELECT value FROM json_each($2))",
    )
    .bind(repository)
    .bind(digests_json(digests)?)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("look for blobs of the repository"))
}

/// Reviews at most `limit` promises that ended by `now`: a blob that a manifest of its repository names stays for good,
/// any other is taken out. Answers how many were reviewed and how many were taken out.
///
/// # Errors
/// When the rows cannot be written.
pub async fn review_leases(conn: &mut Conn, now: UnixMillis, limit: i64) -> Result<(usize, usize), StoreError> {
    let due: Vec<(i64, String, bool)> = sqlx::query_as(
        "SELECT l.repository, l.digest, EXISTS (SELECT 1 FROM manifest_reference m
                WHERE m.repository = l.repository AND m.referenced = l.digest)
         FROM repository_blob l WHERE l.leased_until <= $1 ORDER BY l.leased_until LIMIT $2",
    )
    .bind(now.0)
    .bind(limit)
    .fetch_all(&mut *conn)
    .await
    .map_err(StoreError::query("look for promises that ended"))?;
    let mut taken_out = 0;
    for (repository, digest, held) in &due {
        if *held {
            sqlx::query("UPDATE repository_blob SET leased_until = NULL WHERE repository = $1 AND digest = $2")
                .bind(repository)
                .bind(digest)
                .execute(&mut *conn)
                .await
                .map_err(StoreError::query("keep the blob of a manifest"))?;
        } else {
            let digest = parse(digest)?;
            taken_out += usize::from(hide(&mut *conn, *repository, &digest).await?);
        }
    }
    Ok((due.len(), taken_out))
}

/// Condemns at most `limit` blobs that no repository shows; answers them, with those condemned by an earlier run that
/// did not end.
///
/// # Errors
/// When the rows cannot be written.
pub async fn condemn(conn: &mut Conn, limit: i64) -> Result<Vec<Digest>, StoreError> {
    let digests: Vec<String> = sqlx::query_scalar(
        "UPDATE blob SET state = 2 WHERE digest IN (
             SELECT b.digest FROM blob b WHERE b.state > 0
             AND NOT EXISTS (SELECT 1 FROM repository_blob l WHERE l.digest = b.digest) LIMIT $1)
         RETURNING digest",
    )
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("condemn blobs"))?;
    digests.iter().map(|digest| parse(digest)).collect()
}

/// Forgets condemned blobs whose files are gone.
///
/// # Errors
/// When the rows cannot be written.
pub async fn forget(conn: &mut Conn, digests: &[Digest]) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM blob WHERE state = 2 AND digest IN (SELECT value FROM json_each($1))")
        .bind(digests_json(digests)?)
        .execute(conn)
        .await
        .map_err(StoreError::query("forget blobs"))?;
    Ok(())
}

/// Whether a blob is recorded, in whatever state.
///
/// # Errors
/// When it cannot be read.
pub async fn is_recorded(conn: &mut Conn, digest: &Digest) -> Result<bool, StoreError> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM blob WHERE digest = $1)")
        .bind(digest.as_str())
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("look for the blob's record"))
}

fn parse(digest: &str) -> Result<Digest, StoreError> {
    Digest::parse(digest).map_err(|source| StoreError::Malformed { what: "digest", source })
}
