//! `GET /events`: every committed change as server-sent events, in order and without gaps.
//!
//! A reader subscribes first, then reads the log from the sequence that it last saw up to where the subscription began,
//! then goes on live: so nothing falls between. One that was away for longer than the log remembers, or that reads so
//! slowly that events were dropped for it, is told to start over (`event: reset`).
//!
//! Source: WHATWG HTML, "Server-sent events".

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event as Frame, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use gantry_control::Control;
use gantry_control::error::chain;
use gantry_model::event::Event;
use gantry_model::principal::Principal;
use gantry_store::{StoreError, event};
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tower_sessions::Session;

/// Frames that wait for one reader before the writer to it waits too.
const QUEUE: usize = 256;
/// Events that are read from the log at once.
const PAGE: i64 = 500;

/// What the stream needs.
#[derive(Clone)]
pub(crate) struct Events {
    pub(crate) control: Arc<Control>,
    pub(crate) shutdown: CancellationToken,
}

/// What a reader wants to hear of.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    /// Kinds of events, separated by commas; all when absent.
    topics: Option<String>,
    /// Only events of this cluster, and those of none.
    cluster: Option<String>,
    /// The sequence of the last event seen; the `Last-Event-ID` header counts before it.
    after: Option<i64>,
}

/// Answers the stream, to who is signed in.
pub(crate) async fn stream(
    State(events): State<Events>,
    session: Session,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    match session.get::<Principal>("principal").await {
        Ok(Some(_)) => {}
        Ok(None) => return (StatusCode::UNAUTHORIZED, "Sign in first.").into_response(),
        Err(error) => {
            tracing::error!("a session could not be read: {error}");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    }
    let last = headers.get("last-event-id").and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let (sender, receiver) = mpsc::channel(QUEUE);
    let filter = Filter::new(&wanted);
    let after = last.or(wanted.after);
    tokio::spawn(async move { follow(events, filter, after, sender).await });
    let frames = Sse::new(ReceiverStream::new(receiver))
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)).text("keep-alive"));
    ([("cache-control", "no-cache, no-transform"), ("x-accel-buffering", "no")], frames).into_response()
}

struct Filter {
    topics: Option<BTreeSet<String>>,
    cluster: Option<String>,
}

impl Filter {
    fn new(wanted: &Wanted) -> Self {
        let topics = wanted.topics.as_deref().map(|t| t.split(',').map(|s| s.trim().to_owned()).collect());
        Self { topics, cluster: wanted.cluster.clone() }
    }

    fn takes(&self, event: &Event) -> bool {
        let of_cluster = match (&self.cluster, &event.cluster) {
            (Some(wanted), Some(cluster)) => wanted == cluster.as_str(),
            _ => true,
        };
        of_cluster && self.topics.as_ref().is_none_or(|t| t.contains(event.kind.as_str()))
    }
}

type Frames = mpsc::Sender<Result<Frame, Infallible>>;

async fn follow(events: Events, filter: Filter, after: Option<i64>, frames: Frames) {
    let mut live = events.control.store.subscribe();
    let mut seen = after.unwrap_or_else(|| events.control.store.last_seq());
    let hello = Frame::default().id(seen.to_string()).event("hello").retry(Duration::from_secs(1)).data("{}");
    if frames.send(Ok(hello)).await.is_err() {
        return;
    }
    loop {
        match catch_up(&events.control, &filter, &mut seen, &frames).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return tracing::error!("the event log could not be read: {}", chain(&error)),
        }
        tokio::select! {
            () = events.shutdown.cancelled() => return,
            () = frames.closed() => return,
            more = drain(&mut live, &filter, &mut seen, &frames) => if !more { return },
        }
    }
}

/// Sends what the log has after `seen`; false when the reader is gone.
async fn catch_up(control: &Control, filter: &Filter, seen: &mut i64, frames: &Frames) -> Result<bool, StoreError> {
    loop {
        let page = {
            let mut reader = control.store.read().await?;
            let oldest = event::oldest(&mut reader).await?;
            if oldest.is_some_and(|oldest| *seen + 1 < oldest) {
                *seen = control.store.last_seq();
                let reset = Frame::default().id(seen.to_string()).event("reset").data("{}");
                if frames.send(Ok(reset)).await.is_err() {
                    return Ok(false);
                }
            }
            event::after(&mut reader, *seen, PAGE).await?
        };
        let is_last = i64::try_from(page.len()).unwrap_or(PAGE) < PAGE;
        for event in page {
            if !send(&event, filter, seen, frames).await {
                return Ok(false);
            }
        }
        if is_last {
            return Ok(true);
        }
    }
}

/// Sends live events; true when some were missed and the log must be read again, false when the stream is over.
async fn drain(live: &mut Receiver<Arc<Event>>, filter: &Filter, seen: &mut i64, frames: &Frames) -> bool {
    loop {
        match live.recv().await {
            Ok(event) if event.seq <= *seen => {}
            Ok(event) if event.seq > *seen + 1 => return true,
            Ok(event) => {
                if !send(&event, filter, seen, frames).await {
                    return false;
                }
            }
            Err(RecvError::Lagged(_)) => return true,
            Err(RecvError::Closed) => return false,
        }
    }
}

async fn send(event: &Event, filter: &Filter, seen: &mut i64, frames: &Frames) -> bool {
    *seen = event.seq;
    if !filter.takes(event) {
        return true;
    }
    let Ok(data) = serde_json::to_string(event) else { return true };
    let frame = Frame::default().id(event.seq.to_string()).event(event.kind.as_str()).data(data);
    frames.send(Ok(frame)).await.is_ok()
}
