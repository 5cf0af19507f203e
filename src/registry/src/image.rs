//! Images as ECR's operations see them: named by tag, digest or both, described, and deleted with ECR's rules.

use gantry_model::image::Image;
use gantry_model::principal::Principal;
use gantry_model::{AccountId, Digest, ImageTag, RepositoryName, Scope};
use gantry_store::image::{self, Reference, deletion};
use gantry_store::repository::RepositoryRow;
use gantry_store::{Conn, StoreError, Tx};
use serde_json::json;

use crate::registry::Registry;
use crate::replication;
use crate::repository::{RepositoryNotFound, append_image_event, find, limit_of, not_found};

/// An image by tag, by digest, or by both, which must then agree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageId {
    pub digest: Option<Digest>,
    pub tag: Option<ImageTag>,
}

/// Where a deletion comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// From a client, or a policy of this registry: it is made in the copies, too, where the rules say so.
    Here,
    /// From the registry that this one's images are copies of.
    Copy,
}

/// A manifest as it was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredManifest {
    pub digest: Digest,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// Why an operation on an image failed; the messages are AWS's where they are known.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    #[error(
        "The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository with name '{repository}' in the registry with id '{account}'",
        .id.digest.as_ref().map_or("null", Digest::as_str), .id.tag.as_ref().map_or("null", ImageTag::as_str)
    )]
    ImageNotFound { id: ImageId, repository: RepositoryName, account: AccountId },
    #[error("The image tag '{tag}' does not name the image with digest '{digest}'")]
    TagDoesNotMatchDigest { tag: ImageTag, digest: Digest },
    #[error("Either an image digest or an image tag is required")]
    MissingDigestAndTag,
    #[error("The image with digest '{digest}' is referenced by the manifest list with digest '{index}'")]
    ReferencedByManifestList { digest: Digest, index: Digest },
    #[error("The image with digest '{digest}' is in the archive")]
    Archived { digest: Digest },
    #[error("The image '{image}' is used by {user}")]
    InUse { image: String, user: String },
    #[error("the registry's database failed")]
    Store(#[from] StoreError),
}

impl Registry {
    /// Describes one image.
    ///
    /// # Errors
    /// [`ImageError`] when there is none that fits `id`.
    pub async fn image(&self, scope: &Scope, name: &RepositoryName, id: &ImageId) -> Result<Image, ImageError> {
        let mut reader = self.store.read().await?;
        let row = find::<ImageError>(&mut reader, scope, name).await?;
        let digest = resolve(&mut reader, &row, id).await?;
        image::describe(&mut reader, &row, &digest).await?.ok_or_else(|| image_not_found(&row, id))
    }

    /// At most `limit` images of a repository after the digest `after`, by digest, each with its tags.
    ///
    /// # Errors
    /// [`ImageError::RepositoryNotFound`] when there is no such repository.
    pub async fn images(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        after: Option<&Digest>,
        limit: usize,
    ) -> Result<Vec<Image>, ImageError> {
        let mut reader = self.store.read().await?;
        let row = find::<ImageError>(&mut reader, scope, name).await?;
        Ok(image::list(&mut reader, &row, after, limit_of(limit)).await?)
    }

    /// The number of images in a repository.
    ///
    /// # Errors
    /// [`ImageError::RepositoryNotFound`] when there is no such repository.
    pub async fn image_count(&self, scope: &Scope, name: &RepositoryName) -> Result<i64, ImageError> {
        let mut reader = self.store.read().await?;
        let row = find::<ImageError>(&mut reader, scope, name).await?;
        Ok(image::count(&mut reader, row.id).await?)
    }

    /// The manifest of one image, byte for byte. Counts as a pull by `by`.
    ///
    /// # Errors
    /// [`ImageError`] when there is none that fits `id`.
    pub async fn manifest(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        id: &ImageId,
        by: &Principal,
    ) -> Result<StoredManifest, ImageError> {
        let (repository, found) = {
            let mut reader = self.store.read().await?;
            let row = find::<ImageError>(&mut reader, scope, name).await?;
            let digest = resolve(&mut reader, &row, id).await?;
            let found = image::find(&mut reader, scope, name, &Reference::Digest(digest.clone())).await?;
            let found = found.and_then(|(_, manifest)| manifest).ok_or(ImageError::Archived { digest })?;
            (row.id, found)
        };
        self.note_pull(scope, by, repository, &found).await?;
        Ok(StoredManifest { digest: found.digest, media_type: found.media_type, bytes: found.bytes })
    }

