//! The vulnerability database: a folder of advisories in the OSV format, as the operator puts them there (`*.json`, one
//! advisory a file, or `*.zip` of such files, as osv.dev hands them out by ecosystem).

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use gantry_model::UnixMillis;
use gantry_scanner::Advisory;
use gantry_store::advisory::{self, AdvisoryRow};
use gantry_store::{Conn, StoreError, kv};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::registry::Registry;

/// The setting that says which database is current.
const SETTING: &str = "advisory-database";
/// Advisories that are written at once.
const STEP: usize = 500;
/// The longest advisory that is read.
const MAX_ADVISORY_BYTES: u64 = 16 << 20;

/// The current database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Database {
    pub(crate) generation: i64,
    pub(crate) loaded_at: UnixMillis,
    /// The files that it was made of, with their lengths and times.
    files: Vec<(String, u64, u64)>,
}

/// Why a database could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum AdvisoryError {
    #[error("cannot read {}", .path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the registry's database failed")]
    Store(#[from] StoreError),
}

/// The current database, if one was loaded.
pub(crate) async fn current(conn: &mut Conn) -> Result<Option<Database>, StoreError> {
    let text = kv::get(conn, SETTING).await?;
    // One of a release that wrote it differently is loaded anew.
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

impl Registry {
    /// Loads the database from `folder` if its files have changed. Answers how many advisories were read, when some were.
    ///
    /// # Errors
    /// When the folder or a file of it cannot be read; then the database is what it was. A file that is no advisory is
    /// passed over, and said in the log.
    pub async fn load_advisories(&self, folder: &Path) -> Result<Option<usize>, AdvisoryError> {
        let (path, before) = (folder.to_owned(), current(&mut *self.store.read().await?).await?);
        let files = blocking(move || files_of(&path)).await?;
        if before.as_ref().is_some_and(|before| before.files == files) {
            return Ok(None);
        }
        let before = before.map_or(0, |before| before.generation);
        // What a load left that did not come to its end.
        self.forget_all_but(before).await?;
        let generation = before + 1;
        let (sender, mut receiver) = mpsc::channel::<AdvisoryRow>(STEP);
        let (path, names) = (folder.to_owned(), files.iter().map(|(name, ..)| name.clone()).collect::<Vec<_>>());
        let reading = tokio::task::spawn_blocking(move || read_all(&path, &names, &sender));
        let mut count = 0;
        loop {
            let mut rows = Vec::with_capacity(STEP);
            if receiver.recv_many(&mut rows, STEP).await == 0 {
                break;
            }
            count += rows.len();
            self.store.write(move |tx| Box::pin(async move { advisory::insert(tx, generation, &rows).await })).await?;
        }
        reading.await.map_err(|_| StoreError::Closed)??;
        self.make_current(Database { generation, loaded_at: self.now(), files }).await?;
        Ok(Some(count))
    }

    async fn make_current(&self, database: Database) -> Result<(), StoreError> {
        let generation = database.generation;
        let text = serde_json::to_string(&database)
            .map_err(|source| StoreError::Encode { what: "advisory database", source })?;
        self.store.write(move |tx| Box::pin(async move { kv::put(tx, SETTING, &text).await })).await?;
        self.forget_all_but(generation).await
    }

    /// A step at a time, so that the writer is never held for long.
    async fn forget_all_but(&self, generation: i64) -> Result<(), StoreError> {
        let step = i64::try_from(STEP).unwrap_or(i64::MAX);
        let forget =
            || self.store.write(move |tx| Box::pin(async move { advisory::delete_others(tx, generation, step).await }));
        while forget().await? {}
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AdvisoryError> + Send + 'static,
) -> Result<T, AdvisoryError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Closed)?
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> AdvisoryError {
    let path = path.to_owned();
    move |source| AdvisoryError::Io { path, source }
}

/// The files of a database: name, length, and when it was last written, in seconds.
fn files_of(folder: &Path) -> Result<Vec<(String, u64, u64)>, AdvisoryError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let entry = entry.map_err(failed(folder))?;
        let metadata = std::fs::metadata(entry.path()).map_err(failed(&entry.path()))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_ours = Path::new(&name).extension().is_some_and(|kind| kind == "json" || kind == "zip");
        if metadata.is_file() && is_ours {
            let written = metadata.modified().map_err(failed(&entry.path()))?;
            files.push((name, metadata.len(), written.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()));
        }
    }
    files.sort();
    Ok(files)
}

fn read_all(folder: &Path, names: &[String], to: &mpsc::Sender<AdvisoryRow>) -> Result<(), AdvisoryError> {
    for name in names {
        let path = folder.join(name);
        let file = File::open(&path).map_err(failed(&path))?;
        if path.extension().is_some_and(|kind| kind == "zip") {
            read_zip(file, &path, to)?;
        } else {
            let mut text = Vec::new();
            file.take(MAX_ADVISORY_BYTES).read_to_end(&mut text).map_err(failed(&path))?;
            read_one(&text, name, to);
        }
    }
    Ok(())
}

fn read_zip(file: File, path: &Path, to: &mpsc::Sender<AdvisoryRow>) -> Result<(), AdvisoryError> {
    let unreadable = |error: zip::result::ZipError| failed(path)(std::io::Error::other(error));
    let mut archive = zip::ZipArchive::new(file).map_err(unreadable)?;
    for number in 0..archive.len() {
        let entry = archive.by_index(number).map_err(unreadable)?;
        let name = entry.name().map_err(unreadable)?.into_owned();
        if !name.ends_with(".json") {
            continue;
        }
        let mut text = Vec::new();
        entry.take(MAX_ADVISORY_BYTES).read_to_end(&mut text).map_err(failed(path))?;
        read_one(&text, &name, to);
    }
    Ok(())
}

/// Sends one advisory on, once for each package that it is about.
fn read_one(text: &[u8], name: &str, to: &mpsc::Sender<AdvisoryRow>) {
    let advisory = match Advisory::parse(text) {
        Ok(advisory) => advisory,
        Err(error) => {
            tracing::warn!(name, %error, "not an advisory in the OSV format");
            return;
        }
    };
    for (package, advisory) in advisory.by_package() {
        let body = match serde_json::to_string(&advisory) {
            Ok(body) => body,
            Err(error) => {
                tracing::warn!(name, %error, "an advisory cannot be kept");
                continue;
            }
        };
        let row = AdvisoryRow { ecosystem: package.ecosystem, package: package.name, id: advisory.id, body };
        // Nobody listens any more when the server stops.
        drop(to.blocking_send(row));
    }
}
