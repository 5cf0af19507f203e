//! Images: manifests byte for byte, what they name, and the tags that name them.
//!
//! Invariants:
//! - a manifest, its references and the tags that it was pushed under are written in one transaction;
//! - what a manifest names is in `manifest_reference` as long as the manifest is there: that is what keeps blobs and
//!   children from collection. A `subject` is not a reference: it may be missing, and does not live longer for it.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use gantry_model::image::Image;
use gantry_model::{Digest, ImageTag, InvalidName, RepositoryName, Scope, UnixMillis};

use crate::repository::RepositoryRow;
use crate::{Conn, StoreError, body};

pub mod deletion;
pub mod referrers;
#[cfg(test)]
mod tests;

/// A manifest to be written.
#[derive(Debug, Clone)]
pub struct NewManifest {
    pub digest: Digest,
    pub media_type: String,
    pub artifact_type: Option<String>,
    pub subject: Option<Digest>,
    /// The manifest's annotations as the text of a JSON object.
    pub annotations: Option<String>,
    pub bytes: Bytes,
    pub size: i64,
    /// Blobs and manifests that it names, without the subject.
    pub references: Vec<Digest>,
}

/// A manifest as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestRow {
    pub digest: Digest,
    pub media_type: String,
    pub bytes: Vec<u8>,
    pub last_pulled_at: Option<UnixMillis>,
    /// When an upstream was last asked what the tag names that it was found by, if it came from one.
    pub checked_at: Option<UnixMillis>,
}

/// How a client names a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    Tag(ImageTag),
    Digest(Digest),
}

impl Reference {
    /// Reads `text`: with a colon it can only be a digest, for a tag has none.
    ///
    /// # Errors
    /// [`InvalidName`] with the rule of what it would have been.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        if text.contains(':') { Digest::parse(text).map(Self::Digest) } else { ImageTag::parse(text).map(Self::Tag) }
    }

    /// The tag, when it is one.
    #[must_use]
    pub fn tag(&self) -> Option<&ImageTag> {
        match self {
            Self::Tag(tag) => Some(tag),
            Self::Digest(_) => None,
        }
    }

    /// The digest, when it is one.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Tag(_) => None,
            Self::Digest(digest) => Some(digest),
        }
    }
}

/// Digests as the JSON list that `json_each` takes.
pub(crate) fn digests_json(digests: &[Digest]) -> Result<String, StoreError> {
    body::encode("digests", &digests)
}

fn digest(text: String) -> Result<Digest, StoreError> {
    Digest::parse(text).map_err(|source| StoreError::Malformed { what: "digest", source })
}

fn tag(text: String) -> Result<ImageTag, StoreError> {
    ImageTag::parse(text).map_err(|source| StoreError::Malformed { what: "image tag", source })
}

/// Repository, digest, media type, bytes, last pulled, checked.
type ServedRow = (i64, Option<String>, Option<String>, Option<Vec<u8>>, Option<i64>, Option<i64>);

/// The repository `name` and the manifest in it: `None` when there is no such repository, `Some((id, None))` when it
/// holds no such manifest, or only in the archive.
///
/// # Errors
/// When they cannot be read.
pub async fn find(
    conn: &mut Conn,
    scope: &Scope,
    name: &RepositoryName,
    reference: &Reference,
) -> Result<Option<(i64, Option<ManifestRow>)>, StoreError> {
    let (query, key) = match reference {
        Reference::Digest(digest) => (
            "SELECT r.id, m.digest, m.media_type, m.bytes, m.last_pulled_at, NULL FROM repository r
             LEFT JOIN manifest m ON m.repository = r.id AND m.digest = $4 AND m.archived_at IS NULL
             WHERE r.account = $1 AND r.region = $2 AND r.name = $3",
            digest.as_str(),
        ),
        Reference::Tag(tag) => (
            "SELECT r.id, m.digest, m.media_type, m.bytes, m.last_pulled_at, t.checked_at FROM repository r
             LEFT JOIN image_tag t ON t.repository = r.id AND t.tag = $4
             LEFT JOIN manifest m ON m.repository = r.id AND m.digest = t.digest AND m.archived_at IS NULL
             WHERE r.account = $1 AND r.region = $2 AND r.name = $3",
            tag.as_str(),
        ),
    };
    let row: Option<ServedRow> = sqlx::query_as(query)
        .bind(scope.account.as_str())
        .bind(scope.region.as_str())
        .bind(name.as_str())
        .bind(key)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the manifest"))?;
    row.map(|(id, digest_text, media_type, bytes, pulled, checked)| {
        let manifest = match (digest_text, media_type, bytes) {
            (Some(text), Some(media_type), Some(bytes)) => {
                let (last_pulled_at, checked_at) = (pulled.map(UnixMillis), checked.map(UnixMillis));
                Some(ManifestRow { digest: digest(text)?, media_type, bytes, last_pulled_at, checked_at })
            }
            _ => None,
        };
        Ok((id, manifest))
    })
    .transpose()
}

