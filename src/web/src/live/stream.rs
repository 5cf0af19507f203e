//! The browser's end of `GET /events`.
//!
//! One [`Source`] for the whole page. The browser reconnects by itself with `Last-Event-ID`; when the server refuses for
//! good (a restart behind a proxy, a session that ended) the source closes and is opened anew with `after`, ever more
//! slowly.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use gantry_model::event::EventKind;
use leptos::prelude::*;
use serde::Deserialize;

use super::LiveState;
use super::source::{News, Source};
use crate::visitor::local_time;

/// At most one call of a subscriber in this time.
const COALESCE: Duration = Duration::from_millis(150);
/// After so much silence the page says that it is stale.
const STALE_AFTER: Duration = Duration::from_secs(40);
/// Subscriptions of a page change together; the stream is opened once they have.
const SETTLE: Duration = Duration::from_millis(30);
const LONGEST_WAIT_S: u64 = 15;
/// How often a page says to the shared worker that it is still there.
const STILL_HERE: Duration = Duration::from_secs(20);

const KINDS: [EventKind; 14] = [
    EventKind::CapacityProvider,
    EventKind::Cluster,
    EventKind::ContainerInstance,
    EventKind::TaskDefinition,
    EventKind::Service,
    EventKind::ServiceMessage,
    EventKind::Task,
    EventKind::Repository,
    EventKind::Image,
    EventKind::Rule,
    EventKind::Secret,
    EventKind::Parameter,
    EventKind::LoadBalancer,
    EventKind::TargetGroup,
];

struct Subscriber {
    id: u64,
    kinds: &'static [EventKind],
    cluster: Option<String>,
    refetch: Rc<dyn Fn()>,
    /// Whether a call is waiting for its time.
    waiting: bool,
}

#[derive(Default)]
struct Hub {
    connection: Option<Source>,
    subscribers: Vec<Subscriber>,
    next_id: u64,
    last_seq: i64,
    state: Option<RwSignal<LiveState>>,
    /// Whether the shared worker could not be had.
    alone: bool,
    /// Failed openings in a row.
    failures: u32,
    /// Rises with each loss and each opening; a timer that finds another value is out of date.
    epoch: u64,
}

thread_local! {
    static HUB: RefCell<Hub> = RefCell::default();
}

#[derive(Deserialize)]
struct Change {
    cluster: Option<String>,
}

/// Opens the stream after the sequence that the server's HTML carries.
pub(super) fn start(state: RwSignal<LiveState>) {
    let seq = document()
        .query_selector("meta[name=gantry-seq]")
        .ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"))
        .and_then(|seq| seq.parse().ok())
        .unwrap_or_default();
    HUB.with_borrow_mut(|hub| {
        hub.state = Some(state);
        hub.last_seq = seq;
    });
    // A page that goes into the back-forward cache must not hold a connection there.
    let _ = window_event_listener_untyped("pagehide", |_| HUB.with_borrow_mut(|hub| hub.connection = None));
    let _ = window_event_listener_untyped("pageshow", |_| settle());
    let still_here = || HUB.with_borrow(|hub| hub.connection.iter().for_each(Source::still_here));
    // A browser without timers has no worker either.
    let _timer = set_interval_with_handle(still_here, STILL_HERE);
    settle();
}

/// Adds somebody who listens; answers the id to leave with.
pub(super) fn subscribe(kinds: &'static [EventKind], cluster: Option<String>, refetch: Rc<dyn Fn()>) -> u64 {
    let id = HUB.with_borrow_mut(|hub| {
        hub.next_id += 1;
        let id = hub.next_id;
        hub.subscribers.push(Subscriber { id, kinds, cluster, refetch, waiting: false });
        id
    });
    settle();
    id
}

/// Takes a listener away.
pub(super) fn unsubscribe(id: u64) {
    HUB.with_borrow_mut(|hub| hub.subscribers.retain(|subscriber| subscriber.id != id));
}

fn settle() {
    set_timeout(connect_if_needed, SETTLE);
}

