//! Copying one image to one destination, and deleting it there.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use gantry_model::image::Repository;
use gantry_model::registry_settings::Occasion;
use gantry_model::{Digest, RepositoryName, Scope};
use gantry_store::blob::{BlobError, rows};
use gantry_store::image::{self, Reference};
use gantry_store::replication::PendingDeletion;
use gantry_store::repository::RepositoryRow;
use gantry_store::{StoreError, repository};

use super::replica::{Replica, ReplicaError};
use crate::image::{ImageError, ImageId, Origin};
use crate::manifest::{Carried, DEEPEST, Manifest, ManifestError};
use crate::push::{PutManifest, PutManifestError};
use crate::registry::Registry;
use crate::repository::RepositoryError;
use crate::upload::UploadError;

/// Why an image was not copied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyError {
    #[error("the image is gone, or in the archive")]
    Gone,
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    #[error("the layer {0} is not here")]
    LayerMissing(Digest),
    #[error("indexes name indexes more than {DEEPEST} deep")]
    TooDeep,
    #[error("the manifest cannot be read")]
    Manifest(#[from] ManifestError),
    #[error("the manifest was not taken")]
    Put(#[from] PutManifestError),
    #[error("the repository could not be made")]
    Repository(#[from] RepositoryError),
    #[error("the repository could not be found")]
    Place(#[from] UploadError),
    #[error("the image was not deleted")]
    Delete(#[from] ImageError),
    #[error("the registry's files failed")]
    Blob(#[from] BlobError),
    #[error("the registry's database failed")]
    Store(#[from] StoreError),
}

impl CopyError {
    /// The code by which the API tells it.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Replica(ReplicaError::Denied { .. }) => "ACCESS_DENIED",
            Self::Replica(ReplicaError::Unavailable { .. }) => "DESTINATION_UNAVAILABLE",
            Self::Replica(ReplicaError::Refused { .. }) | Self::Put(_) | Self::Repository(_) | Self::Delete(_) => {
                "DESTINATION_REFUSED"
            }
            Self::Gone | Self::LayerMissing(_) | Self::TooDeep | Self::Manifest(_) => "IMAGE_INCOMPLETE",
            Self::Place(_) | Self::Blob(_) | Self::Store(_) => "INTERNAL_ERROR",
        }
    }
}

/// A registry that images are copied to.
#[derive(Clone)]
pub(crate) enum Destination {
    /// One of ours.
    Here(Scope),
    There(Arc<Replica>),
}

impl Registry {
    /// The destination, if there is a way to it.
    pub(crate) fn destination(&self, from: &Scope, to: &Scope) -> Option<Destination> {
        match self.settings.replicas.get(to) {
            Some(replica) => Some(Destination::There(Arc::clone(replica))),
            None => (to.account == from.account).then(|| Destination::Here(to.clone())),
        }
    }

    /// Copies an image with its tags; of an index, its children before it.
    pub(crate) async fn copy_image(
        self: &Arc<Self>,
        of: &RepositoryRow,
        digest: &Digest,
        to: &Destination,
    ) -> Result<(), CopyError> {
        if let Destination::Here(at) = to {
            self.ensure_repository(at, &of.repository.name, Occasion::Replication).await?;
        }
        self.copy_manifest(of.clone(), digest.clone(), to.clone(), 0).await
    }

    fn copy_manifest(
        self: &Arc<Self>,
        of: RepositoryRow,
        digest: Digest,
        to: Destination,
        depth: usize,
    ) -> BoxFuture<'static, Result<(), CopyError>> {
        let registry = Arc::clone(self);
        async move {
            if depth > DEEPEST {
                return Err(CopyError::TooDeep);
            }
            let Repository { scope, name, .. } = &of.repository;
            let (copied, tags) = {
                let mut reader = registry.store.read().await?;
                let reference = Reference::Digest(digest.clone());
                let found = image::find(&mut reader, scope, name, &reference).await?;
                let row = found.and_then(|(_, manifest)| manifest).ok_or(CopyError::Gone)?;
                let tags = image::tags_of(&mut reader, of.id, &digest).await?;
                (Carried { digest, media_type: row.media_type, bytes: row.bytes.into() }, tags)
            };
            let is_there = registry.holds_at(&to, scope, name, &copied.digest).await?;
            if !is_there {
                let manifest = Manifest::parse(&copied.bytes, Some(&copied.media_type))?;
                for child in manifest.children {
                    match registry.copy_manifest(of.clone(), child.clone(), to.clone(), depth + 1).await {
                        // BuildKit's older cache indexes name layers.
                        Err(CopyError::Gone) => registry.copy_blob(&of, &child, &to).await?,
                        copied => copied?,
                    }
                }
                for blob in manifest.blobs {
                    registry.copy_blob(&of, &blob, &to).await?;
                }
            }
            if is_there && tags.is_empty() {
                return Ok(());
            }
            match to {
                Destination::There(replica) => Ok(replica.put_manifest(scope, name, &copied, &tags).await?),
                Destination::Here(at) => {
                    let put = PutManifest {
                        bytes: copied.bytes,
                        media_type: Some(copied.media_type),
                        digest: Some(copied.digest),
                        tags,
                        copied_from: Some(scope.clone()),
                        ..PutManifest::default()
                    };
                    registry.put_manifest(&at, name, put).await?;
                    Ok(())
                }
            }
        }
        .boxed()
    }

    async fn holds_at(
        &self,
        to: &Destination,
        from: &Scope,
        name: &RepositoryName,
        digest: &Digest,
    ) -> Result<bool, CopyError> {
        match to {
            Destination::There(replica) => Ok(replica.holds(from, name, &format!("manifests/{digest}")).await?),
            Destination::Here(at) => {
                let mut reader = self.store.read().await?;
                match repository::find(&mut reader, at, name).await? {
                    Some(row) => Ok(image::exists(&mut reader, row.id, digest).await?),
                    None => Ok(false),
                }
            }
        }
    }

    async fn copy_blob(&self, of: &RepositoryRow, digest: &Digest, to: &Destination) -> Result<(), CopyError> {
        let Repository { scope, name, .. } = &of.repository;
        match to {
            Destination::There(replica) => {
                if replica.holds(scope, name, &format!("blobs/{digest}")).await? {
                    return Ok(());
                }
                let reader = self.blobs.read(digest).await?.ok_or_else(|| CopyError::LayerMissing(digest.clone()))?;
                let size = reader.size();
                Ok(replica.put_blob(scope, name, digest, (size, reader.stream(0, size).boxed())).await?)
            }
            Destination::Here(at) => {
                let place = self.place(at, name).await?;
                let (lease, of_tx) = (self.lease_from(self.now()), digest.clone());
                let shown = self
                    .store
                    .write(move |tx| Box::pin(async move { rows::show(tx, place.repository, &of_tx, lease).await }))
                    .await?;
                if shown { Ok(()) } else { Err(CopyError::LayerMissing(digest.clone())) }
            }
        }
    }

    /// Deletes at a destination what was deleted here, unless it is here again.
    pub(crate) async fn delete_copy(&self, deletion: &PendingDeletion, to: &Destination) -> Result<(), CopyError> {
        let PendingDeletion { from, name, digest, tag, .. } = deletion;
        let reference = tag.clone().map_or_else(|| Reference::Digest(digest.clone()), Reference::Tag);
        let is_here_again = {
            let mut reader = self.store.read().await?;
            image::find(&mut reader, from, name, &reference).await?.is_some_and(|(_, manifest)| manifest.is_some())
        };
        if is_here_again {
            return Ok(());
        }
        let at = match to {
            Destination::There(replica) => return Ok(replica.delete(from, name, &reference).await?),
            Destination::Here(at) => at,
        };
        let deleted = match &reference {
            Reference::Tag(tag) => self.untag_image(at, name, tag, Origin::Copy).await,
            Reference::Digest(digest) => {
                let id = ImageId { digest: Some(digest.clone()), tag: None };
                self.delete_image(at, name, &id, Origin::Copy).await.map(drop)
            }
        };
        match deleted {
            Ok(()) | Err(ImageError::ImageNotFound { .. } | ImageError::RepositoryNotFound(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
