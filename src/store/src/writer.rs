//! The one writer: a task that owns the only connection that writes.
//!
//! It takes whatever is waiting, at most [`MAX_BATCH`] writes, into one `BEGIN IMMEDIATE` transaction, gives each a
//! savepoint of its own, appends the events of those that succeeded, commits, and only then answers. What arrives during
//! a commit is the next batch, so no timer is needed: a lone caller waits for one disk sync, many share one.
//!
//! Invariants:
//! - A write that fails is rolled back to its savepoint with its events; its neighbours commit.
//! - A batch that cannot commit fails whole: every member is told so, nothing is published.
//! - A caller that goes away does not cancel its write; the write belongs to this task.
//! - A write is pure over the database: whatever else it awaited would stall everybody.
//!
//! SQLite's own savepoints are used by name rather than sqlx's nesting, so that one hand-over to SQLite's thread does
//! what would take two.

use std::ops::{Deref, DerefMut};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use gantry_model::UnixMillis;
use gantry_model::event::{Event, NewEvent};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::event::Pending;
use crate::store::Clock;
use crate::{Conn, StoreError, event};

/// Writes of one transaction. Beyond this a larger batch only adds waiting.
const MAX_BATCH: usize = 128;
/// How long a transaction is tried to begin or commit while another process holds the database.
const BUSY_DEADLINE: Duration = Duration::from_secs(20);

const BEGIN: &str = "BEGIN IMMEDIATE; SAVEPOINT op";
const NEXT: &str = "RELEASE op; SAVEPOINT op";
const UNDO: &str = "ROLLBACK TO op";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";

/// A write in progress: the connection, the instant, and the events that go with the rows.
#[derive(Debug)]
pub struct Tx {
    conn: Conn,
    now: UnixMillis,
    pending: Pending,
    notifies: Arc<AtomicBool>,
}

impl Tx {
    pub(crate) fn new(conn: Conn, notifies: Arc<AtomicBool>) -> Self {
        Self { conn, now: UnixMillis(0), pending: Pending::default(), notifies }
    }

    /// Whether there is somebody to leave a notification for.
    #[must_use]
    pub fn notifies(&self) -> bool {
        self.notifies.load(Ordering::Acquire)
    }

    /// Appends `event` to the log. It is committed with the rows of this write or not at all.
    pub fn append(&mut self, event: NewEvent) {
        self.pending.push(self.now, event);
    }

    /// The instant of this write: that of its events.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        self.now
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

/// A write that waits for its turn, whatever its result's type.
pub(crate) trait Job: Send {
    /// Runs the write and keeps its result. Answers whether it succeeded.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool>;
    /// Tells the caller how it ended: its own result once committed, or why the batch failed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// The closure of [`crate::Store::write`] with the place where its caller waits.
pub(crate) struct Write<T, E, F> {
    pub(crate) closure: Option<F>,
    pub(crate) result: Option<Result<T, E>>,
    pub(crate) reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Write<T, E, F>
where
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool> {
        Box::pin(async move {
            let Some(closure) = self.closure.take() else { return false };
            // A panic while the future is made counts as one while it runs.
            let ended = AssertUnwindSafe(async move { closure(tx).await }).catch_unwind().await;
            let result = ended.unwrap_or_else(|_| Err(StoreError::Panicked.into()));
            let succeeded = result.is_ok();
            self.result = Some(result);
            succeeded
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (committed, self.result) {
            // Its own failure tells the caller more than that the batch failed too.
            (_, Some(Err(own))) => Err(own),
            (Err(batch), _) => Err(batch.into()),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Ok(()), None) => Err(StoreError::Closed.into()),
        };
        // Nobody is told when the caller went away; the write stands all the same.
        let _ = self.reply.send(result);
    }
}

/// The writer task's state.
pub(crate) struct Writer {
    tx: Tx,
    options: SqliteConnectOptions,
    /// The connection is in an unknown state and must be replaced before the next batch.
    broken: bool,
    clock: Clock,
    last_seq: Arc<AtomicI64>,
    published: broadcast::Sender<Arc<Event>>,
}

impl Writer {
    pub(crate) fn new(
        tx: Tx,
        options: SqliteConnectOptions,
        clock: Clock,
        last_seq: Arc<AtomicI64>,
        published: broadcast::Sender<Arc<Event>>,
    ) -> Self {
        Self { tx, options, broken: false, clock, last_seq, published }
    }

