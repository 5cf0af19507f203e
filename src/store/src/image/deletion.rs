//! Taking tags and manifests away.

use gantry_model::{Digest, ImageTag, UnixMillis};

use super::digest;
use crate::{Conn, StoreError};

/// Takes a tag away; the manifest stays. Answers false when there was no such tag.
///
/// # Errors
/// When the row cannot be written.
pub async fn delete_tag(conn: &mut Conn, repository: i64, tag: &ImageTag) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM image_tag WHERE repository = $1 AND tag = $2")
        .bind(repository)
        .bind(tag.as_str())
        .execute(conn)
        .await
        .map_err(StoreError::query("delete the tag"))?;
    Ok(done.rows_affected() > 0)
}

/// An index of the repository that names the manifest `of`, if there is one.
///
/// # Errors
/// When it cannot be read.
pub async fn index_naming(conn: &mut Conn, repository: i64, of: &Digest) -> Result<Option<Digest>, StoreError> {
    let index: Option<String> = sqlx::query_scalar(
        "SELECT manifest FROM manifest_reference WHERE repository = $1 AND referenced = $2 AND manifest <> $2 LIMIT 1",
    )
    .bind(repository)
    .bind(of.as_str())
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("look for an index that names the manifest"))?;
    index.map(digest).transpose()
}

/// Takes a manifest and its tags away. The blobs that it named stay promised until `lease`, its referrers count as
/// orphaned from `now` on. Answers false when there was no such manifest.
///
/// # Errors
/// When the rows cannot be written.
pub async fn delete_manifest(
    conn: &mut Conn,
    repository: i64,
    of: &Digest,
    now: UnixMillis,
    lease: UnixMillis,
) -> Result<bool, StoreError> {
    const BLOBS: &str = "UPDATE repository_blob SET leased_until = $3
         WHERE repository = $1 AND (leased_until IS NULL OR leased_until < $3)
         AND digest IN (SELECT referenced FROM manifest_reference WHERE repository = $1 AND manifest = $2)";
    const REFERRERS: &str = "UPDATE manifest SET orphaned_at = $3 WHERE repository = $1 AND subject = $2";
    const REST: [&str; 5] = [
        "DELETE FROM image_tag WHERE repository = $1 AND digest = $2",
        "DELETE FROM manifest_reference WHERE repository = $1 AND manifest = $2",
        "DELETE FROM image_scan WHERE repository = $1 AND digest = $2",
        "DELETE FROM replication WHERE repository = $1 AND digest = $2",
        "DELETE FROM manifest WHERE repository = $1 AND digest = $2",
    ];
    for (statement, time) in [(BLOBS, lease), (REFERRERS, now)] {
        sqlx::query(statement)
            .bind(repository)
            .bind(of.as_str())
            .bind(time.0)
            .execute(&mut *conn)
            .await
            .map_err(StoreError::query("release what the manifest names"))?;
    }
    let mut rows = 0;
    for statement in REST {
        let done = sqlx::query(statement)
            .bind(repository)
            .bind(of.as_str())
            .execute(&mut *conn)
            .await
            .map_err(StoreError::query("delete the manifest"))?;
        // The last statement is the manifest's own.
        rows = done.rows_affected();
    }
    Ok(rows > 0)
}

/// At most `limit` referrers whose subject was deleted by `before` and has not come back, and that neither a tag nor an
/// index holds.
///
/// # Errors
/// When they cannot be read.
pub async fn orphans(conn: &mut Conn, before: UnixMillis, limit: i64) -> Result<Vec<(i64, Digest)>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT m.repository, m.digest FROM manifest m WHERE m.orphaned_at <= $1
         AND NOT EXISTS (SELECT 1 FROM image_tag t WHERE t.repository = m.repository AND t.digest = m.digest)
         AND NOT EXISTS (SELECT 1 FROM manifest_reference f WHERE f.repository = m.repository AND f.referenced = m.digest)
         LIMIT $2",
    )
    .bind(before.0)
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("look for referrers without a subject"))?;
    rows.into_iter().map(|(repository, of)| Ok((repository, digest(of)?))).collect()
}