/// Opens the stream when somebody listens to a kind that the open one does not bring.
fn connect_if_needed() {
    HUB.with_borrow_mut(|hub| {
        let wanted: BTreeSet<&'static str> =
            hub.subscribers.iter().flat_map(|s| s.kinds.iter().map(|kind| kind.as_str())).collect();
        let served = hub.connection.as_ref().is_some_and(|open| wanted.is_subset(&open.kinds));
        if hub.state.is_some() && !wanted.is_empty() && !served {
            hub.connection = None;
            let all = KINDS.map(EventKind::as_str);
            let shared = if hub.alone { None } else { Source::shared(&all, hub.last_seq, on_news) };
            hub.connection = shared.or_else(|| Source::own(wanted, hub.last_seq, on_news));
        }
    });
}

fn on_news(news: News) {
    match news {
        News::Open => on_open(),
        News::Lost { closed } => on_error(closed),
        News::NoWorker => {
            HUB.with_borrow_mut(|hub| hub.alone = true);
            // Not here: what calls this closure must not be dropped by it.
            set_timeout(go_on_alone, SETTLE);
        }
        News::Event { kind, id, data } => on_event(&kind, &id, &data),
    }
}

fn go_on_alone() {
    HUB.with_borrow_mut(|hub| hub.connection = None);
    connect_if_needed();
}

fn on_open() {
    let (state, missed) = HUB.with_borrow_mut(|hub| {
        let missed = hub.failures > 0;
        hub.failures = 0;
        hub.epoch += 1;
        (hub.state, missed)
    });
    set_state(state, LiveState::Live);
    if missed {
        // What came while the stream was away is replayed; asking once more costs little and heals a lost sequence.
        notify(|_| true);
    }
}

fn on_error(closed: bool) {
    let (state, epoch, failures) = HUB.with_borrow_mut(|hub| {
        if hub.failures == 0 {
            hub.epoch += 1;
        }
        hub.failures += 1;
        (hub.state, hub.epoch, hub.failures)
    });
    if failures == 1 {
        set_state(state, LiveState::Reconnecting);
        let since = local_time().unwrap_or_default();
        set_timeout(move || become_stale(epoch, since), STALE_AFTER);
    }
    if closed {
        let wait = (1u64 << failures.min(4)).min(LONGEST_WAIT_S);
        set_timeout(connect_again, Duration::from_secs(wait));
    }
}

/// Opens a source that was closed for good: the worker its own, this page another.
fn connect_again() {
    let is_shared = HUB.with_borrow_mut(|hub| {
        let is_shared = hub.connection.as_ref().is_some_and(Source::again);
        if !is_shared {
            hub.connection = None;
        }
        is_shared
    });
    if !is_shared {
        connect_if_needed();
    }
}

fn become_stale(epoch: u64, since: String) {
    let state = HUB.with_borrow(|hub| (hub.epoch == epoch).then_some(hub.state).flatten());
    set_state(state, LiveState::Stale { since });
}

fn on_event(kind: &str, id: &str, data: &str) {
    if let Ok(seq) = id.parse::<i64>() {
        HUB.with_borrow_mut(|hub| hub.last_seq = hub.last_seq.max(seq));
    }
    if kind == "reset" {
        notify(|_| true);
        return;
    }
    let cluster = serde_json::from_str::<Change>(data).ok().and_then(|change| change.cluster);
    notify(|subscriber| {
        subscriber.kinds.iter().any(|wanted| wanted.as_str() == kind)
            && (subscriber.cluster.is_none() || cluster.is_none() || subscriber.cluster == cluster)
    });
}

/// Calls those whom it concerns, once in [`COALESCE`] whatever comes meanwhile.
fn notify(concerns: impl Fn(&Subscriber) -> bool) {
    let due: Vec<u64> = HUB.with_borrow_mut(|hub| {
        let mut due = Vec::new();
        for subscriber in hub.subscribers.iter_mut().filter(|s| !s.waiting && concerns(s)) {
            subscriber.waiting = true;
            due.push(subscriber.id);
        }
        due
    });
    for id in due {
        set_timeout(move || call(id), COALESCE);
    }
}

fn call(id: u64) {
    let refetch = HUB.with_borrow_mut(|hub| {
        let subscriber = hub.subscribers.iter_mut().find(|s| s.id == id)?;
        subscriber.waiting = false;
        Some(subscriber.refetch.clone())
    });
    if let Some(refetch) = refetch {
        refetch();
    }
}

fn set_state(signal: Option<RwSignal<LiveState>>, state: LiveState) {
    if let Some(signal) = signal {
        signal.set(state);
    }
}
