//! Upload sessions: the rows of blobs that are still arriving. Their bytes are [`crate::blob::PartialBlob`]s under the
//! same id, whose length says how far they got; no row counts bytes.

use gantry_model::{InvalidName, UnixMillis, uuid_from_random};

use crate::blob::DigestAlgorithm;
use crate::{Conn, StoreError};

/// The id of an upload: a version 4 UUID in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadId(String);

impl UploadId {
    /// Takes `text` when it is a UUID in lower case. It names a file, so nothing else may pass.
    ///
    /// # Errors
    /// [`InvalidName`] when it is not.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidName> {
        let text = text.into();
        let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
        let valid = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match byte {
                b'-' => dash(at),
                b'0'..=b'9' | b'a'..=b'f' => !dash(at),
                _ => false,
            });
        if valid { Ok(Self(text)) } else { Err(InvalidName { kind: "upload id", rule: "be a UUID" }) }
    }

    /// Makes an id of 16 random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(uuid_from_random(bytes))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An upload session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub id: UploadId,
    /// The row id of the repository that it belongs to.
    pub repository: i64,
    /// The algorithm that its bytes are hashed with as they arrive.
    pub algorithm: DigestAlgorithm,
    pub touched_at: UnixMillis,
}

/// Adds a session.
///
/// # Errors
/// When the row cannot be written.
pub async fn insert(conn: &mut Conn, upload: &Upload) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO upload (id, repository, algorithm, started_at, touched_at) VALUES ($1, $2, $3, $4, $4)")
        .bind(upload.id.as_str())
        .bind(upload.repository)
        .bind(upload.algorithm.as_str())
        .bind(upload.touched_at.0)
        .execute(conn)
        .await
        .map_err(StoreError::query("start the upload"))?;
    Ok(())
}

/// The session `id` of a repository.
///
/// # Errors
/// When it cannot be read.
pub async fn find(conn: &mut Conn, repository: i64, id: &UploadId) -> Result<Option<Upload>, StoreError> {
    let row: Option<(String, i64)> =
        sqlx::query_as("SELECT algorithm, touched_at FROM upload WHERE id = $1 AND repository = $2")
            .bind(id.as_str())
            .bind(repository)
            .fetch_optional(conn)
            .await
            .map_err(StoreError::query("read the upload"))?;
    Ok(row.map(|(algorithm, touched_at)| Upload {
        id: id.clone(),
        repository,
        algorithm: DigestAlgorithm::parse(&algorithm).unwrap_or(DigestAlgorithm::Sha256),
        touched_at: UnixMillis(touched_at),
    }))
}

/// Notes that the session was used at `now`.
///
/// # Errors
/// When the row cannot be written.
pub async fn touch(conn: &mut Conn, id: &UploadId, now: UnixMillis) -> Result<(), StoreError> {
    sqlx::query("UPDATE upload SET touched_at = $2 WHERE id = $1 AND touched_at < $2")
        .bind(id.as_str())
        .bind(now.0)
        .execute(conn)
        .await
        .map_err(StoreError::query("note the use of the upload"))?;
    Ok(())
}

/// Takes the session away; answers whether it was there.
///
/// # Errors
/// When the row cannot be written.
pub async fn delete(conn: &mut Conn, id: &UploadId) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM upload WHERE id = $1")
        .bind(id.as_str())
        .execute(conn)
        .await
        .map_err(StoreError::query("end the upload"))?;
    Ok(done.rows_affected() > 0)
}

/// Takes away at most `limit` sessions that nobody has used since `before`; answers which.
///
/// # Errors
/// When the rows cannot be written.
pub async fn delete_abandoned(conn: &mut Conn, before: UnixMillis, limit: i64) -> Result<Vec<UploadId>, StoreError> {
    let ids: Vec<String> = sqlx::query_scalar(
        "DELETE FROM upload WHERE id IN (SELECT id FROM upload WHERE touched_at <= $1 ORDER BY touched_at LIMIT $2) RETURNING id",
    )
    .bind(before.0)
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("end abandoned uploads"))?;
    Ok(ids.into_iter().filter_map(|id| UploadId::parse(id).ok()).collect())
}

/// Whether a session with this id exists in any repository.
///
/// # Errors
/// When it cannot be read.
pub async fn exists(conn: &mut Conn, id: &UploadId) -> Result<bool, StoreError> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM upload WHERE id = $1)")
        .bind(id.as_str())
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("look for the upload"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_and_nothing_that_could_leave_the_folder() {
        let id = UploadId::from_random([0xab; 16]);
        assert_eq!(id.as_str(), "abababab-abab-4bab-abab-abababababab");
        assert_eq!(UploadId::parse(id.as_str()).unwrap(), id);
        for bad in [
            "",
            "..",
            "../../etc/passwd",
            "ABABABAB-abab-4bab-abab-abababababab",
            "abababababab-4bab-abab-abababababab-",
        ] {
            assert!(UploadId::parse(bad).is_err(), "{bad}");
        }
    }
}
