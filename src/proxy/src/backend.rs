//! A target at run time: how it stands, what is under way to it, and the connections that are kept to it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gantry_model::load_balancing::{TargetKey, TargetState};
use tokio_util::sync::CancellationToken;

use crate::upstream::Pool;

/// How long after it was told to let a target go a proxy still may have a request that chose it a moment before.
const SETTLING: Duration = Duration::from_millis(500);

/// A target at run time. It lives on from table to table as long as it is the same target at the same address.
pub(crate) struct Backend {
    pub(crate) key: TargetKey,
    pub(crate) address: SocketAddr,
    in_flight: AtomicUsize,
    state: AtomicU8,
    /// Why it does not have the state healthy: a code of the API and its words.
    trouble: Mutex<Option<(&'static str, String)>>,
    healthy_since: Mutex<Option<Instant>>,
    draining: Mutex<Option<Instant>>,
    pub(crate) pool: Pool,
    /// Cancelled when what is still under way is to be broken off.
    pub(crate) cut: CancellationToken,
    is_gone: AtomicBool,
}

/// Something under way to a target, for as long as this lives.
pub(crate) struct InFlight {
    pub(crate) backend: Arc<Backend>,
    shared: Arc<crate::Shared>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let left = self.backend.in_flight.fetch_sub(1, Ordering::AcqRel) - 1;
        if left == 0 && self.backend.is_draining() {
            self.shared.tell();
        }
    }
}

impl Backend {
    /// A target that nothing is known of but `state`, which the control plane had of it.
    pub(crate) fn new(key: TargetKey, address: SocketAddr, state: TargetState) -> Self {
        let backend = Self {
            key,
            address,
            in_flight: AtomicUsize::new(0),
            state: AtomicU8::new(0),
            trouble: Mutex::new(None),
            healthy_since: Mutex::new(None),
            draining: Mutex::new(None),
            pool: Pool::default(),
            cut: CancellationToken::new(),
            is_gone: AtomicBool::new(false),
        };
        backend.set_state(state, None);
        backend
    }

    /// Counts something as under way until the answer is dropped.
    pub(crate) fn begin(self: &Arc<Self>, shared: &Arc<crate::Shared>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        InFlight { backend: Arc::clone(self), shared: Arc::clone(shared) }
    }

    /// How much is under way.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    pub(crate) fn state(&self) -> TargetState {
        match self.state.load(Ordering::Acquire) {
            0 => TargetState::Initial,
            1 => TargetState::Healthy,
            _ => TargetState::Unhealthy,
        }
    }

    /// Notes how it stands, and why it is not healthy. Answers whether that is another state than before.
    pub(crate) fn set_state(&self, state: TargetState, trouble: Option<(&'static str, String)>) -> bool {
        let number = match state {
            TargetState::Initial => 0,
            TargetState::Healthy => 1,
            TargetState::Unhealthy => 2,
        };
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        let changed = self.state.swap(number, Ordering::AcqRel) != number;
        if changed {
            let since = (state == TargetState::Healthy).then(Instant::now);
            *self.healthy_since.lock().unwrap_or_else(PoisonError::into_inner) = since;
        }
        changed
    }

    pub(crate) fn trouble(&self) -> Option<(&'static str, String)> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// For how long it has been healthy.
    pub(crate) fn healthy_for(&self) -> Option<Duration> {
        self.healthy_since.lock().unwrap_or_else(PoisonError::into_inner).map(|since| since.elapsed())
    }

    /// Lets it go, or takes it back.
    pub(crate) fn set_draining(&self, draining: bool) {
        let mut since = self.draining.lock().unwrap_or_else(PoisonError::into_inner);
        match (draining, since.is_some()) {
            (true, false) => *since = Some(Instant::now()),
            (false, true) => *since = None,
            _ => return,
        }
        drop(since);
        if draining {
            self.pool.clear();
        }
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Whether it is let go and nothing is under way to it any more.
    pub(crate) fn is_drained(&self) -> bool {
        let since = *self.draining.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() >= SETTLING) && self.in_flight() == 0
    }

    /// It is no target any more; what is under way is broken off if `cut`.
    pub(crate) fn leave(&self, cut: bool) {
        self.is_gone.store(true, Ordering::Release);
        self.pool.clear();
        if cut {
            self.cut.cancel();
        }
    }

    /// Whether connections to it may be kept for the next request.
    pub(crate) fn keeps_connections(&self) -> bool {
        !self.is_gone.load(Ordering::Acquire) && !self.is_draining()
    }
}
