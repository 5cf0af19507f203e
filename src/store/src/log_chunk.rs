//! The lines of log streams, in chunks: what arrived together and lies close in time.
//!
//! A chunk is at most [`SPAN_MS`] long, so that whoever looks for the lines of a time knows how far before it a chunk may
//! begin. They lie in their rows until there are enough of them to be packed into a segment ([`packing`]). A line has a place for ever, [`Place`]: places order lines by time and tell apart those of one millisecond.

use std::collections::BTreeMap;

use gantry_model::logs::LogEvent;
use gantry_model::{Digest, UnixMillis};

use crate::{Conn, StoreError, Tx, body};

mod codec;
pub mod packing;

/// The most that the first and the last line of a chunk are apart, in milliseconds.
pub const SPAN_MS: i64 = 10 * 60 * 1000;

/// Where a line stands among all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    pub at: UnixMillis,
    /// The chunk's id. Ids grow, and are greater than 0.
    pub chunk: i64,
    /// Which line of its chunk it is.
    pub index: i64,
}

/// Lines to be written, compressed already so that the writer need not.
#[derive(Debug, Clone)]
pub struct NewChunk {
    first_at: UnixMillis,
    last_at: UnixMillis,
    bytes: i64,
    body: Vec<u8>,
}

impl NewChunk {
    /// Divides lines, which must be in the order of time, into chunks.
    #[must_use]
    pub fn divide(events: &[LogEvent]) -> Vec<Self> {
        let mut chunks = Vec::new();
        let mut rest = events;
        while let Some(first) = rest.first() {
            let end = rest.partition_point(|event| event.at.millis_since(first.at) <= SPAN_MS);
            let (chunk, later) = rest.split_at(end);
            chunks.push(Self::of(chunk, first.at));
            rest = later;
        }
        chunks
    }

    fn of(events: &[LogEvent], first_at: UnixMillis) -> Self {
        let bytes = events.iter().map(|event| event.message.len()).sum::<usize>();
        Self {
            first_at,
            last_at: events.last().map_or(first_at, |event| event.at),
            bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
            body: codec::encode(events, first_at),
        }
    }
}

/// Lines as they are kept.
#[derive(Debug, Clone)]
pub struct Chunk {
    pub id: i64,
    pub stream: i64,
    pub first_at: UnixMillis,
    pub last_at: UnixMillis,
    pub ingested_at: UnixMillis,
    /// Bytes of the lines, as they arrived.
    pub bytes: i64,
    pub body: Body,
}

/// Where the lines of a chunk are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// In its row.
    Here(Vec<u8>),
    /// In a segment: so many bytes from one on.
    Packed { segment: Digest, at: u64, length: u64 },
}

impl Chunk {
    /// Hands over the lines, in the order of time, out of the bytes that its body says: of each its place and what it says.
    /// Most are looked at and left, so nothing is copied.
    ///
    /// # Errors
    /// When the chunk is damaged; some lines may have been handed over.
    pub fn each(&self, body: &[u8], mut take: impl FnMut(Place, &str)) -> Result<(), StoreError> {
        let mut index = 0;
        codec::decode(body, self.first_at, |at, message| {
            take(Place { at, chunk: self.id, index }, message);
            index += 1;
        })
        .ok_or(StoreError::Damaged { what: "chunk of log lines", id: self.id })
    }
}

/// Whose lines are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lines {
    Group(i64),
    /// Some streams of a group.
    Streams(i64, Vec<i64>),
    Stream(i64),
}

/// A range of time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub from: UnixMillis,
    pub until: UnixMillis,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    log_stream: i64,
    first_at: i64,
    last_at: i64,
    ingested_at: i64,
    bytes: i64,
    body: Option<Vec<u8>>,
    length: i64,
    segment_at: Option<i64>,
    digest: Option<String>,
}