/// Whether the repository holds the manifest.
///
/// # Errors
/// When it cannot be read.
pub async fn exists(conn: &mut Conn, repository: i64, digest: &Digest) -> Result<bool, StoreError> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM manifest WHERE repository = $1 AND digest = $2)")
        .bind(repository)
        .bind(digest.as_str())
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("look for the manifest"))
}

/// Which of `digests` are manifests of the repository, with the sizes of their images.
///
/// # Errors
/// When they cannot be read.
pub async fn manifests_of(
    conn: &mut Conn,
    repository: i64,
    digests: &[Digest],
) -> Result<Vec<(String, i64)>, StoreError> {
    sqlx::query_as(
        "SELECT digest, size FROM manifest WHERE repository = $1 AND digest IN (SELECT value FROM json_each($2))",
    )
    .bind(repository)
    .bind(digests_json(digests)?)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("look for manifests"))
}

/// Writes a manifest and what it names. Of one that is there already only the media type may change; it leaves the
/// archive.
///
/// # Errors
/// When the rows cannot be written.
pub async fn insert(
    conn: &mut Conn,
    repository: i64,
    manifest: &NewManifest,
    now: UnixMillis,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO manifest (repository, digest, media_type, artifact_type, subject, annotations, bytes, size, pushed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (repository, digest) DO UPDATE SET media_type = excluded.media_type, orphaned_at = NULL,
           activated_at = CASE WHEN manifest.archived_at IS NULL THEN manifest.activated_at ELSE excluded.pushed_at END,
           archived_at = NULL",
    )
    .bind(repository)
    .bind(manifest.digest.as_str())
    .bind(manifest.media_type.as_str())
    .bind(manifest.artifact_type.as_deref())
    .bind(manifest.subject.as_ref().map(Digest::as_str))
    .bind(manifest.annotations.as_deref())
    .bind(manifest.bytes.as_ref())
    .bind(manifest.size)
    .bind(now.0)
    .execute(&mut *conn)
    .await
    .map_err(StoreError::query("write the manifest"))?;
    sqlx::query(
        "INSERT INTO manifest_reference (repository, manifest, referenced)
         SELECT DISTINCT $1, $2, value FROM json_each($3) WHERE TRUE ON CONFLICT DO NOTHING",
    )
    .bind(repository)
    .bind(manifest.digest.as_str())
    .bind(digests_json(&manifest.references)?)
    .execute(&mut *conn)
    .await
    .map_err(StoreError::query("write what the manifest names"))?;
    sqlx::query("UPDATE manifest SET orphaned_at = NULL WHERE repository = $1 AND subject = $2")
        .bind(repository)
        .bind(manifest.digest.as_str())
        .execute(conn)
        .await
        .map_err(StoreError::query("reunite referrers with their subject"))?;
    Ok(())
}

/// Notes that the image was pulled at `now`.
///
/// # Errors
/// When the row cannot be written.
pub async fn note_pull(conn: &mut Conn, repository: i64, digest: &Digest, now: UnixMillis) -> Result<(), StoreError> {
    sqlx::query("UPDATE manifest SET last_pulled_at = $3 WHERE repository = $1 AND digest = $2")
        .bind(repository)
        .bind(digest.as_str())
        .bind(now.0)
        .execute(conn)
        .await
        .map_err(StoreError::query("note the pull"))?;
    Ok(())
}

