//! The disk backend: paths, the durable rename, and walks over folders.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use gantry_model::Digest;

use super::hasher::DigestAlgorithm;
use super::{BlobError, failed};
use crate::upload::UploadId;

/// The algorithms that have a folder, the common one first.
const ALGORITHMS: [DigestAlgorithm; 2] = [DigestAlgorithm::Sha256, DigestAlgorithm::Sha512];

/// The folders of a blob store.
#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
}

impl Disk {
    /// Makes the folders of SHA-256 in advance: a folder that is made later has to be synced into its parent first.
    pub(super) fn open(root: PathBuf) -> Result<Self, BlobError> {
        let disk = Self { root };
        create(&disk.root.join("uploads"))?;
        let [common, rare] = ALGORITHMS.map(|algorithm| disk.root.join("blobs").join(algorithm.as_str()));
        create(&rare)?;
        create(&common)?;
        for shelf in 0..=u8::MAX {
            let folder = common.join(format!("{shelf:02x}"));
            match fs::create_dir(&folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(failed("create", &folder)(error));
                }
                _ => {}
            }
        }
        sync_folder(&common)?;
        sync_folder(&disk.root.join("blobs"))?;
        sync_folder(&disk.root)?;
        Ok(disk)
    }

    pub(super) fn upload_path(&self, id: &UploadId) -> PathBuf {
        self.root.join("uploads").join(id.as_str())
    }

    pub(super) fn blob_path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        // Digests hold at least 64 hexadecimal digits.
        let shelf = hex.get(..2).unwrap_or("00");
        self.root.join("blobs").join(digest.algorithm()).join(shelf).join(hex)
    }

    /// Renames a synced file to the blob's name and syncs the folder.
    pub(super) fn publish(&self, from: &Path, digest: &Digest) -> Result<(), BlobError> {
        let to = self.blob_path(digest);
        let Some(shelf) = to.parent() else { return Ok(()) };
        if let Err(error) = fs::rename(from, &to) {
            // The source is open in our hands, so what is missing is the folder.
            if error.kind() != io::ErrorKind::NotFound {
                return Err(failed("rename to", &to)(error));
            }
            create(shelf)?;
            shelf.parent().map_or(Ok(()), sync_folder)?;
            fs::rename(from, &to).map_err(failed("rename to", &to))?;
        }
        sync_folder(shelf)
    }

    /// Copies the file `from` of another store, unless it is here with the same length.
    pub(super) fn take_copy(&self, from: &Path, digest: &Digest) -> Result<Option<bool>, BlobError> {
        let size = match fs::metadata(from) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("examine", from)(error)),
        };
        if self.holds(digest, size)? {
            return Ok(Some(false));
        }
        let arriving = self.root.join("uploads").join(format!("{}.copy", digest.hex()));
        match fs::copy(from, &arriving) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            copied => copied.map_err(failed("copy", from))?,
        };
        File::open(&arriving).and_then(|file| file.sync_data()).map_err(failed("sync", &arriving))?;
        self.publish(&arriving, digest)?;
        Ok(Some(true))
    }

    /// Moves a blob's file into the folder `quarantine`; one that is not there needs no moving.
    pub(super) fn quarantine(&self, digest: &Digest) -> Result<(), BlobError> {
        let from = self.blob_path(digest);
        let folder = self.root.join("quarantine");
        create(&folder)?;
        let to = folder.join(format!("{}-{}", digest.algorithm(), digest.hex()));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed("rename to", &to)(error)),
            Ok(()) => from.parent().map_or(Ok(()), sync_folder).and_then(|()| sync_folder(&folder)),
        }
    }

    pub(super) fn holds(&self, digest: &Digest, size: u64) -> Result<bool, BlobError> {
        let path = self.blob_path(digest);
        match fs::metadata(&path) {
            Ok(metadata) => Ok(metadata.is_file() && metadata.len() == size),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("examine", &path)(error)),
        }
    }

    pub(super) fn shelf(&self, shelf: u8, age_millis: i64) -> Result<Vec<Digest>, BlobError> {
        let mut found = Vec::new();
        for algorithm in ALGORITHMS {
            let folder = self.root.join("blobs").join(algorithm.as_str()).join(format!("{shelf:02x}"));
            let names = names_older_than(&folder, age_millis)?;
            found.extend(names.iter().filter_map(|hex| Digest::parse(format!("{}:{hex}", algorithm.as_str())).ok()));
        }
        Ok(found)
    }

    pub(super) fn uploads(&self, age_millis: i64) -> Result<Vec<UploadId>, BlobError> {
        let names = names_older_than(&self.root.join("uploads"), age_millis)?;
        Ok(names.into_iter().filter_map(|name| UploadId::parse(name).ok()).collect())
    }
}

/// Removes a file; a missing one is as good.
pub(super) fn remove(path: &Path) -> Result<(), BlobError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

fn create(folder: &Path) -> Result<(), BlobError> {
    fs::create_dir_all(folder).map_err(failed("create", folder))
}

fn sync_folder(folder: &Path) -> Result<(), BlobError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))
}

/// The names of the files in `folder` that were last written more than `age_millis` ago.
fn names_older_than(folder: &Path, age_millis: i64) -> Result<Vec<String>, BlobError> {
    let age = Duration::from_millis(u64::try_from(age_millis).unwrap_or(0));
    let newest = SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut names = Vec::new();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
        Err(error) => return Err(failed("list", folder)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed("list", folder))?;
        // A file that vanished since it was listed was published or removed: not ours.
        let Ok(modified) = entry.metadata().and_then(|metadata| metadata.modified()) else { continue };
        if modified <= newest
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    Ok(names)
}
