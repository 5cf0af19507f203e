//! A copy of everything that is kept, made while it is in use: a data directory of its own, which a server starts on.
//!
//! The layers are copied before the snapshot of the database and once more after it, so that every layer that an image of
//! the snapshot names is there. A backup that is made again copies only what is new, and forgets what is gone.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use gantry_model::Digest;
use sqlx::ConnectOptions as _;

use crate::StoreError;
use crate::blob::{BlobError, BlobStore};
use crate::store::plain_options;

/// The database in a data directory.
pub const DATABASE: &str = "gantry.db";
/// The folder of layers in a data directory.
pub const BLOBS: &str = "blobs";

/// What a backup did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BackedUp {
    /// Layers that the backup holds.
    pub layers: usize,
    /// Those of them that were copied this time.
    pub copied: usize,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} layers that images name are not in the data directory, among them {example}", .count)]
    LayersMissing { count: usize, example: Digest },
    #[error("the layers cannot be copied")]
    Blob(#[from] BlobError),
    #[error("the database cannot be copied")]
    Store(#[from] StoreError),
}

/// Copies the data directory `from`, which a server may be using, into the folder `to`. Without `layers` the layers are left
/// out: an object store keeps them.
///
/// # Errors
/// [`BackupError`]; what was in `to` before is then a backup still, if it was one.
pub async fn back_up(from: &Path, to: &Path, layers: bool) -> Result<BackedUp, BackupError> {
    make_private(to)?;
    let mut done = BackedUp::default();
    let stores = if layers {
        let (source, target) = (from.join(BLOBS), to.join(BLOBS));
        Some((BlobStore::open_disk(source).await?, BlobStore::open_disk(target).await?))
    } else {
        None
    };
    if let Some((source, target)) = &stores {
        for digest in source.digests().await? {
            done.copied += usize::from(source.copy_to(target, &digest).await? == Some(true));
        }
    }
    copy_small_files(from, to)?;
    let snapshot = to.join("gantry.db.new");
    snapshot_database(&from.join(DATABASE), &snapshot).await?;
    let Some((source, target)) = &stores else {
        rename(&snapshot, &to.join(DATABASE))?;
        sync_folder(to)?;
        return Ok(done);
    };
    let known = complete(source, target, &snapshot, &mut done).await?;
    rename(&snapshot, &to.join(DATABASE))?;
    sync_folder(to)?;
    let right = target.collection().await;
    for digest in target.digests().await? {
        if !known.contains(&digest) {
            target.remove(&digest, &right).await?;
        }
    }
    Ok(done)
}

/// Copies the layers that came before the snapshot and after the first look; answers all that the snapshot knows.
async fn complete(
    source: &BlobStore,
    target: &BlobStore,
    snapshot: &Path,
    done: &mut BackedUp,
) -> Result<HashSet<Digest>, BackupError> {
    let (known, named) = blobs_of(snapshot).await?;
    let mut missing = Vec::new();
    for digest in &known {
        match source.copy_to(target, digest).await? {
            Some(copied) => done.copied += usize::from(copied),
            // It was collected meanwhile, or nobody names it any more.
            None if target.holds_any(digest).await? || !named.contains(digest) => {}
            None => missing.push(digest.clone()),
        }
    }
    if let Some(example) = missing.first() {
        return Err(BackupError::LayersMissing { count: missing.len(), example: example.clone() });
    }
    done.layers = known.len();
    Ok(known)
}

/// Writes a snapshot of a database that may be in use to a file that is not there.
async fn snapshot_database(database: &Path, to: &Path) -> Result<(), BackupError> {
    if !database.exists() {
        let source = io::Error::from(io::ErrorKind::NotFound);
        return Err(BackupError::Io { action: "read", path: database.to_owned(), source });
    }
    match fs::remove_file(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("remove", to)(error)),
        _ => {}
    }
    let open_failed = |source| StoreError::Open { path: database.to_owned(), source };
    let mut conn = plain_options(database).connect().await.map_err(open_failed)?;
    sqlx::query("VACUUM INTO $1")
        .bind(to.to_string_lossy().into_owned())
        .execute(&mut conn)
        .await
        .map_err(StoreError::query("write a snapshot of the database"))?;
    protect(to)
}

