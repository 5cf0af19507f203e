//! Referrers: manifests whose `subject` is another one (OCI Distribution 1.1, "Listing Referrers").

use gantry_model::Digest;

use super::digest;
use crate::{Conn, StoreError};

/// What the list of referrers says of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrer {
    pub digest: Digest,
    pub media_type: String,
    /// `artifactType`, else the config's media type; an index without one has none.
    pub artifact_type: Option<String>,
    /// The length of the manifest.
    pub size: i64,
    /// The text of a JSON object.
    pub annotations: Option<String>,
    /// Whether it is in the archive.
    pub is_archived: bool,
}

type ReferrerRow = (String, String, Option<String>, i64, Option<String>, bool);

/// At most `limit` referrers of `subject` after the digest `after`, by digest; only those of `artifact_type` if given.
///
/// # Errors
/// When they cannot be read.
pub async fn of_subject(
    conn: &mut Conn,
    repository: i64,
    subject: &Digest,
    artifact_type: Option<&str>,
    after: Option<&Digest>,
    limit: i64,
) -> Result<Vec<Referrer>, StoreError> {
    let rows: Vec<ReferrerRow> = sqlx::query_as(
        "SELECT digest, media_type, artifact_type, LENGTH(bytes), annotations, archived_at IS NOT NULL FROM manifest
         WHERE repository = $1 AND subject = $2 AND digest > $3 AND ($4 IS NULL OR artifact_type = $4)
         ORDER BY digest LIMIT $5",
    )
    .bind(repository)
    .bind(subject.as_str())
    .bind(after.map(Digest::as_str).unwrap_or_default())
    .bind(artifact_type)
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the referrers"))?;
    rows.into_iter()
        .map(|(of, media_type, artifact_type, size, annotations, is_archived)| {
            Ok(Referrer { digest: digest(of)?, media_type, artifact_type, size, annotations, is_archived })
        })
        .collect()
}