/// Puts an image into the archive or takes it out at `now`.
///
/// # Errors
/// When the row cannot be written.
pub async fn set_archived(
    conn: &mut Conn,
    repository: i64,
    digest: &Digest,
    archived: bool,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let statement = match archived {
        true => "UPDATE manifest SET archived_at = $3 WHERE repository = $1 AND digest = $2",
        false => "UPDATE manifest SET archived_at = NULL, activated_at = $3 WHERE repository = $1 AND digest = $2",
    };
    sqlx::query(statement)
        .bind(repository)
        .bind(digest.as_str())
        .bind(now.0)
        .execute(conn)
        .await
        .map_err(StoreError::query("archive the image"))?;
    Ok(())
}

/// The digest that a tag names.
///
/// # Errors
/// When it cannot be read.
pub async fn tagged(conn: &mut Conn, repository: i64, tag: &ImageTag) -> Result<Option<Digest>, StoreError> {
    let text: Option<String> = sqlx::query_scalar("SELECT digest FROM image_tag WHERE repository = $1 AND tag = $2")
        .bind(repository)
        .bind(tag.as_str())
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("read the tag"))?;
    text.map(digest).transpose()
}

/// Lets `tag` name `digest`.
///
/// # Errors
/// When the row cannot be written.
pub async fn put_tag(
    conn: &mut Conn,
    repository: i64,
    tag: &ImageTag,
    digest: &Digest,
    now: UnixMillis,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO image_tag (repository, tag, digest, moved_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (repository, tag)
           DO UPDATE SET digest = excluded.digest, moved_at = excluded.moved_at, checked_at = NULL",
    )
    .bind(repository)
    .bind(tag.as_str())
    .bind(digest.as_str())
    .bind(now.0)
    .execute(conn)
    .await
    .map_err(StoreError::query("write the tag"))?;
    Ok(())
}

/// Notes that an upstream was asked at `now` what the tag names.
///
/// # Errors
/// When the row cannot be written.
pub async fn note_check(conn: &mut Conn, repository: i64, tag: &ImageTag, now: UnixMillis) -> Result<(), StoreError> {
    sqlx::query("UPDATE image_tag SET checked_at = $3 WHERE repository = $1 AND tag = $2")
        .bind(repository)
        .bind(tag.as_str())
        .bind(now.0)
        .execute(conn)
        .await
        .map_err(StoreError::query("note the check of the tag"))?;
    Ok(())
}

/// The tags of an image, in the order in which they came to name it.
///
/// # Errors
/// When they cannot be read.
pub async fn tags_of(conn: &mut Conn, repository: i64, digest: &Digest) -> Result<Vec<ImageTag>, StoreError> {
    let tags: Vec<String> =
        sqlx::query_scalar("SELECT tag FROM image_tag WHERE repository = $1 AND digest = $2 ORDER BY moved_at, tag")
            .bind(repository)
            .bind(digest.as_str())
            .fetch_all(conn)
            .await
            .map_err(StoreError::query("read the tags of the image"))?;
    tags.into_iter().map(tag).collect()
}

/// At most `limit` tags of the repository after `after` with the digests that they name, by name.
///
/// # Errors
/// When they cannot be read.
pub async fn tags(
    conn: &mut Conn,
    repository: i64,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<(ImageTag, Digest)>, StoreError> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT tag, digest FROM image_tag WHERE repository = $1 AND tag > $2 ORDER BY tag LIMIT $3")
            .bind(repository)
            .bind(after.unwrap_or_default())
            .bind(limit)
            .fetch_all(conn)
            .await
            .map_err(StoreError::query("list the tags"))?;
    rows.into_iter().map(|(name, of)| Ok((tag(name)?, digest(of)?))).collect()
}

/// Digest, media type, artifact type, subject, size, pushed, last pulled, archived, activated.
type ImageRow = (String, String, Option<String>, Option<String>, i64, i64, Option<i64>, Option<i64>, Option<i64>);