/// The blobs that a snapshot knows, and those that manifests name or that have log lines.
async fn blobs_of(snapshot: &Path) -> Result<(HashSet<Digest>, HashSet<Digest>), StoreError> {
    let open_failed = |source| StoreError::Open { path: snapshot.to_owned(), source };
    let mut conn = plain_options(snapshot).connect().await.map_err(open_failed)?;
    let mut read = async |query: &'static str| -> Result<HashSet<Digest>, StoreError> {
        let digests: Vec<String> = sqlx::query_scalar(query)
            .fetch_all(&mut conn)
            .await
            .map_err(StoreError::query("read the layers of the snapshot"))?;
        let parse = |text| Digest::parse(text).map_err(|source| StoreError::Malformed { what: "digest", source });
        digests.into_iter().map(parse).collect()
    };
    let known = read("SELECT digest FROM blob WHERE state < 2").await?;
    let named = read("SELECT referenced FROM manifest_reference UNION SELECT digest FROM log_segment").await?;
    Ok((known, named))
}

/// Copies what stands beside database and layers: keys, certificates, the agent's state.
fn copy_small_files(from: &Path, to: &Path) -> Result<(), BackupError> {
    for entry in fs::read_dir(from).map_err(failed("list", from))? {
        let entry = entry.map_err(failed("list", from))?;
        let (name, path) = (entry.file_name(), entry.path());
        let is_ours = name.to_str().is_some_and(|name| name == BLOBS || name.starts_with(DATABASE));
        let kind = entry.file_type().map_err(failed("examine", &path))?;
        if is_ours {
            continue;
        }
        let copy = to.join(&name);
        if kind.is_dir() {
            make_private(&copy)?;
            copy_small_files(&path, &copy)?;
        } else if kind.is_file() {
            let new = to.join(format!("{}.new", name.to_string_lossy()));
            match fs::copy(&path, &new) {
                // It was there for a moment.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                copied => copied.map_err(failed("copy", &path))?,
            };
            File::open(&new).and_then(|file| file.sync_all()).map_err(failed("sync", &new))?;
            rename(&new, &copy)?;
        }
    }
    Ok(())
}

fn make_private(folder: &Path) -> Result<(), BackupError> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed("create", folder))
}

/// Brings a new file to the disk, readable by its owner alone.
fn protect(path: &Path) -> Result<(), BackupError> {
    use std::os::unix::fs::PermissionsExt as _;
    let file = File::open(path).map_err(failed("open", path))?;
    file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(failed("protect", path))?;
    file.sync_all().map_err(failed("sync", path))
}

fn rename(from: &Path, to: &Path) -> Result<(), BackupError> {
    fs::rename(from, to).map_err(failed("rename to", to))
}

fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::Io { action, path, source }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use gantry_model::image::Repository;
    use gantry_model::{AccountId, Region, RepositoryName, Scope, UnixMillis};
    use tempfile::TempDir;

    use super::*;
    use crate::blob::{DigestAlgorithm, rows};
    use crate::image::{self, NewManifest};
    use crate::upload::UploadId;
    use crate::{Store, repository};

    /// A data directory in use.
    struct Data {
        folder: TempDir,
        store: Store,
        blobs: BlobStore,
        repository: i64,
    }

    impl Data {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&folder.path().join(DATABASE)).await.unwrap();
            let blobs = BlobStore::open_disk(folder.path().join(BLOBS)).await.unwrap();
            fs::create_dir(folder.path().join("tls")).unwrap();
            fs::write(folder.path().join("tls/ca.pem"), "authority").unwrap();
            let account = AccountId::parse("000000000000").unwrap();
            let scope = Scope { account, region: Region::parse("us-east-1").unwrap() };
            let made = Repository::new(scope, RepositoryName::parse("app").unwrap(), UnixMillis(0));
            let id = store.write(move |tx| Box::pin(async move { repository::insert(tx, &made).await })).await.unwrap();
            Self { folder, store, blobs, repository: id.unwrap() }
        }

        /// Pushes an image of one layer; answers the layer.
        async fn push(&self, layer: &'static [u8]) -> Digest {
            let id = UploadId::from_random([layer[0]; 16]);
            let partial = self.blobs.begin(&id, DigestAlgorithm::Sha256).await.unwrap();
            partial.append(vec![Bytes::from_static(layer)]).await.unwrap();
            let digest = partial.digest(DigestAlgorithm::Sha256).await.unwrap();
            self.blobs.settle(&partial, &digest).await.unwrap();
            let right = self.blobs.publication().await;
            self.blobs.publish(&partial, &digest, &right).await.unwrap();
            let (repository, of) = (self.repository, digest.clone());
            let name = DigestAlgorithm::Sha256.digest(&[layer, b"-manifest"].concat()).unwrap();
            let manifest = NewManifest {
                digest: name,
                media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
                artifact_type: None,
                subject: None,
                annotations: None,
                bytes: Bytes::from_static(b"{}"),
                size: 1,
                references: vec![digest.clone()],
            };
            self.store
                .write(move |tx| {
                    Box::pin(async move {
                        let now = tx.now();
                        rows::publish(tx, &of, 1, now).await?;
                        rows::show(tx, repository, &of, now).await?;
                        image::insert(tx, repository, &manifest, now).await
                    })
                })
                .await
                .unwrap();
            digest
        }
    }

    async fn holds(folder: &Path, digest: &Digest) -> bool {
        BlobStore::open_disk(folder.join(BLOBS)).await.unwrap().holds_any(digest).await.unwrap()
    }

    #[tokio::test]
    async fn a_backup_is_a_data_directory_with_everything_that_was_acknowledged() {
        let (data, to) = (Data::new().await, tempfile::tempdir().unwrap());
        let layer = data.push(b"a").await;
        let done = back_up(data.folder.path(), to.path(), true).await.unwrap();
        assert_eq!(done, BackedUp { layers: 1, copied: 1 });
        assert!(holds(to.path(), &layer).await);
        assert_eq!(fs::read_to_string(to.path().join("tls/ca.pem")).unwrap(), "authority");
        let copy = Store::open(&to.path().join(DATABASE)).await.unwrap();
        let mut reader = copy.read().await.unwrap();
        assert_eq!(image::count(&mut reader, data.repository).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_backup_that_is_made_again_copies_what_is_new_and_forgets_what_is_gone() {
        let (data, to) = (Data::new().await, tempfile::tempdir().unwrap());
        let mut layers = vec![data.push(b"a").await];
        back_up(data.folder.path(), to.path(), true).await.unwrap();
        layers.push(data.push(b"b").await);
        layers.push(data.push(b"c").await);
        let id = data.repository;
        data.store.write(move |tx| Box::pin(async move { repository::delete(tx, id).await })).await.unwrap();
        // One of the layers is collected.
        let gone = data.store.write(|tx| Box::pin(async move { rows::condemn(tx, 1).await })).await.unwrap();
        let right = data.blobs.collection().await;
        data.blobs.remove(&gone[0], &right).await.unwrap();
        let forgotten = gone.clone();
        data.store.write(move |tx| Box::pin(async move { rows::forget(tx, &forgotten).await })).await.unwrap();
        let done = back_up(data.folder.path(), to.path(), true).await.unwrap();
        let was_there = gone[0] != layers[0];
        assert_eq!(done, BackedUp { layers: 2, copied: if was_there { 1 } else { 2 } });
        for layer in layers {
            assert_eq!(holds(to.path(), &layer).await, layer != gone[0], "{layer}");
        }
    }

    #[tokio::test]
    async fn a_backup_without_a_layer_that_an_image_names_is_refused_and_leaves_the_one_before() {
        let (data, to) = (Data::new().await, tempfile::tempdir().unwrap());
        data.push(b"a").await;
        back_up(data.folder.path(), to.path(), true).await.unwrap();
        let lost = data.push(b"b").await;
        let right = data.blobs.collection().await;
        data.blobs.remove(&lost, &right).await.unwrap();
        let refused = back_up(data.folder.path(), to.path(), true).await.unwrap_err();
        assert!(matches!(&refused, BackupError::LayersMissing { count: 1, example } if *example == lost), "{refused}");
        let copy = Store::open(&to.path().join(DATABASE)).await.unwrap();
        let mut reader = copy.read().await.unwrap();
        assert_eq!(image::count(&mut reader, data.repository).await.unwrap(), 1);
        let without = back_up(data.folder.path(), &to.path().join("other"), false).await.unwrap();
        assert_eq!(without, BackedUp::default());
    }
}
