//! Opening the database, and the two doors to it.

use std::fmt;
use std::fs::OpenOptions;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;
use gantry_model::UnixMillis;
use gantry_model::event::Event;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Sqlite, SqlitePool, Transaction};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::vault::{Vault, VaultError};
use crate::writer::{Job, Write, Writer};
use crate::{Conn, StoreError, Tx, certificate, event, kv, migrate, parameter, secret};

/// Where the time of a write comes from.
pub type Clock = Arc<dyn Fn() -> UnixMillis + Send + Sync>;

/// How long a statement waits for another process's lock before SQLite says BUSY.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a read waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Writes that may wait for the writer before a caller waits to hand over its own.
const QUEUE: usize = 4096;
/// Events that a subscriber may lag behind before it is told that it lost some and must read the log.
const BROADCAST: usize = 8192;
/// The setting that names the root key under which everything is sealed.
const SEALING_KEY: &str = "sealing-key";
/// What a reset leaves alone: the account, the schema, and the counter, so that a reader's position stays in the past.
const KEPT_BY_RESET: &[&str] = &["access_key", "migration", "event_sequence"];

/// The database of one control plane. Clones share it.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    writer: mpsc::Sender<Box<dyn Job>>,
    readers: SqlitePool,
    published: broadcast::Sender<Arc<Event>>,
    last_seq: Arc<AtomicI64>,
    notifies: Arc<AtomicBool>,
    vault: OnceLock<Arc<Vault>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("last_seq", &self.last_seq()).finish_non_exhaustive()
    }
}

/// A snapshot of the database, from its first query until it is dropped. Keep it short: while it lives the write-ahead
/// log cannot be folded back, and its connection serves nobody else. Never hold two at once.
#[derive(Debug)]
pub struct Reader {
    tx: Transaction<'static, Sqlite>,
}

impl Deref for Reader {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.tx
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.tx
    }
}

impl Store {
    /// Opens the database at `path`, creating it with mode 0600 if it is missing, and brings it to this release's schema.
    /// Must be called inside a Tokio runtime, which then runs the writer.
    ///
    /// # Errors
    /// When the file cannot be opened, belongs to a later release, or durability cannot be had.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with_clock(path, Arc::new(system_now)).await
    }

    /// As [`Store::open`], with the time of writes from `clock`.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with_clock(path: &Path, clock: Clock) -> Result<Self, StoreError> {
        protect(path).map_err(|source| StoreError::File { path: path.to_owned(), source })?;
        let open_failed = |source| StoreError::Open { path: path.to_owned(), source };
        let options = writer_options(path);
        let mut conn = options.connect().await.map_err(open_failed)?;
        assert_pragmas(&mut conn).await?;
        migrate::run(&mut conn).await?;
        let last_seq = Arc::new(AtomicI64::new(event::last(&mut conn).await?));
        let readers = SqlitePoolOptions::new()
            .max_connections(reader_count())
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .connect_with(reader_options(path))
            .await
            .map_err(open_failed)?;
        let published = broadcast::Sender::new(BROADCAST);
        let (sender, queue) = mpsc::channel(QUEUE);
        let notifies = Arc::new(AtomicBool::new(false));
        let tx = Tx::new(conn, Arc::clone(&notifies));
        let writer = Writer::new(tx, options, clock, Arc::clone(&last_seq), published.clone());
        tokio::spawn(writer.run(queue));
        Ok(Self {
            shared: Arc::new(Shared { writer: sender, readers, published, last_seq, notifies, vault: OnceLock::new() }),
        })
    }

    /// Gives the store the root keys of the file at `path`, which is made when there is none and nothing was sealed yet. What
    /// an older key sealed is sealed anew.
    ///
    /// # Errors
    /// When the file is not there and should be, or does not hold the key that was used.
    pub async fn unlock_with_file(&self, path: &Path) -> Result<(), StoreError> {
        let cannot = "take the key of the secrets";
        let used = kv::get(&mut *self.read().await?, SEALING_KEY).await?;
        let vault = match (Vault::read(path).map_err(StoreError::vault(cannot))?, used) {
            (Some(vault), _) => vault,
            (None, None) => Vault::add_key(path).map_err(StoreError::vault(cannot))?,
            (None, Some(key)) => {
                return Err(StoreError::vault(cannot)(VaultError::Missing { path: path.to_owned(), key }));
            }
        };
        self.unlock(vault).await
    }

    /// Gives the store its root keys. What an older key sealed is sealed anew.
    ///
    /// # Errors
    /// When the key that was used is not among them.
    pub async fn unlock(&self, vault: Vault) -> Result<(), StoreError> {
        let vault = Arc::new(vault);
        let given = Arc::clone(&vault);
        self.write(move |tx| {
            Box::pin(async move {
                let sealing = given.sealing_key();
                match kv::get(tx, SEALING_KEY).await? {
                    Some(used) if used == sealing => return Ok(()),
                    Some(used) if !given.holds(&used) => {
                        return Err(StoreError::vault("take the key of the secrets")(VaultError::UnknownKey(used)));
                    }
                    _ => {}
                }
                secret::rewrap_all(tx, &given).await?;
                parameter::rewrap_all(tx, &given).await?;
                certificate::rewrap_all(tx, &given).await?;
                kv::put(tx, SEALING_KEY, &sealing).await
            })
        })
        .await?;
        // A store is given its keys once; the first stay.
        _ = self.shared.vault.set(vault);
        Ok(())
    }

    /// What seals and opens values.
    ///
    /// # Errors
    /// When the store was given no keys.
    pub fn vault(&self) -> Result<Arc<Vault>, StoreError> {
        self.shared.vault.get().cloned().ok_or_else(|| StoreError::vault("seal or open a value")(VaultError::Locked))
    }

    /// A snapshot to read from.
    ///
    /// # Errors
    /// When no connection comes free in time.
    pub async fn read(&self) -> Result<Reader, StoreError> {
        let tx = self.shared.readers.begin().await.map_err(StoreError::query("begin to read the database"))?;
        Ok(Reader { tx })
    }

    /// Runs `f` in the writer and answers its result once it is on disk. When `f` fails nothing of it remains, neither
    /// rows nor events. `f` must await nothing but the database. Dropping the returned future does not cancel the write.
    ///
    /// # Errors
    /// What `f` answers, or a [`StoreError`] when the transaction cannot be committed.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Write { closure: Some(f), result: None, reply };
        self.shared.writer.send(Box::new(job)).await.map_err(|_| E::from(StoreError::Closed))?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// The events from now on, each after its commit, in the order of `seq`. A receiver that lags is told so by
    /// `RecvError::Lagged` and reads what it missed with [`event::after`].
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.shared.published.subscribe()
    }

    /// The `seq` of the newest committed event; 0 before the first.
    #[must_use]
    pub fn last_seq(&self) -> i64 {
        self.shared.last_seq.load(Ordering::Acquire)
    }

    /// Has writes leave notifications from now on, because there is somebody to tell: [`Tx::notifies`].
    pub fn notify(&self) {
        self.shared.notifies.store(true, Ordering::Release);
    }

    /// Empties everything but the access keys. For `--dev-reset`; the event counter goes on.
    ///
    /// # Errors
    /// When a table cannot be emptied; then all are as they were.
    pub async fn reset(&self) -> Result<(), StoreError> {
        self.write(|tx| Box::pin(empty_tables(tx))).await
    }
}

