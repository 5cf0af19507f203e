//! One container's lines, from the engine to their stream.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::time::Instant;

use super::assemble::{Assembler, Event, Piece};
use super::position::Position;
use super::sink::{Sink, SinkError};
use super::target::Target;
use crate::disk_state::DiskState;
use crate::engine::{Engine, EngineError, RunState};
use crate::image::describe;
use crate::worker::Backoff;

/// What a batch may have (CloudWatch Logs API reference, PutLogEvents); each event counts [`OVERHEAD`] bytes more than its
/// message.
const MOST_EVENTS: usize = 10_000;
const MOST_BYTES: usize = 1_000_000;
const OVERHEAD: usize = 26;
/// The most that the events of a batch may be apart, in milliseconds.
const LONGEST_MS: i64 = 20 * 60 * 60 * 1000;
/// How long an event waits for others to go with.
const GATHER: Duration = Duration::from_millis(200);
/// How long an event of several lines waits for its next line.
const NEXT_LINE: Duration = Duration::from_secs(1);

/// Ships the lines of one container.
pub(super) struct Shipper<'a, E> {
    engine: &'a E,
    sink: &'a dyn Sink,
    disk: &'a DiskState,
    target: Target,
    container: String,
}

/// Events that will go together.
#[derive(Default)]
struct Batch {
    events: Vec<Event>,
    bytes: usize,
    /// When it is sent at the latest.
    due: Option<Instant>,
}

impl Batch {
    fn has_room_for(&self, event: &Event) -> bool {
        let apart = self.events.first().map_or(0, |first| event.at.millis_since(first.at).abs());
        self.events.len() < MOST_EVENTS
            && self.bytes + event.message.len() + OVERHEAD <= MOST_BYTES
            && apart < LONGEST_MS
    }

    fn add(&mut self, event: Event) {
        self.bytes += event.message.len() + OVERHEAD;
        self.due.get_or_insert_with(|| Instant::now() + GATHER);
        self.events.push(event);
    }
}

impl<'a, E: Engine> Shipper<'a, E> {
    pub(super) fn new(
        engine: &'a E,
        sink: &'a dyn Sink,
        disk: &'a DiskState,
        target: Target,
        container: String,
    ) -> Self {
        Self { engine, sink, disk, target, container }
    }

    /// The engine's id of the container.
    pub(super) fn container(&self) -> &str {
        &self.container
    }

    /// Ships until the container has ended and all of its lines are shipped, or it is gone.
    pub(super) async fn run(&self) {
        let mut position = self.disk.log_position(&self.container);
        let mut pause = Backoff::new(Duration::from_millis(200), Duration::from_secs(10));
        loop {
            let followed = match self.engine.logs(&self.container, position.since_s()).await {
                Ok(lines) => self.follow(lines, &mut position).await,
                Err(error) => Err(error),
            };
            match followed {
                Err(EngineError::NotFound(_)) => return,
                Err(error) => tracing::debug!(container = self.container, "its lines break off: {}", describe(&error)),
                Ok(()) => match self.engine.inspect(&self.container).await {
                    Ok(found) if found.state != RunState::Running => return,
                    Err(EngineError::NotFound(_)) => return,
                    _ => {}
                },
            }
            pause.wait().await;
        }
    }

    /// Ships lines until the engine has no more.
    async fn follow(
        &self,
        mut lines: BoxStream<'static, Result<Bytes, EngineError>>,
        position: &mut Position,
    ) -> Result<(), EngineError> {
        let mut skip = position.skip();
        let mut assembler = Assembler::new(self.target.event_start.clone());
        let mut batch = Batch::default();
        loop {
            let until = match batch.due {
                Some(due) => due,
                None if assembler.is_waiting() => Instant::now() + NEXT_LINE,
                // Long enough that waking up costs nothing.
                None => Instant::now() + Duration::from_hours(1),
            };
            match tokio::time::timeout_at(until, lines.next()).await {
                Ok(Some(Ok(bytes))) => {
                    let Some(piece) = Piece::read(&bytes).filter(|piece| !skip.is_shipped(piece)) else { continue };
                    if let Some(event) = assembler.push(piece) {
                        self.gather(&mut batch, event, position).await;
                    }
                }
                Ok(Some(Err(error))) => {
                    self.send(&mut batch, position).await;
                    return Err(error);
                }
                Ok(None) => {
                    for event in assembler.finish() {
                        self.gather(&mut batch, event, position).await;
                    }
                    self.send(&mut batch, position).await;
                    return Ok(());
                }
                Err(_) if batch.due.is_some() => self.send(&mut batch, position).await,
                Err(_) => {
                    if let Some(event) = assembler.flush() {
                        batch.add(event);
                    }
                }
            }
        }
    }

    async fn gather(&self, batch: &mut Batch, event: Event, position: &mut Position) {
        if !batch.has_room_for(&event) {
            self.send(batch, position).await;
        }
        batch.add(event);
    }

    /// Sends a batch, however long it takes, and remembers that it was taken.
    async fn send(&self, batch: &mut Batch, position: &mut Position) {
        let Batch { mut events, .. } = std::mem::take(batch);
        if events.is_empty() {
            return;
        }
        events.sort_by_key(|event| event.at);
        let mut pause = Backoff::new(Duration::from_millis(200), Duration::from_secs(10));
        loop {
            let answer = match self.sink.put(&self.target, &events).await {
                // Somebody deleted it.
                Err(SinkError::Missing(_)) => match self.sink.prepare(&self.target).await {
                    Ok(()) => self.sink.put(&self.target, &events).await,
                    refused => refused,
                },
                answer => answer,
            };
            match answer {
                Ok(()) => break,
                Err(SinkError::Later(_)) => pause.wait().await,
                Err(error) => {
                    let (lines, group) = (events.len(), &self.target.group);
                    tracing::warn!(container = self.container, group, lines, "lines are lost: {error}");
                    break;
                }
            }
        }
        events.iter().for_each(|event| position.advance(event));
        if let Err(error) = self.disk.save_log_position(&self.container, position) {
            tracing::error!(container = self.container, "how far its lines were shipped was not saved: {error}");
        }
    }
}