fn of_row(row: Row) -> Result<Chunk, StoreError> {
    let body = match (row.body, row.digest) {
        (_, Some(digest)) => Body::Packed {
            segment: Digest::parse(digest).map_err(|source| StoreError::Malformed { what: "log segment", source })?,
            at: row.segment_at.unwrap_or_default().unsigned_abs(),
            length: row.length.unsigned_abs(),
        },
        (body, None) => Body::Here(body.unwrap_or_default()),
    };
    Ok(Chunk {
        id: row.id,
        stream: row.log_stream,
        first_at: UnixMillis(row.first_at),
        last_at: UnixMillis(row.last_at),
        ingested_at: UnixMillis(row.ingested_at),
        bytes: row.bytes,
        body,
    })
}

/// Writes lines of a stream, and notes in the stream and its group that they are there.
///
/// # Errors
/// When the database cannot be written.
pub async fn append(tx: &mut Tx, group: i64, stream: i64, chunks: &[NewChunk]) -> Result<(), StoreError> {
    let now = tx.now().0;
    for chunk in chunks {
        sqlx::query(
            "INSERT INTO log_chunk (log_group, log_stream, first_at, last_at, ingested_at, bytes, body, length)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(group)
        .bind(stream)
        .bind(chunk.first_at.0)
        .bind(chunk.last_at.0)
        .bind(now)
        .bind(chunk.bytes)
        .bind(&chunk.body)
        .bind(i64::try_from(chunk.body.len()).unwrap_or(i64::MAX))
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("write log lines"))?;
    }
    let first = chunks.iter().map(|chunk| chunk.first_at.0).min();
    let last = chunks.iter().map(|chunk| chunk.last_at.0).max();
    sqlx::query(
        "UPDATE log_stream SET
           first_event_at = CASE WHEN first_event_at < $2 THEN first_event_at ELSE $2 END,
           last_event_at = CASE WHEN last_event_at > $3 THEN last_event_at ELSE $3 END,
           last_ingested_at = $4
         WHERE id = $1",
    )
    .bind(stream)
    .bind(first)
    .bind(last)
    .bind(now)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("note the times of log lines"))?;
    let bytes: i64 = chunks.iter().map(|chunk| chunk.bytes).sum();
    sqlx::query("UPDATE log_group SET stored_bytes = stored_bytes + $2 WHERE id = $1")
        .bind(group)
        .bind(bytes)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("note the bytes of log lines"))?;
    Ok(())
}

/// Chunks with lines in `range`, by their first line, after the chunk that begins at `after.0` with the id `after.1`; at
/// most `limit`.
///
/// # Errors
/// When the database cannot be read.
pub async fn forward(
    conn: &mut Conn,
    lines: &Lines,
    range: Range,
    after: Option<(UnixMillis, i64)>,
    limit: i64,
) -> Result<Vec<Chunk>, StoreError> {
    let from = range.from.plus_millis(-SPAN_MS);
    let (at, id) = after.filter(|(at, _)| *at >= from).unwrap_or((from, 0));
    let rest = "(first_at, c.id) > ($2, $3) AND first_at <= $4 AND last_at >= $5 ORDER BY first_at, c.id LIMIT $6";
    read(conn, lines, rest, [at.0, id, range.until.0, range.from.0, limit]).await
}

/// Chunks with lines in `range`, by their last line downwards, before the chunk that ends at `before.0` with the id
/// `before.1`; at most `limit`.
///
/// # Errors
/// When the database cannot be read.
pub async fn backward(
    conn: &mut Conn,
    lines: &Lines,
    range: Range,
    before: Option<(UnixMillis, i64)>,
    limit: i64,
) -> Result<Vec<Chunk>, StoreError> {
    let until = range.until.plus_millis(SPAN_MS);
    let (at, id) = before.filter(|(at, _)| *at <= until).unwrap_or((until, i64::MAX));
    let rest =
        "(last_at, c.id) < ($2, $3) AND last_at >= $4 AND first_at <= $5 ORDER BY last_at DESC, c.id DESC LIMIT $6";
    read(conn, lines, rest, [at.0, id, range.from.0, range.until.0, limit]).await
}