    /// Deletes as `BatchDeleteImage` does: by tag the tag, and the image with its last one; by digest the image and all
    /// its tags. Answers what went.
    ///
    /// # Errors
    /// [`ImageError`]; then nothing was deleted.
    pub async fn delete_image(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        id: &ImageId,
        origin: Origin,
    ) -> Result<Vec<ImageId>, ImageError> {
        let (scope, name, id) = (scope.clone(), name.clone(), id.clone());
        let grace = self.settings.blob_grace_millis;
        let users = self.users(&scope, &name).await?;
        let deleted: Vec<ImageId> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let row = find::<ImageError>(tx, &scope, &name).await?;
                    let digest = resolve(tx, &row, &id).await?;
                    let tags = image::tags_of(tx, row.id, &digest).await?;
                    match id.tag {
                        Some(tag) if tags.len() > 1 => {
                            refuse_if_used(users.of_tag(&tag), tag.as_str())?;
                            remove_tag(tx, &row, &tag, &digest, origin).await?;
                            Ok(vec![ImageId { digest: Some(digest), tag: Some(tag) }])
                        }
                        _ => {
                            refuse_if_used(users.of_image(&digest, &tags), digest.as_str())?;
                            delete_whole(tx, &row, &digest, tags, (grace, origin)).await
                        }
                    }
                })
            })
            .await?;
        self.replications_wanted.notify_one();
        Ok(deleted)
    }

    /// Puts an image into the archive or takes it out. Answers what it is then.
    ///
    /// # Errors
    /// [`ImageError`]; an image that somebody uses, or that an index names, does not go into the archive.
    pub async fn set_archived(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        id: &ImageId,
        archived: bool,
    ) -> Result<Image, ImageError> {
        let (scope, name, id) = (scope.clone(), name.clone(), id.clone());
        let users = self.users(&scope, &name).await?;
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let row = find::<ImageError>(tx, &scope, &name).await?;
                    let digest = resolve(tx, &row, &id).await?;
                    let image = image::describe(tx, &row, &digest).await?.ok_or_else(|| image_not_found(&row, &id))?;
                    if image.archived_at.is_some() == archived {
                        return Ok(image);
                    }
                    if archived {
                        refuse_if_used(users.of_image(&digest, &image.tags), digest.as_str())?;
                        if let Some(index) = deletion::index_naming(tx, row.id, &digest).await? {
                            return Err(ImageError::ReferencedByManifestList { digest, index });
                        }
                    }
                    let now = tx.now();
                    image::set_archived(tx, row.id, &digest, archived, now).await?;
                    let action = if archived { "ARCHIVE" } else { "ACTIVATE" };
                    let fields = json!({ "imageDigest": digest, "imageTags": image.tags });
                    append_image_event(tx, &row.repository, action, fields).await?;
                    image::describe(tx, &row, &digest).await?.ok_or_else(|| image_not_found(&row, &id))
                })
            })
            .await
    }

    /// Takes a tag away and leaves the image, as OCI Distribution's DELETE of a tag does.
    ///
    /// # Errors
    /// [`ImageError::ImageNotFound`] when there is no such tag.
    pub async fn untag_image(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        tag: &ImageTag,
        origin: Origin,
    ) -> Result<(), ImageError> {
        let (scope, name, tag) = (scope.clone(), name.clone(), tag.clone());
        refuse_if_used(self.users(&scope, &name).await?.of_tag(&tag), tag.as_str())?;
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let row = find::<ImageError>(tx, &scope, &name).await?;
                    let id = ImageId { digest: None, tag: Some(tag.clone()) };
                    let digest = resolve(tx, &row, &id).await?;
                    remove_tag(tx, &row, &tag, &digest, origin).await
                })
            })
            .await?;
        self.replications_wanted.notify_one();
        Ok(())
    }

    /// The manifest that a client names, as served over HTTP.
    pub(crate) async fn served_manifest(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<(i64, image::ManifestRow)>, ImageError> {
        let mut reader = self.store.read().await?;
        let found = image::find(&mut reader, scope, name, reference).await?;
        let (repository, manifest) = found.ok_or_else(|| not_found(scope, name))?;
        Ok(manifest.map(|manifest| (repository, manifest)))
    }

    /// Moves the time of the last pull, at most once in [`PULL_NOTE_MILLIS`], and not for principals that are excluded.
    pub(crate) async fn note_pull(
        &self,
        scope: &Scope,
        by: &Principal,
        repository: i64,
        manifest: &image::ManifestRow,
    ) -> Result<(), StoreError> {
        let now = self.now();
        if manifest.last_pulled_at.is_some_and(|last| now.millis_since(last) < PULL_NOTE_MILLIS) {
            return Ok(());
        }
        if self.registry_settings(scope).await?.pull_time_exclusions.contains_key(&by.arn) {
            return Ok(());
        }
        let digest = manifest.digest.clone();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let now = tx.now();
                    image::note_pull(tx, repository, &digest, now).await
                })
            })
            .await
    }
}

