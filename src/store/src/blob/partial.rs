//! A blob that is still arriving: one file, and the hasher's state in step with its length.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use gantry_model::Digest;

use super::hasher::{DigestAlgorithm, Hasher};
use super::{BlobError, blocking, failed};

/// Bytes read at once when a file has to be hashed again.
const REHASH_BUFFER: usize = 1 << 20;

/// A partial blob. Cheap to clone; the clones are the same blob.
///
/// Each append is one piece of blocking work that either takes its whole batch in or leaves the blob as it was, so a
/// caller that is dropped half way never leaves hasher and file out of step.
#[derive(Debug, Clone)]
pub struct PartialBlob(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    /// The bytes that are in the file and in the hasher.
    received: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    hasher: Hasher,
}

impl PartialBlob {
    pub(super) fn create(path: PathBuf, algorithm: DigestAlgorithm) -> Result<Self, BlobError> {
        let open = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
        let file = open.map_err(failed("create", &path))?;
        Ok(Self::new(path, file, Hasher::new(algorithm), 0))
    }

    pub(super) fn reopen(path: PathBuf, algorithm: DigestAlgorithm) -> Result<Option<Self>, BlobError> {
        let mut file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("open", &path)(error)),
        };
        let (hasher, received) = hash_file(&mut file, algorithm).map_err(failed("read", &path))?;
        Ok(Some(Self::new(path, file, hasher, received)))
    }

    fn new(path: PathBuf, file: File, hasher: Hasher, received: u64) -> Self {
        let state = Mutex::new(State { file, hasher });
        Self(Arc::new(Shared { path, received: AtomicU64::new(received), state }))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0.path
    }

    /// The number of bytes that have arrived.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.0.received.load(Ordering::Acquire)
    }

    /// Writes and hashes `batch`.
    ///
    /// # Errors
    /// When the disk refuses; the blob is then as long as before.
    pub async fn append(&self, batch: Vec<Bytes>) -> Result<(), BlobError> {
        let this = self.clone();
        blocking(move || this.append_now(&batch)).await
    }

    fn append_now(&self, batch: &[Bytes]) -> Result<(), BlobError> {
        let mut state = self.state();
        let before = self.received();
        let written = batch.iter().try_for_each(|bytes| state.file.write_all(bytes));
        if let Err(error) = written {
            // What was written of the batch goes, so that file and hasher agree again.
            let rewound = state.file.set_len(before).and_then(|()| state.file.seek(SeekFrom::Start(before)));
            rewound.map_err(failed("truncate", self.path()))?;
            return Err(failed("write", self.path())(error));
        }
        for bytes in batch {
            state.hasher.update(bytes);
        }
        let added: u64 = batch.iter().map(|bytes| bytes.len() as u64).sum();
        self.0.received.store(before + added, Ordering::Release);
        Ok(())
    }

    /// The digest of what has arrived. Free when the hasher already runs with `algorithm`, else the file is read once.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn digest(&self, algorithm: DigestAlgorithm) -> Result<Digest, BlobError> {
        let this = self.clone();
        blocking(move || {
            let mut state = this.state();
            if state.hasher.algorithm() != algorithm {
                let (hasher, _) = hash_file(&mut state.file, algorithm).map_err(failed("read", this.path()))?;
                state.hasher = hasher;
            }
            state.hasher.digest().map_err(|error| failed("name", this.path())(io::Error::other(error)))
        })
        .await
    }

    /// Brings the bytes to the disk.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(super) async fn sync(&self) -> Result<(), BlobError> {
        let this = self.clone();
        blocking(move || this.state().file.sync_data().map_err(failed("sync", this.path()))).await
    }

    /// The state, also after a panic elsewhere: `received` is only moved when file and hasher agree, and the next
    /// append starts from the file's own position.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hashes the whole of `file` and leaves its position at the end.
pub(super) fn hash_file(file: &mut File, algorithm: DigestAlgorithm) -> io::Result<(Hasher, u64)> {
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = Hasher::new(algorithm);
    let mut buffer = vec![0; REHASH_BUFFER];
    let mut length = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((hasher, length));
        }
        hasher.update(&buffer[..read]);
        length += read as u64;
    }
}
