//! The event log: what was committed, in order, without gaps.
//!
//! A sequence number is taken from the one row of `event_sequence` inside the transaction that writes the event, when
//! everything in the batch has succeeded; so a rolled-back write takes no number and a number that exists is on disk.
//! Pruning deletes from the old end only; the counter never goes back.

use gantry_model::event::{Event, EventKind, NewEvent};
use gantry_model::{AccountId, ClusterName, Region, Scope, UnixMillis};
use serde_json::Value;
use sqlx::QueryBuilder;

use crate::{Conn, StoreError, Tx, body};

/// Rows of one INSERT: eight values each, far below SQLite's 32,766.
const ROWS_AN_INSERT: usize = 500;

type EventRow = (i64, i64, String, String, String, Option<String>, String, String);

/// At most `limit` events after `seq`, the oldest first.
///
/// # Errors
/// When the log cannot be read.
pub async fn after(conn: &mut Conn, seq: i64, limit: i64) -> Result<Vec<Event>, StoreError> {
    let rows: Vec<EventRow> = sqlx::query_as(
        "SELECT seq, at, account, region, kind, cluster, subject, payload FROM event WHERE seq > $1 ORDER BY seq LIMIT $2",
    )
    .bind(seq)
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the event log"))?;
    rows.into_iter().map(read_row).collect()
}

/// The sequence number of the oldest event that is still kept; `None` when there is none.
///
/// # Errors
/// When the log cannot be read.
pub async fn oldest(conn: &mut Conn) -> Result<Option<i64>, StoreError> {
    sqlx::query_scalar("SELECT MIN(seq) FROM event")
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("read the oldest event"))
}

/// Deletes all but the newest `keep` events. Answers how many went.
///
/// # Errors
/// When the log cannot be written.
pub async fn prune(tx: &mut Tx, keep: i64) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM event WHERE seq <= (SELECT MAX(seq) FROM event) - $1")
        .bind(keep)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("prune the event log"))?;
    Ok(done.rows_affected())
}

/// The number of the last event that was ever written; 0 before the first.
pub(crate) async fn last(conn: &mut Conn) -> Result<i64, StoreError> {
    sqlx::query_scalar("SELECT value FROM event_sequence")
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("read the event counter"))
}

/// Numbers the events of a batch and writes them.
pub(crate) async fn write(conn: &mut Conn, batch: Vec<(UnixMillis, NewEvent)>) -> Result<Vec<Event>, sqlx::Error> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    let count = i64::try_from(batch.len()).unwrap_or(i64::MAX);
    let last: i64 = sqlx::query_scalar("UPDATE event_sequence SET value = value + $1 RETURNING value")
        .bind(count)
        .fetch_one(&mut *conn)
        .await?;
    let events: Vec<Event> = (last - count + 1..).zip(batch).map(|(seq, (at, event))| number(seq, at, event)).collect();
    for rows in events.chunks(ROWS_AN_INSERT) {
        insert(conn, rows).await?;
    }
    Ok(events)
}

fn number(seq: i64, at: UnixMillis, event: NewEvent) -> Event {
    let NewEvent { scope, kind, cluster, subject, payload } = event;
    Event { seq, at, scope, kind, cluster, subject, payload }
}

async fn insert(conn: &mut Conn, events: &[Event]) -> Result<(), sqlx::Error> {
    let mut query = QueryBuilder::new("INSERT INTO event (seq, at, account, region, kind, cluster, subject, payload) ");
    query.push_values(events, |mut row, event| {
        row.push_bind(event.seq)
            .push_bind(event.at.0)
            .push_bind(event.scope.account.as_str())
            .push_bind(event.scope.region.as_str())
            .push_bind(event.kind.as_str())
            .push_bind(event.cluster.as_ref().map(ClusterName::as_str))
            .push_bind(event.subject.as_str())
            .push_bind(event.payload.to_string());
    });
    // Each number of rows is a text of its own; only the commonest is worth a place among the prepared statements.
    query.build().persistent(events.len() == 1).execute(conn).await?;
    Ok(())
}

fn read_row(row: EventRow) -> Result<Event, StoreError> {
    let (seq, at, account, region, kind, cluster, subject, payload) = row;
    let malformed = |source| StoreError::Malformed { what: "event", source };
    let scope = Scope {
        account: AccountId::parse(account).map_err(malformed)?,
        region: Region::parse(region).map_err(malformed)?,
    };
    let kind: EventKind = serde_json::from_value(Value::String(kind))
        .map_err(|source| StoreError::Decode { what: "event's kind", source })?;
    Ok(Event {
        seq,
        at: UnixMillis(at),
        scope,
        kind,
        cluster: cluster.map(ClusterName::parse).transpose().map_err(malformed)?,
        subject,
        payload: body::decode("event's payload", &payload)?,
    })
}

/// The events of a batch that is being written. They have no number yet.
#[derive(Debug, Default)]
pub(crate) struct Pending(Vec<(UnixMillis, NewEvent)>);

impl Pending {
    pub(crate) fn push(&mut self, at: UnixMillis, event: NewEvent) {
        self.0.push((at, event));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Forgets the events of a write that was rolled back.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    pub(crate) fn take(&mut self) -> Vec<(UnixMillis, NewEvent)> {
        std::mem::take(&mut self.0)
    }
}
