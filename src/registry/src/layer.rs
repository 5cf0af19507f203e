//! Layers as ECR's API moves them: availability, uploads in parts on the same sessions as HTTP's, download addresses.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use gantry_model::{Digest, RepositoryName, Scope, UnixMillis};
use gantry_store::StoreError;
use gantry_store::blob::{DigestAlgorithm, rows as blob};
use gantry_store::image;
use gantry_store::upload::UploadId;

use crate::registry::Registry;
use crate::repository::{RepositoryNotFound, find};
use crate::upload::{BrokenOff, Chunk, Session, UploadError, to_the_end};

/// The part size that `InitiateLayerUpload` asks for, and the longest part that is taken.
pub const PART_SIZE: u64 = 20_971_520;
/// Any part but the last must be at least so long.
const SHORTEST_PART: u64 = 5 << 20;

/// A layer that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    pub digest: Digest,
    /// Its length when the repository has it.
    pub size: Option<i64>,
}

/// Why an operation on a layer failed.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    #[error("The upload '{}' does not exist or has expired", .0.as_str())]
    UploadNotFound(UploadId),
    #[error("The layer part does not follow byte {last_valid_byte} or is not as long as its range")]
    InvalidPart { upload: UploadId, last_valid_byte: i64 },
    #[error("The layer part is longer than {PART_SIZE} bytes")]
    PartTooLarge,
    #[error("A layer part other than the last is shorter than {SHORTEST_PART} bytes")]
    PartTooSmall,
    #[error("The upload does not contain any layer parts")]
    EmptyUpload,
    #[error("The layer digest '{given}' does not match the uploaded bytes, whose digest is '{actual}'")]
    DigestDiffers { given: Digest, actual: Digest },
    #[error("The layer '{0}' already exists in the repository")]
    AlreadyExists(Digest),
    #[error("The layer '{0}' does not exist in the repository, or no image references it")]
    NotFound(Digest),
    #[error("the registry's database failed")]
    Store(#[from] StoreError),
    #[error("the registry's upload failed")]
    Upload(#[source] UploadError),
}

impl From<UploadError> for LayerError {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::RepositoryNotFound(error) => Self::RepositoryNotFound(error),
            UploadError::Unknown(id) => Self::UploadNotFound(id),
            UploadError::DigestDiffers { given, actual } => Self::DigestDiffers { given, actual },
            UploadError::Store(error) => Self::Store(error),
            other => Self::Upload(other),
        }
    }
}

impl Registry {
    /// Which of the layers the repository has, in the order asked. Those that it has are kept for the time of grace.
    ///
    /// # Errors
    /// [`LayerError::RepositoryNotFound`] when there is no such repository.
    pub async fn check_layers(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        digests: &[Digest],
    ) -> Result<Vec<Layer>, LayerError> {
        let now = self.now();
        let half = now.plus_millis(self.settings.blob_grace_millis / 2);
        let (repository, mut shown, lapses) = {
            let mut reader = self.store.read().await?;
            let row = find::<LayerError>(&mut reader, scope, name).await?;
            let shown = blob::shown_of(&mut reader, row.id, digests).await?;
            (row.id, shown, blob::lapses(&mut reader, row.id, digests, half).await?)
        };
        if lapses {
            shown = self.promise_layers(repository, digests.to_vec(), self.lease_from(now)).await?;
        }
        let sizes: HashMap<String, i64> = shown.into_iter().collect();
        let layer = |digest: &Digest| Layer { digest: digest.clone(), size: sizes.get(digest.as_str()).copied() };
        Ok(digests.iter().map(layer).collect())
    }

