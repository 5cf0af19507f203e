//! Blobs that no repository shows: bytes that another part of Gantry keeps beside the layers, such as lines of logs.

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use gantry_model::Digest;
use gantry_store::blob::{BlobError, DigestAlgorithm};
use gantry_store::upload::UploadId;
use gantry_store::{StoreError, Tx};

use crate::registry::Registry;
use crate::upload::UploadError;

impl Registry {
    /// Keeps `bytes` as a blob. `record` writes, in one transaction, the blob's row and who needs it; without it the
    /// collector takes the bytes away again.
    ///
    /// # Errors
    /// When the disk, the object store or the database refuses. Then nothing is kept.
    pub async fn keep<F>(&self, bytes: Bytes, record: F) -> Result<(), UploadError>
    where
        F: for<'t> FnOnce(&'t mut Tx, Digest) -> BoxFuture<'t, Result<(), StoreError>> + Send + 'static,
    {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| BlobError::Interrupted)?;
        let id = UploadId::from_random(random);
        let partial = self.blobs.begin(&id, DigestAlgorithm::Sha256).await?;
        partial.append(vec![bytes]).await?;
        let digest = partial.digest(DigestAlgorithm::Sha256).await?;
        self.blobs.settle(&partial, &digest).await?;
        let right = self.blobs.publication().await;
        self.blobs.publish(&partial, &digest, &right).await?;
        self.store.write(move |tx| record(tx, digest)).await?;
        drop(right);
        Ok(())
    }

    /// `length` bytes of a blob from `start` on; `None` when it is not here, or shorter.
    ///
    /// # Errors
    /// When the disk or the object store refuses.
    pub async fn kept(&self, digest: &Digest, start: u64, length: u64) -> Result<Option<Vec<u8>>, UploadError> {
        let Some(reader) = self.blobs.read(digest).await? else { return Ok(None) };
        if reader.size() < start.saturating_add(length) {
            return Ok(None);
        }
        let pieces = reader.stream(start, length);
        let read: Result<Vec<u8>, std::io::Error> = pieces
            .try_fold(Vec::new(), |mut all, piece| async move {
                all.extend_from_slice(&piece);
                Ok(all)
            })
            .await;
        read.map(Some).map_err(|source| BlobError::Io { action: "read", path: digest.as_str().into(), source }.into())
    }
}
