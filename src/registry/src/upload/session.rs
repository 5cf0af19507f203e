//! Sessions in memory, and whose turn it is to write to one.

use std::collections::HashMap;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gantry_model::UnixMillis;
use gantry_store::blob::{DigestAlgorithm, PartialBlob};
use gantry_store::upload::{Upload, UploadId};
use tokio::sync::{Mutex as TurnMutex, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

use super::UploadError;

/// The sessions that are in memory.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<UploadId, Arc<Session>>>);

impl Sessions {
    /// Adds a session. One that another request added under the same id meanwhile wins.
    pub(super) fn insert(&self, session: Session) -> Arc<Session> {
        let session = Arc::new(session);
        Arc::clone(self.map().entry(session.id.clone()).or_insert(session))
    }

    pub(super) fn get(&self, id: &UploadId) -> Option<Arc<Session>> {
        self.map().get(id).cloned()
    }

    pub(crate) fn remove(&self, id: &UploadId) {
        self.map().remove(id);
    }

    /// Whether the session is in memory.
    pub(crate) fn holds(&self, id: &UploadId) -> bool {
        self.map().contains_key(id)
    }

    /// The sessions that nobody has used since `before`.
    pub(crate) fn idle_since(&self, before: UnixMillis) -> Vec<Arc<Session>> {
        self.map().values().filter(|session| session.touched_at() <= before).cloned().collect()
    }

    fn map(&self) -> MutexGuard<'_, HashMap<UploadId, Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An upload in progress.
pub(crate) struct Session {
    pub(crate) id: UploadId,
    pub(crate) repository: i64,
    pub(crate) algorithm: DigestAlgorithm,
    received: AtomicU64,
    touched_at: AtomicI64,
    state: Arc<TurnMutex<State>>,
    /// Cancelled to tell the request that writes now that another one has come.
    writer: Mutex<CancellationToken>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("id", &self.id).field("received", &self.received()).finish_non_exhaustive()
    }
}

/// What only the request whose turn it is may see.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The bytes; `None` until there are some.
    pub(crate) partial: Option<PartialBlob>,
    /// When the row was last written; `None` while there is none.
    pub(crate) recorded_at: Option<UnixMillis>,
    /// The session was finished or cancelled while this request waited.
    pub(crate) ended: bool,
    /// The length of the last part that came by ECR's API.
    pub(crate) last_part: Option<u64>,
    /// Whether a part that was not the last one was shorter than ECR allows.
    pub(crate) short_part: bool,
}

/// The right to write to a session.
pub(crate) struct Turn {
    state: OwnedMutexGuard<State>,
    stop: CancellationToken,
}

impl Turn {
    /// Completes when another request wants the session.
    pub(super) async fn interrupted(&self) {
        self.stop.cancelled().await;
    }
}

impl Deref for Turn {
    type Target = State;
    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Turn {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Session {
    pub(super) fn new(id: UploadId, repository: i64, algorithm: DigestAlgorithm, now: UnixMillis) -> Self {
        Self {
            id,
            repository,
            algorithm,
            received: AtomicU64::new(0),
            touched_at: AtomicI64::new(now.0),
            state: Arc::default(),
            writer: Mutex::default(),
        }
    }

    pub(super) fn resumed(row: &Upload, partial: Option<PartialBlob>) -> Self {
        let mut session = Self::new(row.id.clone(), row.repository, row.algorithm, row.touched_at);
        session.received = AtomicU64::new(partial.as_ref().map_or(0, PartialBlob::received));
        let state = State { partial, recorded_at: Some(row.touched_at), ..State::default() };
        session.state = Arc::new(TurnMutex::new(state));
        session
    }

    /// How many bytes had arrived when the last chunk ended.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Acquire)
    }

    pub(super) fn set_received(&self, received: u64) {
        self.received.store(received, Ordering::Release);
    }

    pub(super) fn touch(&self, now: UnixMillis) {
        self.touched_at.fetch_max(now.0, Ordering::AcqRel);
    }

    fn touched_at(&self) -> UnixMillis {
        UnixMillis(self.touched_at.load(Ordering::Acquire))
    }

    /// Waits for the turn to write, after asking whoever has it to stop.
    pub(crate) async fn take_turn(&self) -> Result<Turn, UploadError> {
        let stop = CancellationToken::new();
        {
            let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *writer, stop.clone()).cancel();
        }
        let state = Arc::clone(&self.state).lock_owned().await;
        if state.ended {
            return Err(UploadError::Unknown(self.id.clone()));
        }
        Ok(Turn { state, stop })
    }

    /// The turn, if nobody has it.
    pub(crate) fn try_turn(&self) -> Option<Turn> {
        let state = Arc::clone(&self.state).try_lock_owned().ok()?;
        (!state.ended).then(|| Turn { state, stop: CancellationToken::new() })
    }
}
