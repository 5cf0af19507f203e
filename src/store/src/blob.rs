//! Blobs: the bytes of layers and configs, content addressed, and the partial ones that uploads are writing.
//!
//! Layout on disk under the store's root: `blobs/<algorithm>/<first two digits>/<hex>` holds what is complete and
//! verified, `uploads/<id>` what is still arriving. Both are on one file system, so that publishing is a rename. There
//! are no link files and no index: which repository sees which blob is rows ([`crate::image`]).
//!
//! Invariants:
//! - a file under `blobs/` is whole, hashed to its name and on disk (file and folder synced) before its row is committed;
//! - [`Publication`] is held from the rename to the commit, [`Collection`] from the condemnation of rows to the removal
//!   of their files, and the two exclude each other: garbage collection never takes a file that an upload just renamed
//!   into place;
//! - memory is bounded by the batches in flight, never by the size of a blob.
//!
//! There are two backends with the same operations: the disk, and object stores (`object.rs`), where the complete blobs
//! are objects under the same names.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gantry_model::Digest;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

mod disk;
mod hasher;
mod object;
mod partial;
mod read;
pub mod rows;
#[cfg(test)]
mod tests;
mod verify;

pub use hasher::{DigestAlgorithm, Hasher};
pub use object::ObjectLocation;
pub use partial::PartialBlob;
pub use read::BlobReader;
pub use verify::Verdict;

use crate::upload::UploadId;
use disk::Disk;
use object::Objects;

/// What went wrong between us and the place where blobs are kept.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The operating system refused an operation on a file.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The object store refused an operation, or could not be reached.
    #[error("cannot {action} the object {key}")]
    Object {
        /// What was tried, as a verb.
        action: &'static str,
        key: String,
        #[source]
        source: Box<object_store::Error>,
    },
    /// The address of the object store, or an option for it, makes no sense.
    #[error("{url} is no place for blobs: {reason}")]
    Location { url: String, reason: String },
    /// The thread that did the work ended before it was done (the process is shutting down).
    #[error("the file operation was interrupted")]
    Interrupted,
}

/// Keeps blobs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct BlobStore {
    backend: Backend,
    gate: Arc<RwLock<()>>,
}

/// Where the bytes are. What still arrives is on the disk in any case.
#[derive(Debug, Clone)]
enum Backend {
    Disk(Arc<Disk>),
    Objects { staging: Arc<Disk>, objects: Objects },
}

impl Backend {
    /// The disk where uploads arrive.
    fn staging(&self) -> &Arc<Disk> {
        match self {
            Self::Disk(disk) | Self::Objects { staging: disk, .. } => disk,
        }
    }
}

