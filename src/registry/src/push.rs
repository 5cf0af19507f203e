//! Pushing a manifest, over HTTP and by `PutImage`.
//!
//! The check that everything it names is here, the manifest, its references and its tags are one transaction: nothing
//! that was checked can be collected before the manifest holds it.

use std::collections::HashSet;

use bytes::Bytes;
use gantry_model::{AccountId, Digest, ImageTag, RepositoryName, Scope};
use gantry_store::blob::rows as blob;
use gantry_store::image::{self, NewManifest};
use gantry_store::repository::RepositoryRow;
use gantry_store::{Conn, StoreError, Tx, registry_settings};
use serde_json::json;

use crate::manifest::{Manifest, ManifestError, digest_of};
use crate::registry::Registry;
use crate::replication;
use crate::repository::{RepositoryNotFound, append_copy_event, append_image_event, find};
use crate::scan::request_on_push;

/// The longest manifest that is kept (ECR and OCI Distribution: 4 MiB).
pub const MAX_MANIFEST_BYTES: usize = 4 << 20;
/// The most tags that an image may have (ECR's quota).
const MAX_TAGS_OF_IMAGE: usize = 1000;

/// A manifest to push.
#[derive(Debug, Clone, Default)]
pub struct PutManifest {
    pub bytes: Bytes,
    /// The media type that came with it, without parameters.
    pub media_type: Option<String>,
    /// The digest that it must have; it is kept under that one.
    pub digest: Option<Digest>,
    pub tags: Vec<ImageTag>,
    /// Whether a push that would change nothing is an error (`PutImage`) or a success (HTTP).
    pub refuse_existing: bool,
    /// The registry that it is a copy of; then tags that may not move stay where they are, and it is not copied on.
    pub copied_from: Option<Scope>,
}

/// What a push did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutManifestOutcome {
    pub digest: Digest,
    pub media_type: String,
    pub subject: Option<Digest>,
    /// Whether the image was there under all these tags already.
    pub unchanged: bool,
}

/// Why a push failed; the messages are AWS's where they are known.
#[derive(Debug, thiserror::Error)]
pub enum PutManifestError {
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    #[error(transparent)]
    Invalid(#[from] ManifestError),
    #[error("the manifest is longer than {MAX_MANIFEST_BYTES} bytes")]
    TooLarge,
    #[error("Image digest '{given}' does not match the digest of the manifest, '{actual}'")]
    DigestDoesNotMatch { given: Digest, actual: Digest },
    #[error("Layers with digests '{}' do not exist in the repository", join(.digests))]
    LayersNotFound { digests: Vec<Digest> },
    #[error("Images with digests '{}' that the manifest references do not exist in the repository", join(.digests))]
    ReferencedImagesNotFound { digests: Vec<Digest> },
    #[error("Image with digest '{digest}' and tag '{}' already exists in the repository with name '{repository}' in registry with id '{account}'", .tag.as_ref().map_or("null", ImageTag::as_str))]
    ImageAlreadyExists { digest: Digest, tag: Option<ImageTag>, repository: RepositoryName, account: AccountId },
    #[error(
        "The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten because the repository is immutable."
    )]
    ImageTagAlreadyExists { tag: ImageTag, repository: RepositoryName },
    #[error("An image can have at most {MAX_TAGS_OF_IMAGE} tags")]
    TooManyTags,
    #[error("the registry's database failed")]
    Store(#[from] StoreError),
}

fn join(digests: &[Digest]) -> String {
    digests.iter().map(Digest::as_str).collect::<Vec<_>>().join(", ")
}

impl Registry {
    /// Keeps a manifest and lets the tags name it.
    ///
    /// # Errors
    /// [`PutManifestError`]; then nothing was kept.
    pub async fn put_manifest(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        put: PutManifest,
    ) -> Result<PutManifestOutcome, PutManifestError> {
        if put.bytes.len() > MAX_MANIFEST_BYTES {
            return Err(PutManifestError::TooLarge);
        }
        let manifest = Manifest::parse(&put.bytes, put.media_type.as_deref())?;
        let actual = digest_of(&put.bytes, put.digest.as_ref()).ok_or(ManifestError::NotAnObject)?;
        if let Some(given) = put.digest.clone().filter(|given| *given != actual) {
            return Err(PutManifestError::DigestDoesNotMatch { given, actual });
        }
        let (scope, name) = (scope.clone(), name.clone());
        let done = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let row = find::<PutManifestError>(tx, &scope, &name).await?;
                    Put { row, digest: actual, manifest, put }.write(tx).await
                })
            })
            .await;
        let (outcome, wanted) = done?;
        if wanted.scan {
            self.scans_wanted.notify_one();
        }
        if wanted.copies {
            self.replications_wanted.notify_one();
        }
        Ok(outcome)
    }
}

/// What is to be done after a push.
#[derive(Debug, Default)]
struct Wanted {
    scan: bool,
    copies: bool,
}

/// A push that has found its repository.
struct Put {
    row: RepositoryRow,
    digest: Digest,
    manifest: Manifest,
    put: PutManifest,
}