async fn read(conn: &mut Conn, lines: &Lines, rest: &str, bounds: [i64; 5]) -> Result<Vec<Chunk>, StoreError> {
    let (whose, of, streams) = match lines {
        Lines::Group(group) => ("log_group = $1 AND $7 IS NULL", *group, None),
        // A list of values is the one thing that PostgreSQL writes otherwise: `log_stream = ANY($7)`.
        Lines::Streams(group, streams) => {
            let list = body::encode("list of log streams", streams)?;
            ("log_group = $1 AND log_stream IN (SELECT value FROM json_each($7))", *group, Some(list))
        }
        Lines::Stream(stream) => ("log_stream = $1 AND $7 IS NULL", *stream, None),
    };
    // Put together from the words of this module alone.
    let text = format!(
        "SELECT c.id, log_stream, first_at, last_at, ingested_at, bytes, body, length, segment_at, digest
         FROM log_chunk AS c LEFT JOIN log_segment AS s ON s.id = c.segment WHERE {whose} AND {rest}"
    );
    let mut query = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(of);
    for bound in bounds {
        query = query.bind(bound);
    }
    let rows = query.bind(streams).fetch_all(conn).await.map_err(StoreError::query("read log lines"))?;
    rows.into_iter().map(of_row).collect()
}

/// Forgets up to `limit` chunks of a group that ended before `old`. Answers how many there were.
///
/// # Errors
/// When the database cannot be written.
pub async fn forget_before(tx: &mut Tx, group: i64, old: UnixMillis, limit: i64) -> Result<u64, StoreError> {
    let gone: Vec<Gone> = sqlx::query_as(
        "DELETE FROM log_chunk WHERE id IN (
           SELECT id FROM log_chunk WHERE log_group = $1 AND last_at < $2 ORDER BY last_at LIMIT $3
         ) RETURNING log_group, bytes, segment",
    )
    .bind(group)
    .bind(old.0)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await
    .map_err(StoreError::query("forget old log lines"))?;
    note_gone(tx, &gone).await?;
    Ok(gone.len() as u64)
}

/// The group, the bytes and the segment of a chunk that was deleted.
type Gone = (i64, i64, Option<i64>);

/// Notes in groups and segments that chunks are gone; a segment that has none left goes, too.
async fn note_gone(tx: &mut Tx, gone: &[Gone]) -> Result<(), StoreError> {
    let mut groups: BTreeMap<i64, i64> = BTreeMap::new();
    let mut segments: BTreeMap<i64, i64> = BTreeMap::new();
    for (group, bytes, segment) in gone {
        *groups.entry(*group).or_default() += bytes;
        segment.iter().for_each(|segment| *segments.entry(*segment).or_default() += 1);
    }
    for (group, bytes) in groups {
        sqlx::query("UPDATE log_group SET stored_bytes = stored_bytes - $2 WHERE id = $1")
            .bind(group)
            .bind(bytes)
            .execute(&mut **tx)
            .await
            .map_err(StoreError::query("note the bytes of log lines"))?;
    }
    for (segment, chunks) in segments {
        packing::take_from(tx, segment, chunks).await?;
    }
    Ok(())
}

/// Removes up to `limit` chunks whose stream is gone. Answers how many there were.
///
/// # Errors
/// When the database cannot be written.
pub async fn sweep(tx: &mut Tx, limit: i64) -> Result<u64, StoreError> {
    let gone: Vec<Gone> = sqlx::query_as(
        "DELETE FROM log_chunk WHERE id IN (
           SELECT id FROM log_chunk WHERE log_stream IN (SELECT id FROM log_stream_gone) LIMIT $1
         ) RETURNING log_group, bytes, segment",
    )
    .bind(limit)
    .fetch_all(&mut **tx)
    .await
    .map_err(StoreError::query("sweep log lines"))?;
    note_gone(tx, &gone).await?;
    sqlx::query(
        "DELETE FROM log_stream_gone
         WHERE NOT EXISTS (SELECT 1 FROM log_chunk WHERE log_chunk.log_stream = log_stream_gone.id)",
    )
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("note that log lines are swept"))?;
    Ok(gone.len() as u64)
}
