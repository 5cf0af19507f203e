//! Reading lines in the order of time out of chunks that overlap.
//!
//! Chunks come by their beginning. A line can be given out once no chunk that is still to come may begin before it; until
//! then it waits in a heap. Backwards it is the same with the ends. A page ends at its limit, at a megabyte, or when it has
//! looked through [`ENOUGH_BYTES`]: then it says where to go on, so that no search holds anybody up.

use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use gantry_model::UnixMillis;
use gantry_model::logs::pattern::Pattern;
use gantry_registry::Registry;
use gantry_store::log_chunk::{self, Body, Chunk, Lines, Place, Range};
use gantry_store::{Store, StoreError};
use gantry_wire::ApiError;

use crate::context::Control;
use crate::error::{Failure, chain};

/// The most lines of a page (API reference, GetLogEvents).
const MOST_EVENTS: i32 = 10_000;
/// The most bytes of a page.
const MOST_BYTES: usize = 1_048_576;
/// How much a page looks through at most, in bytes of lines.
const ENOUGH_BYTES: i64 = 64 * 1024 * 1024;
/// Chunks that are read at once.
const CHUNKS: i64 = 16;

/// Where a page goes on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// To newer lines.
    Forward,
    /// To older lines.
    Backward,
}

/// What is looked for.
pub(super) struct Search {
    pub(super) lines: Lines,
    pub(super) range: Range,
    pub(super) pattern: Pattern,
    pub(super) direction: Direction,
    pub(super) limit: Option<i32>,
}

/// A line that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) stream: i64,
    pub(super) ingested_at: UnixMillis,
    pub(super) message: String,
}

/// Lines in the order of the direction, and the place after which more may be.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) events: Vec<Found>,
    pub(super) next: Option<Place>,
}

/// A line that waits for its turn. The greatest is the next.
#[derive(Debug, PartialEq, Eq)]
struct Waiting {
    turn: (i64, i64, i64),
    event: Found,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.turn.cmp(&other.turn)
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Direction {
    fn sign(self) -> i64 {
        if self == Self::Forward { -1 } else { 1 }
    }

    /// Lines come in falling order of this.
    fn turn(self, place: Place) -> (i64, i64, i64) {
        let sign = self.sign();
        (place.at.0 * sign, place.chunk * sign, place.index * sign)
    }

    /// The time at which a chunk comes.
    fn edge(self, chunk: &Chunk) -> UnixMillis {
        if self == Self::Forward { chunk.first_at } else { chunk.last_at }
    }

    /// The place before every line of the millisecond `at`, seen from where lines come from.
    fn before(self, at: UnixMillis) -> Place {
        let end = if self == Self::Forward { 0 } else { i64::MAX };
        Place { at, chunk: end, index: end }
    }
}

impl Search {
    /// The page after `start`, or the first.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn page(self, control: &Control, start: Option<Place>) -> Result<Page, Failure> {
        let limit = usize::try_from(self.limit.unwrap_or(MOST_EVENTS)).unwrap_or(1);
        let Self { lines, mut range, pattern, direction, .. } = self;
        if let Some(place) = start {
            match direction {
                Direction::Forward => range.from = range.from.max(place.at),
                Direction::Backward => range.until = range.until.min(place.at),
            }
        }
        let mut source =
            Source { store: &control.store, lines, range, direction, chunks: VecDeque::new(), last: None, more: true };
        let opener = Opener { registry: &control.registry, range, start, direction, pattern: Arc::new(pattern) };
        let (mut waiting, mut page, mut looked, mut bytes) = (BinaryHeap::new(), Vec::new(), 0, 0);
        loop {
            let next: Option<&Chunk> = source.peek().await?;
            let next_turn = next.map(|chunk| direction.edge(chunk).0 * direction.sign());
            match (waiting.peek(), next_turn) {
                (None, None) => return Ok(Page { events: page, next: None }),
                (Some(Waiting { turn, event }), edge) if edge.is_none_or(|edge| turn.0 > edge) => {
                    bytes += event.message.len();
                    if page.len() == limit || bytes > MOST_BYTES && !page.is_empty() {
                        let next = page.last().map(|event: &Found| event.place);
                        return Ok(Page { events: page, next });
                    }
                    page.extend(waiting.pop().map(|waiting| waiting.event));
                }
                _ => {
                    let Some(chunk) = source.take() else { continue };
                    let place = direction.before(direction.edge(&chunk));
                    if looked >= ENOUGH_BYTES && start.is_none_or(|start| direction.turn(place) < direction.turn(start))
                    {
                        return Ok(Page { events: page, next: Some(place) });
                    }
                    looked += chunk.bytes;
                    waiting.extend(opener.open(chunk).await?);
                }
            }
        }
    }
}

/// The chunks of a search, one after the other.
struct Source<'a> {
    store: &'a Store,
    lines: Lines,
    range: Range,
    direction: Direction,
    chunks: VecDeque<Chunk>,
    last: Option<(UnixMillis, i64)>,
    more: bool,
}

impl Source<'_> {
    async fn peek(&mut self) -> Result<Option<&Chunk>, StoreError> {
        if self.chunks.is_empty() && self.more {
            let mut reader = self.store.read().await?;
            let read = match self.direction {
                Direction::Forward => {
                    log_chunk::forward(&mut reader, &self.lines, self.range, self.last, CHUNKS).await?
                }
                Direction::Backward => {
                    log_chunk::backward(&mut reader, &self.lines, self.range, self.last, CHUNKS).await?
                }
            };
            self.more = i64::try_from(read.len()) == Ok(CHUNKS);
            self.last = read.last().map(|chunk| (self.direction.edge(chunk), chunk.id));
            self.chunks.extend(read);
        }
        Ok(self.chunks.front())
    }

    fn take(&mut self) -> Option<Chunk> {
        self.chunks.pop_front()
    }
}

/// Takes out of chunks what is looked for.
struct Opener<'a> {
    registry: &'a Registry,
    range: Range,
    start: Option<Place>,
    direction: Direction,
    pattern: Arc<Pattern>,
}

impl Opener<'_> {
    /// The lines of a chunk that are looked for. It takes the processor for a while, so it is done beside what answers
    /// requests.
    async fn open(&self, chunk: Chunk) -> Result<Vec<Waiting>, Failure> {
        let (range, direction, pattern) = (self.range, self.direction, Arc::clone(&self.pattern));
        let start = self.start.map(|start| direction.turn(start));
        let body = match &chunk.body {
            Body::Here(body) => Some(body.clone()),
            Body::Packed { segment, at, length } => {
                let kept = self.registry.kept(segment, *at, *length).await;
                kept.map_err(|error| ApiError::server(chain(&error)))?
            }
        };
        let Some(body) = body else {
            // The scrub has found the segment damaged and put it aside, and has said so; the rest can be read.
            tracing::error!(chunk = chunk.id, "log lines are missing");
            return Ok(Vec::new());
        };
        let work = move || {
            let mut wanted = Vec::new();
            chunk.each(&body, |place, message| {
                let turn = direction.turn(place);
                let is_wanted = (range.from..=range.until).contains(&place.at)
                    && start.is_none_or(|start| turn < start)
                    && pattern.matches(message);
                if is_wanted {
                    let (stream, ingested_at, message) = (chunk.stream, chunk.ingested_at, message.to_owned());
                    wanted.push(Waiting { turn, event: Found { place, stream, ingested_at, message } });
                }
            })?;
            Ok::<_, StoreError>(wanted)
        };
        let opened = tokio::task::spawn_blocking(work).await;
        Ok(opened.map_err(|_| ApiError::server("the lines of a chunk were not read"))??)
    }
}
