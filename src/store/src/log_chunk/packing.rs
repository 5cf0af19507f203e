//! Packing: chunks of a group move out of the database into a segment, a blob that no repository shows. So it lies where
//! layers lie, is verified and backed up as they are, and the database stays small.

use gantry_model::{Digest, UnixMillis};

use crate::blob::rows;
use crate::{Conn, StoreError, Tx};

/// The groups whose chunks outside of segments have at least `bytes` bytes together.
///
/// # Errors
/// When the database cannot be read.
pub async fn groups_with(conn: &mut Conn, bytes: i64) -> Result<Vec<i64>, StoreError> {
    sqlx::query_scalar(
        "SELECT log_group FROM log_chunk WHERE segment IS NULL GROUP BY log_group HAVING SUM(length) >= $1",
    )
    .bind(bytes)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("look for log lines to pack"))
}

/// Chunks of a group that are in no segment, the oldest first, with their bytes; at most `limit`.
///
/// # Errors
/// When the database cannot be read.
pub async fn unpacked(conn: &mut Conn, group: i64, limit: i64) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    sqlx::query_as("SELECT id, body FROM log_chunk WHERE log_group = $1 AND segment IS NULL ORDER BY id LIMIT $2")
        .bind(group)
        .bind(limit)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("read log lines to pack"))
}

/// Notes that chunks lie in the segment `digest` of `size` bytes, whose file is in place: of each its id and where it
/// begins. Those that were deleted meanwhile are left out.
///
/// # Errors
/// When the database cannot be written.
pub async fn record(tx: &mut Tx, digest: &Digest, size: i64, chunks: &[(i64, i64)]) -> Result<(), StoreError> {
    let now: UnixMillis = tx.now();
    rows::publish(tx, digest, size, now).await?;
    let segment: i64 = sqlx::query_scalar("INSERT INTO log_segment (digest, chunks) VALUES ($1, 0) RETURNING id")
        .bind(digest.as_str())
        .fetch_one(&mut **tx)
        .await
        .map_err(StoreError::query("write the log segment"))?;
    let mut packed = 0;
    for (chunk, at) in chunks {
        let done = sqlx::query("UPDATE log_chunk SET body = NULL, segment = $2, segment_at = $3 WHERE id = $1")
            .bind(chunk)
            .bind(segment)
            .bind(at)
            .execute(&mut **tx)
            .await
            .map_err(StoreError::query("note that log lines are packed"))?;
        packed += i64::try_from(done.rows_affected()).unwrap_or_default();
    }
    take_from(tx, segment, -packed).await
}

/// Notes that so many chunks fewer are in a segment. Without any it goes, and its blob is collected.
pub(super) async fn take_from(tx: &mut Tx, segment: i64, chunks: i64) -> Result<(), StoreError> {
    let failed = "note how many chunks are in the log segment";
    let (left, digest): (i64, String) =
        sqlx::query_as("UPDATE log_segment SET chunks = chunks - $2 WHERE id = $1 RETURNING chunks, digest")
            .bind(segment)
            .bind(chunks)
            .fetch_one(&mut **tx)
            .await
            .map_err(StoreError::query(failed))?;
    if left > 0 {
        return Ok(());
    }
    sqlx::query("DELETE FROM log_segment WHERE id = $1")
        .bind(segment)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the log segment"))?;
    rows::release(tx, &digest).await
}
