//! The browser's end of `GET /events`.
//!
//! One `EventSource` for the whole page, with the kinds that somebody listens to in its query. The browser reconnects by
//! itself with `Last-Event-ID`; when the server refuses for good (a restart behind a proxy, a session that ended) the
//! source closes and is opened anew with `after`, ever more slowly.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use gantry_model::event::EventKind;
use leptos::prelude::*;
use serde::Deserialize;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

use super::LiveState;

/// At most one call of a subscriber in this time.
const COALESCE: Duration = Duration::from_millis(150);
/// After so much silence the page says that it is stale.
const STALE_AFTER: Duration = Duration::from_secs(40);
/// Subscriptions of a page change together; the stream is opened once they have.
const SETTLE: Duration = Duration::from_millis(30);
const LONGEST_WAIT_S: u64 = 15;

const KINDS: [EventKind; 8] = [
    EventKind::Cluster,
    EventKind::ContainerInstance,
    EventKind::TaskDefinition,
    EventKind::Service,
    EventKind::ServiceMessage,
    EventKind::Task,
    EventKind::Repository,
    EventKind::Image,
];

struct Subscriber {
    id: u64,
    kinds: &'static [EventKind],
    cluster: Option<String>,
    refetch: Rc<dyn Fn()>,
    /// Whether a call is waiting for its time.
    waiting: bool,
}

type Listener = Closure<dyn FnMut(MessageEvent)>;
type Callback = Closure<dyn FnMut()>;

/// An open source with the closures that it calls; they live as long as it.
struct Connection {
    source: EventSource,
    kinds: BTreeSet<&'static str>,
    _message: Listener,
    _open: Callback,
    _error: Callback,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.source.set_onopen(None);
        self.source.set_onerror(None);
        self.source.close();
    }
}

#[derive(Default)]
struct Hub {
    connection: Option<Connection>,
    subscribers: Vec<Subscriber>,
    next_id: u64,
    last_seq: i64,
    state: Option<RwSignal<LiveState>>,
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
            hub.connection = open(wanted, hub.last_seq);
        }
    });
}

fn open(kinds: BTreeSet<&'static str>, after: i64) -> Option<Connection> {
    let topics: Vec<&str> = kinds.iter().copied().collect();
    let url = format!("/events?topics={}&after={after}", topics.join(","));
    let source = EventSource::new(&url).ok()?;
    let message: Listener = Closure::new(|event: MessageEvent| on_message(&event));
    for name in KINDS.iter().map(|kind| kind.as_str()).chain(["reset"]) {
        source.add_event_listener_with_callback(name, message.as_ref().unchecked_ref()).ok()?;
    }
    let opened: Callback = Closure::new(on_open);
    let failed: Callback = Closure::new(on_error);
    source.set_onopen(Some(opened.as_ref().unchecked_ref()));
    source.set_onerror(Some(failed.as_ref().unchecked_ref()));
    Some(Connection { source, kinds, _message: message, _open: opened, _error: failed })
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

fn on_error() {
    let (state, closed, epoch, failures) = HUB.with_borrow_mut(|hub| {
        let closed = hub.connection.as_ref().is_none_or(|open| open.source.ready_state() == EventSource::CLOSED);
        if hub.failures == 0 {
            hub.epoch += 1;
        }
        hub.failures += 1;
        (hub.state, closed, hub.epoch, hub.failures)
    });
    if failures == 1 {
        set_state(state, LiveState::Reconnecting);
        let since = local_time();
        set_timeout(move || become_stale(epoch, since), STALE_AFTER);
    }
    if closed {
        HUB.with_borrow_mut(|hub| hub.connection = None);
        let wait = (1u64 << failures.min(4)).min(LONGEST_WAIT_S);
        set_timeout(connect_if_needed, Duration::from_secs(wait));
    }
}

fn become_stale(epoch: u64, since: String) {
    let state = HUB.with_borrow(|hub| (hub.epoch == epoch).then_some(hub.state).flatten());
    set_state(state, LiveState::Stale { since });
}

fn on_message(event: &MessageEvent) {
    if let Ok(seq) = event.last_event_id().parse::<i64>() {
        HUB.with_borrow_mut(|hub| hub.last_seq = hub.last_seq.max(seq));
    }
    let kind = event.type_();
    if kind == "reset" {
        notify(|_| true);
        return;
    }
    let cluster = event
        .data()
        .as_string()
        .and_then(|data| serde_json::from_str::<Change>(&data).ok())
        .and_then(|change| change.cluster);
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

/// `hh:mm` by the visitor's clock.
fn local_time() -> String {
    let now = js_sys::Date::new_0();
    format!("{:02}:{:02}", now.get_hours(), now.get_minutes())
}