impl Put {
    async fn write(self, tx: &mut Tx) -> Result<(PutManifestOutcome, Wanted), PutManifestError> {
        let Self { row, digest, manifest, put } = &self;
        let known = image::exists(tx, row.id, digest).await?;
        let moved = self.tags_to_move(tx).await?;
        let unchanged = known && moved.is_empty();
        if unchanged && put.refuse_existing {
            return Err(PutManifestError::ImageAlreadyExists {
                digest: digest.clone(),
                tag: put.tags.first().cloned(),
                repository: row.repository.name.clone(),
                account: row.repository.scope.account.clone(),
            });
        }
        require_blobs(tx, row.id, &manifest.blobs).await?;
        let size = manifest.size.max(require_children(tx, row.id, &manifest.children).await?);
        let now = tx.now();
        image::insert(tx, row.id, &self.new_manifest(size), now).await?;
        for tag in &moved {
            image::put_tag(tx, row.id, tag, digest, now).await?;
        }
        if !unchanged {
            let tags = image::tags_of(tx, row.id, digest).await?;
            if tags.len() > MAX_TAGS_OF_IMAGE {
                return Err(PutManifestError::TooManyTags);
            }
            let fields = json!({
                "imageDigest": digest,
                "imageTags": moved,
                "imageManifestMediaType": manifest.media_type,
                "imageSizeInBytes": size,
            });
            match &put.copied_from {
                Some(from) => append_copy_event(tx, &row.repository, from, fields).await?,
                None => append_image_event(tx, &row.repository, "PUSH", fields).await?,
            }
        }
        let mut wanted = Wanted::default();
        if !unchanged {
            let settings = registry_settings::get(tx, &row.repository.scope).await?;
            let kind = (manifest.media_type.as_str(), manifest.artifact_type.as_deref());
            wanted.scan = !known && request_on_push(tx, &settings, row, digest, kind).await?;
            wanted.copies =
                put.copied_from.is_none() && replication::request_on_push(tx, &settings, row, digest).await?;
        }
        let Manifest { media_type, subject, .. } = manifest.clone();
        Ok((PutManifestOutcome { digest: digest.clone(), media_type, subject, unchanged }, wanted))
    }

    /// The tags that do not name this manifest yet; an error when one of them may not move.
    async fn tags_to_move(&self, conn: &mut Conn) -> Result<Vec<ImageTag>, PutManifestError> {
        let mut moved = Vec::new();
        for tag in &self.put.tags {
            let named = image::tagged(conn, self.row.id, tag).await?;
            if named.as_ref() == Some(&self.digest) {
                continue;
            }
            if named.is_some() && self.row.repository.is_immutable(tag) {
                if self.put.copied_from.is_some() {
                    continue;
                }
                let repository = self.row.repository.name.clone();
                return Err(PutManifestError::ImageTagAlreadyExists { tag: tag.clone(), repository });
            }
            moved.push(tag.clone());
        }
        Ok(moved)
    }

    fn new_manifest(&self, size: i64) -> NewManifest {
        let Manifest { media_type, artifact_type, subject, annotations, blobs, children, .. } = self.manifest.clone();
        let references = blobs.into_iter().chain(children).collect();
        let (digest, bytes) = (self.digest.clone(), self.put.bytes.clone());
        NewManifest { digest, media_type, artifact_type, subject, annotations, bytes, size, references }
    }
}

/// Refuses a manifest whose config or layers are not in the repository, naming all that are missing.
async fn require_blobs(conn: &mut Conn, repository: i64, blobs: &[Digest]) -> Result<(), PutManifestError> {
    let shown: HashSet<String> =
        blob::shown_of(conn, repository, blobs).await?.into_iter().map(|(digest, _)| digest).collect();
    let digests = missing(blobs, &shown);
    if digests.is_empty() { Ok(()) } else { Err(PutManifestError::LayersNotFound { digests }) }
}

/// Refuses an index whose children are not in the repository; answers the size of the largest. An entry may be a blob:
/// BuildKit's older cache indexes name layers.
async fn require_children(conn: &mut Conn, repository: i64, children: &[Digest]) -> Result<i64, PutManifestError> {
    if children.is_empty() {
        return Ok(0);
    }
    let mut sizes = image::manifests_of(conn, repository, children).await?;
    if sizes.len() < children.len() {
        sizes.extend(blob::shown_of(conn, repository, children).await?);
    }
    let found: HashSet<String> = sizes.iter().map(|(digest, _)| digest.clone()).collect();
    let digests = missing(children, &found);
    if !digests.is_empty() {
        return Err(PutManifestError::ReferencedImagesNotFound { digests });
    }
    Ok(sizes.iter().map(|(_, size)| *size).max().unwrap_or(0))
}

fn missing(wanted: &[Digest], found: &HashSet<String>) -> Vec<Digest> {
    let mut seen = HashSet::new();
    wanted.iter().filter(|digest| !found.contains(digest.as_str()) && seen.insert(*digest)).cloned().collect()
}