/// A pull within this time of the one before is not written down (ECR promises once in 24 hours).
const PULL_NOTE_MILLIS: i64 = 600_000;

/// The digest that `id` means in the repository.
async fn resolve(conn: &mut Conn, row: &RepositoryRow, id: &ImageId) -> Result<Digest, ImageError> {
    let named = match &id.tag {
        Some(tag) => Some(image::tagged(conn, row.id, tag).await?.ok_or_else(|| image_not_found(row, id))?),
        None => None,
    };
    match (&id.digest, &id.tag, named) {
        (Some(digest), Some(tag), Some(named)) if *digest != named => {
            Err(ImageError::TagDoesNotMatchDigest { tag: tag.clone(), digest: digest.clone() })
        }
        (_, _, Some(named)) => Ok(named),
        (Some(digest), _, None) if image::exists(conn, row.id, digest).await? => Ok(digest.clone()),
        (Some(_), _, None) => Err(image_not_found(row, id)),
        (None, _, None) => Err(ImageError::MissingDigestAndTag),
    }
}

fn refuse_if_used(user: Option<&str>, image: &str) -> Result<(), ImageError> {
    match user {
        None => Ok(()),
        Some(user) => Err(ImageError::InUse { image: image.to_owned(), user: user.to_owned() }),
    }
}

fn image_not_found(row: &RepositoryRow, id: &ImageId) -> ImageError {
    ImageError::ImageNotFound {
        id: id.clone(),
        repository: row.repository.name.clone(),
        account: row.repository.scope.account.clone(),
    }
}

async fn remove_tag(
    tx: &mut Tx,
    row: &RepositoryRow,
    tag: &ImageTag,
    digest: &Digest,
    origin: Origin,
) -> Result<(), ImageError> {
    deletion::delete_tag(tx, row.id, tag).await?;
    if origin == Origin::Here {
        replication::request_on_delete(tx, row, digest, Some(tag)).await?;
    }
    let fields = json!({ "imageDigest": digest, "imageTags": [tag] });
    Ok(append_image_event(tx, &row.repository, "DELETE", fields).await?)
}

async fn delete_whole(
    tx: &mut Tx,
    row: &RepositoryRow,
    digest: &Digest,
    tags: Vec<ImageTag>,
    (grace_millis, origin): (i64, Origin),
) -> Result<Vec<ImageId>, ImageError> {
    if let Some(index) = deletion::index_naming(tx, row.id, digest).await? {
        return Err(ImageError::ReferencedByManifestList { digest: digest.clone(), index });
    }
    let now = tx.now();
    deletion::delete_manifest(tx, row.id, digest, now, now.plus_millis(grace_millis)).await?;
    if origin == Origin::Here {
        replication::request_on_delete(tx, row, digest, None).await?;
    }
    let fields = json!({ "imageDigest": digest, "imageTags": tags, "imageDeleted": true });
    append_image_event(tx, &row.repository, "DELETE", fields).await?;
    if tags.is_empty() {
        return Ok(vec![ImageId { digest: Some(digest.clone()), tag: None }]);
    }
    Ok(tags.into_iter().map(|tag| ImageId { digest: Some(digest.clone()), tag: Some(tag) }).collect())
}