/// The right to bring blobs into being; any number may be held at once, none beside a [`Collection`].
#[derive(Debug)]
pub struct Publication(#[expect(dead_code, reason = "held for its drop")] OwnedRwLockReadGuard<()>);

/// The right to remove blobs; held alone.
#[derive(Debug)]
pub struct Collection(#[expect(dead_code, reason = "held for its drop")] OwnedRwLockWriteGuard<()>);

impl BlobStore {
    /// Opens (and where needed creates) the store under the folder `root`.
    ///
    /// # Errors
    /// When the folders cannot be made or synced.
    pub async fn open_disk(root: impl Into<PathBuf>) -> Result<Self, BlobError> {
        let root = root.into();
        let disk = blocking(move || Disk::open(root)).await?;
        Ok(Self { backend: Backend::Disk(Arc::new(disk)), gate: Arc::default() })
    }

    /// Opens the store at `location`; uploads arrive under the folder `staging`.
    ///
    /// # Errors
    /// When the location makes no sense, the store does not answer, or the folder cannot be made.
    pub async fn open_objects(staging: impl Into<PathBuf>, location: &ObjectLocation) -> Result<Self, BlobError> {
        Self::over(staging, Objects::open(location).await?).await
    }

    async fn over(staging: impl Into<PathBuf>, objects: Objects) -> Result<Self, BlobError> {
        let staging = staging.into();
        let disk = blocking(move || Disk::open(staging)).await?;
        Ok(Self { backend: Backend::Objects { staging: Arc::new(disk), objects }, gate: Arc::default() })
    }

    /// Starts a partial blob for the upload `id`.
    ///
    /// # Errors
    /// When its file cannot be made.
    pub async fn begin(&self, id: &UploadId, algorithm: DigestAlgorithm) -> Result<PartialBlob, BlobError> {
        let path = self.backend.staging().upload_path(id);
        blocking(move || PartialBlob::create(path, algorithm)).await
    }

    /// Finds the partial blob of an upload that outlived the process, and hashes what it holds once.
    ///
    /// # Errors
    /// When its file cannot be read. A missing file is `None`.
    pub async fn reopen(&self, id: &UploadId, algorithm: DigestAlgorithm) -> Result<Option<PartialBlob>, BlobError> {
        let path = self.backend.staging().upload_path(id);
        blocking(move || PartialBlob::reopen(path, algorithm)).await
    }

    /// Forgets the partial blob of `id`; it is no error when there is none.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub async fn discard(&self, id: &UploadId) -> Result<(), BlobError> {
        let path = self.backend.staging().upload_path(id);
        blocking(move || disk::remove(&path)).await
    }

    /// Waits for the right to publish.
    pub async fn publication(&self) -> Publication {
        Publication(Arc::clone(&self.gate).read_owned().await)
    }

    /// Waits for the right to remove blobs.
    pub async fn collection(&self) -> Collection {
        Collection(Arc::clone(&self.gate).write_owned().await)
    }

    /// Brings the bytes of a partial blob, whose digest was verified, to where they will stay: what takes long, done before
    /// the right to publish is asked for.
    ///
    /// # Errors
    /// When the disk or the object store refuses.
    pub async fn settle(&self, partial: &PartialBlob, digest: &Digest) -> Result<(), BlobError> {
        match &self.backend {
            Backend::Disk(_) => partial.sync().await,
            Backend::Objects { objects, .. } => objects.publish(partial.path(), partial.received(), digest).await,
        }
    }

    /// Gives the partial blob, settled by the caller ([`Self::settle`]), its name. When this returns the blob survives a
    /// loss of power.
    ///
    /// # Errors
    /// When the rename or the sync of the folder fails, or the object store refuses.
    pub async fn publish(&self, partial: &PartialBlob, digest: &Digest, _right: &Publication) -> Result<(), BlobError> {
        let from = partial.path().to_owned();
        match &self.backend {
            Backend::Disk(disk) => {
                let (disk, digest) = (Arc::clone(disk), digest.clone());
                blocking(move || disk.publish(&from, &digest)).await
            }
            Backend::Objects { objects, .. } => {
                // Garbage collection may have taken the object of an older blob of this digest since it was settled.
                if objects.size(digest).await? != Some(partial.received()) {
                    objects.publish(&from, partial.received(), digest).await?;
                }
                blocking(move || disk::remove(&from)).await
            }
        }
    }

    /// Whether the bytes of `digest` are here with the length `size`.
    ///
    /// # Errors
    /// When the file cannot be examined.
    pub async fn holds(&self, digest: &Digest, size: u64) -> Result<bool, BlobError> {
        match &self.backend {
            Backend::Disk(disk) => {
                let (disk, digest) = (Arc::clone(disk), digest.clone());
                blocking(move || disk.holds(&digest, size)).await
            }
            Backend::Objects { objects, .. } => Ok(objects.size(digest).await? == Some(size)),
        }
    }

    /// Opens a blob for reading; `None` when it is not here.
    ///
    /// # Errors
    /// When the file exists and cannot be opened.
    pub async fn read(&self, digest: &Digest) -> Result<Option<BlobReader>, BlobError> {
        match &self.backend {
            Backend::Disk(disk) => {
                let path = disk.blob_path(digest);
                blocking(move || BlobReader::open(&path)).await
            }
            Backend::Objects { objects, .. } => {
                let size = objects.size(digest).await?;
                Ok(size.map(|size| BlobReader::of_object(objects.clone(), digest.clone(), size)))
            }
        }
    }

    /// An address where the bytes of `digest` can be fetched for so long without credentials; `None` when they are to go
    /// through us.
    ///
    /// # Errors
    /// When the address cannot be signed.
    pub async fn signed_url(&self, digest: &Digest, valid_for: Duration) -> Result<Option<String>, BlobError> {
        match &self.backend {
            Backend::Disk(_) => Ok(None),
            Backend::Objects { objects, .. } => objects.signed_url(digest, valid_for).await,
        }
    }

    /// Removes the bytes of `digest`; it is no error when there are none.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub async fn remove(&self, digest: &Digest, _right: &Collection) -> Result<(), BlobError> {
        match &self.backend {
            Backend::Disk(disk) => {
                let path = disk.blob_path(digest);
                blocking(move || disk::remove(&path)).await
            }
            Backend::Objects { objects, .. } => objects.remove(digest).await,
        }
    }

    /// Reads the bytes of `digest` and compares them; `None` when an object store keeps them, which does so itself.
    ///
    /// # Errors
    /// When the disk refuses for another reason than damage.
    pub async fn verify(&self, digest: &Digest, size: u64) -> Result<Option<Verdict>, BlobError> {
        let Backend::Disk(disk) = &self.backend else { return Ok(None) };
        let (path, digest) = (disk.blob_path(digest), digest.clone());
        blocking(move || verify::verify(&path, &digest, size)).await.map(Some)
    }

    /// Puts the bytes of `digest` aside, into the folder `quarantine`.
    ///
    /// # Errors
    /// When the file cannot be moved.
    pub async fn quarantine(&self, digest: &Digest, _right: &Collection) -> Result<(), BlobError> {
        let Backend::Disk(disk) = &self.backend else { return Ok(()) };
        let (disk, digest) = (Arc::clone(disk), digest.clone());
        blocking(move || disk.quarantine(&digest)).await
    }

    /// Every blob on the disk; none when an object store keeps them.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub async fn digests(&self) -> Result<Vec<Digest>, BlobError> {
        let Backend::Disk(disk) = &self.backend else { return Ok(Vec::new()) };
        let disk = Arc::clone(disk);
        blocking(move || {
            let shelves = (0..=u8::MAX).map(|shelf| disk.shelf(shelf, 0));
            Ok(shelves.collect::<Result<Vec<_>, _>>()?.concat())
        })
        .await
    }

    /// Whether bytes of `digest` are on the disk, of whatever length.
    ///
    /// # Errors
    /// When the file cannot be examined.
    pub async fn holds_any(&self, digest: &Digest) -> Result<bool, BlobError> {
        let Backend::Disk(disk) = &self.backend else { return Ok(false) };
        let path = disk.blob_path(digest);
        blocking(move || path.try_exists().map_err(failed("examine", &path))).await
    }

    /// Copies a blob to another disk, unless it is there with the same length. Answers whether it did, and `None` when there
    /// is none to copy.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub async fn copy_to(&self, other: &Self, digest: &Digest) -> Result<Option<bool>, BlobError> {
        let (Backend::Disk(from), Backend::Disk(to)) = (&self.backend, &other.backend) else { return Ok(None) };
        let (from, to, digest) = (from.blob_path(digest), Arc::clone(to), digest.clone());
        blocking(move || to.take_copy(&from, &digest)).await
    }

    /// The blobs of one shelf (0 to 255: the first byte of the digest) whose files are older than `age_millis`. Garbage
    /// collection walks one shelf at a time in search of files that a crash left without a row.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn shelf(&self, shelf: u8, age_millis: i64) -> Result<Vec<Digest>, BlobError> {
        match &self.backend {
            Backend::Disk(disk) => {
                let disk = Arc::clone(disk);
                blocking(move || disk.shelf(shelf, age_millis)).await
            }
            Backend::Objects { objects, .. } => objects.shelf(shelf, age_millis).await,
        }
    }

    /// The uploads that have a file older than `age_millis`.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn uploads(&self, age_millis: i64) -> Result<Vec<UploadId>, BlobError> {
        let disk = Arc::clone(self.backend.staging());
        blocking(move || disk.uploads(age_millis)).await
    }
}

/// Runs file work on the blocking threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| BlobError::Interrupted)?
}

/// Names the operation and the path of an I/O error.
fn failed(action: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> BlobError {
    let path = path.to_owned();
    move |source| BlobError::Io { action, path, source }
}