    /// Writes until every [`crate::Store`] is gone and the queue is empty.
    pub(crate) async fn run(mut self, mut queue: mpsc::Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        while queue.recv_many(&mut batch, MAX_BATCH).await > 0 {
            let committed = self.commit(&mut batch).await;
            match committed {
                Ok(events) => {
                    self.publish(events);
                    batch.drain(..).for_each(|job| job.answer(Ok(())));
                }
                Err((what, source)) => {
                    tracing::error!(what, error = %source, writes = batch.len(), "a batch of writes was rolled back");
                    let error = || StoreError::Transaction { what, source: Arc::clone(&source) };
                    batch.drain(..).for_each(|job| job.answer(Err(error())));
                }
            }
        }
        if let Err(error) = sqlx::Connection::close(self.tx.conn).await {
            tracing::warn!(%error, "the writer's connection did not close cleanly");
        }
    }

    /// Runs `batch` in one transaction. Answers its events once they are on disk.
    async fn commit(&mut self, batch: &mut [Box<dyn Job>]) -> Result<Vec<Event>, Failure> {
        self.reconnect().await.map_err(failed("open the database again"))?;
        self.tx.pending.truncate(0);
        let written = self.transaction(batch).await;
        if written.is_err() {
            self.broken = sqlx::query(ROLLBACK).execute(&mut self.tx.conn).await.is_err();
        }
        written
    }

    async fn transaction(&mut self, batch: &mut [Box<dyn Job>]) -> Result<Vec<Event>, Failure> {
        self.patiently(BEGIN).await.map_err(failed("begin the transaction"))?;
        let mut fresh = true;
        for job in batch {
            if !fresh {
                self.execute(NEXT).await.map_err(failed("set a savepoint"))?;
            }
            fresh = !self.run_one(job.as_mut()).await.map_err(failed("undo a failed write"))?;
        }
        let pending = self.tx.pending.take();
        let events = event::write(&mut self.tx.conn, pending).await.map_err(failed("append to the event log"))?;
        self.patiently(COMMIT).await.map_err(failed("commit the transaction"))?;
        Ok(events)
    }

    /// Runs one write inside the savepoint; after a failure the savepoint is as it was. Answers whether it succeeded.
    async fn run_one(&mut self, job: &mut dyn Job) -> Result<bool, sqlx::Error> {
        let events_before = self.tx.pending.len();
        self.tx.now = (self.clock)();
        let succeeded = job.run(&mut self.tx).await;
        if !succeeded {
            self.tx.pending.truncate(events_before);
            self.execute(UNDO).await?;
        }
        Ok(succeeded)
    }

    async fn execute(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(statement).execute(&mut self.tx.conn).await.map(drop)
    }

    /// Executes `statement`, again while another process holds the database, until the deadline.
    async fn patiently(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        let deadline = Instant::now() + BUSY_DEADLINE;
        loop {
            match self.execute(statement).await {
                Err(error) if is_busy(&error) && Instant::now() < deadline => {
                    tracing::warn!(statement, "the database is held by another process; trying again");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                ended => return ended,
            }
        }
    }

    async fn reconnect(&mut self) -> Result<(), sqlx::Error> {
        if self.broken {
            self.tx.conn = self.options.connect().await?;
            self.broken = false;
        }
        Ok(())
    }

    fn publish(&self, events: Vec<Event>) {
        if let Some(last) = events.last() {
            self.last_seq.store(last.seq, Ordering::Release);
        }
        for event in events {
            // Without a subscriber there is nobody to tell; the log has it.
            let _ = self.published.send(Arc::new(event));
        }
    }
}

type Failure = (&'static str, Arc<sqlx::Error>);

fn failed(what: &'static str) -> impl FnOnce(sqlx::Error) -> Failure {
    move |source| (what, Arc::new(source))
}

/// Whether SQLite said BUSY or LOCKED, in whichever extended form.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code()).and_then(|c| c.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6))
}