    /// Prolongs the promises of what the repository shows of `digests`, and answers that.
    async fn promise_layers(
        &self,
        repository: i64,
        digests: Vec<Digest>,
        until: UnixMillis,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    for digest in &digests {
                        blob::lease(tx, repository, digest, until).await?;
                    }
                    blob::shown_of(tx, repository, &digests).await
                })
            })
            .await
    }

    /// Opens an upload of a layer; its parts should be [`PART_SIZE`] long.
    ///
    /// # Errors
    /// [`LayerError::RepositoryNotFound`] when there is no such repository.
    pub async fn initiate_layer_upload(&self, scope: &Scope, name: &RepositoryName) -> Result<UploadId, LayerError> {
        let place = self.place(scope, name).await?;
        let session = self.begin_upload(&place, DigestAlgorithm::Sha256)?;
        let recorded = async {
            let mut turn = session.take_turn().await?;
            self.record(&session, &mut turn).await
        };
        recorded.await?;
        Ok(session.id.clone())
    }

    /// Takes the bytes `first..=last` of a layer; answers the last byte that has arrived.
    ///
    /// # Errors
    /// [`LayerError::InvalidPart`] when they do not follow what has arrived; the upload stays usable.
    pub async fn upload_layer_part(
        self: &Arc<Self>,
        scope: &Scope,
        name: &RepositoryName,
        id: &UploadId,
        (first, last): (u64, u64),
        bytes: Bytes,
    ) -> Result<u64, LayerError> {
        let length = bytes.len() as u64;
        if length > PART_SIZE {
            return Err(LayerError::PartTooLarge);
        }
        let place = self.place(scope, name).await?;
        let session = self.upload_session(&place, id).await?;
        let span = last.checked_sub(first).and_then(|span| span.checked_add(1));
        let appended = if span == Some(length) {
            self.append_part(session, first, bytes).await
        } else {
            Err(UploadError::OutOfOrder { received: session.received() })
        };
        let received = appended.map_err(|error| match error {
            UploadError::OutOfOrder { received } => {
                let last_valid_byte = i64::try_from(received).unwrap_or(i64::MAX) - 1;
                LayerError::InvalidPart { upload: id.clone(), last_valid_byte }
            }
            other => other.into(),
        })?;
        Ok(received.saturating_sub(1))
    }

    /// Appends a part and keeps in mind how long it was.
    async fn append_part(self: &Arc<Self>, session: Arc<Session>, at: u64, bytes: Bytes) -> Result<u64, UploadError> {
        let registry = Arc::clone(self);
        to_the_end(async move {
            let mut turn = session.take_turn().await?;
            let length = bytes.len() as u64;
            if at != session.received() {
                return Err(UploadError::OutOfOrder { received: session.received() });
            }
            registry.record(&session, &mut turn).await?;
            turn.short_part |= turn.last_part.is_some_and(|before| before < SHORTEST_PART);
            turn.last_part = Some(length);
            let body = stream::iter([Ok::<_, BrokenOff>(bytes)]);
            registry.receive(&session, &mut turn, Chunk { at: Some(at), length: Some(length), body }).await
        })
        .await
    }

    /// Makes the uploaded parts a layer of the repository.
    ///
    /// # Errors
    /// [`LayerError`]; after a digest that differs the upload is gone, else it stays usable.
    pub async fn complete_layer_upload(
        self: &Arc<Self>,
        scope: &Scope,
        name: &RepositoryName,
        id: &UploadId,
        digest: Digest,
    ) -> Result<Digest, LayerError> {
        let place = self.place(scope, name).await?;
        let session = self.upload_session(&place, id).await?;
        {
            let turn = session.take_turn().await?;
            if session.received() == 0 {
                return Err(LayerError::EmptyUpload);
            }
            if turn.short_part {
                return Err(LayerError::PartTooSmall);
            }
        }
        if self.check_layers(scope, name, std::slice::from_ref(&digest)).await?.iter().any(|l| l.size.is_some()) {
            self.cancel(session).await?;
            return Err(LayerError::AlreadyExists(digest));
        }
        let nothing = Chunk { at: None, length: None, body: stream::iter([] as [Result<Bytes, BrokenOff>; 0]) };
        self.finish(place, session, nothing, digest.clone()).await?;
        Ok(digest)
    }

    /// The path and query of an address where a layer of an image can be fetched for an hour without credentials. The
    /// caller puts scheme and host before it.
    ///
    /// # Errors
    /// [`LayerError::NotFound`] when no image of the repository references the layer.
    pub async fn layer_download_path(
        &self,
        scope: &Scope,
        name: &RepositoryName,
        digest: &Digest,
    ) -> Result<String, LayerError> {
        let mut reader = self.store.read().await?;
        let row = find::<LayerError>(&mut reader, scope, name).await?;
        let shown = !blob::shown_of(&mut reader, row.id, std::slice::from_ref(digest)).await?.is_empty();
        if !shown || !image::is_referenced(&mut reader, row.id, digest).await? {
            return Err(LayerError::NotFound(digest.clone()));
        }
        drop(reader);
        let (expires, signature) = self.tokens.sign_download(scope, name, digest, self.now());
        let Scope { account, region } = scope;
        Ok(format!(
            "/_gantry/blob/{name}/{digest}?account={account}&region={region}&expires={expires}&signature={signature}"
        ))
    }
}