/// One image with its tags.
///
/// # Errors
/// When it cannot be read.
pub async fn describe(conn: &mut Conn, of: &RepositoryRow, digest: &Digest) -> Result<Option<Image>, StoreError> {
    let row: Option<ImageRow> = sqlx::query_as(
        "SELECT digest, media_type, artifact_type, subject, size, pushed_at, last_pulled_at, archived_at, activated_at
         FROM manifest WHERE repository = $1 AND digest = $2",
    )
    .bind(of.id)
    .bind(digest.as_str())
    .fetch_optional(&mut *conn)
    .await
    .map_err(StoreError::query("read the image"))?;
    let Some(row) = row else { return Ok(None) };
    let tags = tags_of(conn, of.id, digest).await?;
    read_image(of, row, tags).map(Some)
}

/// At most `limit` images of the repository whose digests come after `after`, by digest.
///
/// # Errors
/// When they cannot be read.
pub async fn list(
    conn: &mut Conn,
    of: &RepositoryRow,
    after: Option<&Digest>,
    limit: i64,
) -> Result<Vec<Image>, StoreError> {
    let rows: Vec<ImageRow> = sqlx::query_as(
        "SELECT digest, media_type, artifact_type, subject, size, pushed_at, last_pulled_at, archived_at, activated_at
         FROM manifest WHERE repository = $1 AND digest > $2 ORDER BY digest LIMIT $3",
    )
    .bind(of.id)
    .bind(after.map(Digest::as_str).unwrap_or_default())
    .bind(limit)
    .fetch_all(&mut *conn)
    .await
    .map_err(StoreError::query("list the images"))?;
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
    let tagged: Vec<(String, String)> = sqlx::query_as(
        "SELECT digest, tag FROM image_tag WHERE repository = $1 AND digest >= $2 AND digest <= $3
         ORDER BY digest, moved_at, tag",
    )
    .bind(of.id)
    .bind(first.0.as_str())
    .bind(last.0.as_str())
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the tags of the images"))?;
    let mut tags: HashMap<String, Vec<ImageTag>> = HashMap::new();
    for (digest, name) in tagged {
        tags.entry(digest).or_default().push(tag(name)?);
    }
    rows.into_iter()
        .map(|row| {
            let tags = tags.remove(&row.0).unwrap_or_default();
            read_image(of, row, tags)
        })
        .collect()
}

fn read_image(of: &RepositoryRow, row: ImageRow, tags: Vec<ImageTag>) -> Result<Image, StoreError> {
    let (digest_text, media_type, artifact_media_type, subject, size_bytes, pushed_at, pulled, archived, activated) =
        row;
    Ok(Image {
        scope: of.repository.scope.clone(),
        repository: of.repository.name.clone(),
        digest: digest(digest_text)?,
        media_type,
        artifact_media_type,
        subject: subject.map(digest).transpose()?,
        size_bytes,
        pushed_at: UnixMillis(pushed_at),
        last_pulled_at: pulled.map(UnixMillis),
        archived_at: archived.map(UnixMillis),
        activated_at: activated.map(UnixMillis),
        tags,
    })
}

/// Whether an image of the repository names the blob.
///
/// # Errors
/// When it cannot be read.
pub async fn is_referenced(conn: &mut Conn, repository: i64, digest: &Digest) -> Result<bool, StoreError> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM manifest_reference WHERE repository = $1 AND referenced = $2)")
        .bind(repository)
        .bind(digest.as_str())
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("look for manifests that name the digest"))
}

/// The images of the repository that an index of it names, or whose subject is there.
///
/// # Errors
/// When they cannot be read.
pub async fn bound_to_another(conn: &mut Conn, repository: i64) -> Result<HashSet<Digest>, StoreError> {
    let digests: Vec<String> = sqlx::query_scalar(
        "SELECT m.digest FROM manifest m WHERE m.repository = $1 AND (
           EXISTS (SELECT 1 FROM manifest_reference f
             WHERE f.repository = m.repository AND f.referenced = m.digest AND f.manifest <> m.digest)
           OR EXISTS (SELECT 1 FROM manifest s WHERE s.repository = m.repository AND s.digest = m.subject))",
    )
    .bind(repository)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("look for images that belong to another"))?;
    digests.into_iter().map(digest).collect()
}

/// How many images the repository holds.
///
/// # Errors
/// When they cannot be counted.
pub async fn count(conn: &mut Conn, repository: i64) -> Result<i64, StoreError> {
    sqlx::query_scalar("SELECT COUNT(*) FROM manifest WHERE repository = $1")
        .bind(repository)
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("count the images"))
}
