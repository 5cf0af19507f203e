//! Where events come from: the worker that all tabs of the browser share, or a stream of this page's own where there are
//! no shared workers (phones).

use std::collections::BTreeSet;

use leptos::prelude::window;
use serde::{Deserialize, Serialize};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventSource, MessageEvent, SharedWorker};

/// What comes from the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    Open,
    /// The connection was lost; the browser makes another by itself unless it is closed for good.
    Lost {
        closed: bool,
    },
    /// There is no worker after all: its file did not come.
    NoWorker,
    Event {
        kind: String,
        id: String,
        data: String,
    },
}

/// An open source with the closures that it calls; they live as long as it.
pub(super) struct Source {
    /// The kinds of events that it brings.
    pub(super) kinds: BTreeSet<&'static str>,
    connection: Connection,
    _listeners: Vec<Closure<dyn FnMut(MessageEvent)>>,
}

enum Connection {
    Shared(SharedWorker),
    Own(EventSource),
}

/// What a page says to the worker.
#[derive(Serialize)]
struct Say<'a> {
    say: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topics: Option<&'a [&'static str]>,
}

/// What the worker says.
#[derive(Deserialize)]
#[serde(tag = "what", rename_all = "lowercase")]
enum Said {
    Open,
    Error { closed: bool },
    Event { kind: String, id: String, data: String },
}

impl Source {
    /// The worker's stream after the sequence `after`, with events of `all` kinds, whatever this page wants; nothing where
    /// there are no shared workers.
    pub(super) fn shared(all: &[&'static str], after: i64, hear: fn(News)) -> Option<Self> {
        js_sys::Reflect::get(&window(), &JsValue::from_str("SharedWorker"))
            .ok()
            .filter(|found| !found.is_undefined())?;
        let worker = SharedWorker::new("/live.js").ok()?;
        let listener = Closure::new(move |event: MessageEvent| {
            if let Some(news) = read(&event.data()) {
                hear(news);
            }
        });
        worker.port().set_onmessage(Some(listener.as_ref().unchecked_ref()));
        let failed = Closure::new(move |_: MessageEvent| hear(News::NoWorker));
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        let connection = Connection::Shared(worker);
        connection.say(&Say { say: "come", seq: Some(after), topics: Some(all) });
        Some(Self { kinds: all.iter().copied().collect(), connection, _listeners: vec![listener, failed] })
    }

    /// A stream of this page's own, with the kinds that it wants.
    pub(super) fn own(kinds: BTreeSet<&'static str>, after: i64, hear: fn(News)) -> Option<Self> {
        let topics: Vec<&str> = kinds.iter().copied().collect();
        let source = EventSource::new(&format!("/events?topics={}&after={after}", topics.join(","))).ok()?;
        let event = Closure::new(move |event: MessageEvent| {
            let data = event.data().as_string().unwrap_or_default();
            hear(News::Event { kind: event.type_(), id: event.last_event_id(), data });
        });
        for name in topics.into_iter().chain(["reset"]) {
            source.add_event_listener_with_callback(name, event.as_ref().unchecked_ref()).ok()?;
        }
        let opened = Closure::new(move |_: MessageEvent| hear(News::Open));
        let handle = source.clone();
        let lost = Closure::new(move |_: MessageEvent| {
            hear(News::Lost { closed: handle.ready_state() == EventSource::CLOSED });
        });
        source.set_onopen(Some(opened.as_ref().unchecked_ref()));
        source.set_onerror(Some(lost.as_ref().unchecked_ref()));
        Some(Self { kinds, connection: Connection::Own(source), _listeners: vec![event, opened, lost] })
    }

    /// Tells a worker that this page is still there.
    pub(super) fn still_here(&self) {
        self.connection.say(&Say { say: "here", seq: None, topics: None });
    }

    /// Asks a worker to open its stream again. False when this source has to be opened anew by the page itself.
    pub(super) fn again(&self) -> bool {
        self.connection.say(&Say { say: "again", seq: None, topics: None });
        matches!(self.connection, Connection::Shared(_))
    }
}

impl Connection {
    fn say(&self, what: &Say<'_>) {
        let Self::Shared(worker) = self else { return };
        let Ok(text) = serde_json::to_string(what) else { return };
        if let Ok(message) = js_sys::JSON::parse(&text) {
            // A worker that is gone hears nothing, and the page finds out by its silence.
            let _sent = worker.port().post_message(&message);
        }
    }
}

fn read(data: &JsValue) -> Option<News> {
    let text = js_sys::JSON::stringify(data).ok()?.as_string()?;
    Some(match serde_json::from_str(&text).ok()? {
        Said::Open => News::Open,
        Said::Error { closed } => News::Lost { closed },
        Said::Event { kind, id, data } => News::Event { kind, id, data },
    })
}

impl Drop for Source {
    fn drop(&mut self) {
        match &self.connection {
            Connection::Shared(worker) => {
                worker.set_onerror(None);
                self.connection.say(&Say { say: "go", seq: None, topics: None });
                worker.port().close();
            }
            Connection::Own(source) => {
                source.set_onopen(None);
                source.set_onerror(None);
                source.close();
            }
        }
    }
}