async fn empty_tables(tx: &mut Tx) -> Result<(), StoreError> {
    let failed = "empty the database";
    sqlx::query("PRAGMA defer_foreign_keys = ON").execute(&mut **tx).await.map_err(StoreError::query(failed))?;
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'")
            .fetch_all(&mut **tx)
            .await
            .map_err(StoreError::query(failed))?;
    for table in tables.iter().filter(|table| !KEPT_BY_RESET.contains(&table.as_str())) {
        // The name comes from our own migrations.
        sqlx::query(AssertSqlSafe(format!("DELETE FROM \"{table}\"")))
            .persistent(false)
            .execute(&mut **tx)
            .await
            .map_err(StoreError::query(failed))?;
    }
    Ok(())
}

/// Creates the file if it is missing and closes it to everybody else; the log files beside it inherit its mode.
fn protect(path: &Path) -> std::io::Result<()> {
    let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

pub(crate) fn plain_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(256)
        .pragma("temp_store", "MEMORY")
}

fn writer_options(path: &Path) -> SqliteConnectOptions {
    plain_options(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", "67108864")
}

fn reader_options(path: &Path) -> SqliteConnectOptions {
    plain_options(path).pragma("query_only", "ON")
}

/// Two a core, and never so few that a burst of requests queues behind one slow list.
fn reader_count() -> u32 {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    u32::try_from(cores * 2).unwrap_or(u32::MAX).clamp(8, 64)
}

async fn assert_pragmas(conn: &mut Conn) -> Result<(), StoreError> {
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut *conn)
        .await
        .map_err(StoreError::query("read the journal mode"))?;
    require("journal_mode", "wal", journal)?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
        .fetch_one(&mut *conn)
        .await
        .map_err(StoreError::query("read the synchronous level"))?;
    require("synchronous", "2", synchronous.to_string())?;
    let foreign_keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys")
        .fetch_one(&mut *conn)
        .await
        .map_err(StoreError::query("read whether foreign keys are kept"))?;
    require("foreign_keys", "1", foreign_keys.to_string())
}

fn require(pragma: &'static str, expected: &'static str, found: String) -> Result<(), StoreError> {
    if found == expected { Ok(()) } else { Err(StoreError::Pragma { pragma, expected, found }) }
}

fn system_now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
