//! Log streams.

use std::collections::{BTreeMap, BTreeSet};

use gantry_model::logs::LogStream;
use gantry_model::{LogStreamName, UnixMillis};

use crate::{Conn, StoreError, Tx, body};

/// A stream with what its lines refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredStream {
    pub id: i64,
    pub stream: LogStream,
}

/// Where a list of streams begins, and in which order it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// By name, after this one.
    Name { after: String },
    /// By name downwards, before this one when there is one.
    NameDescending { before: Option<String> },
    /// By the time of the newest line, then by name, after these. A stream without lines has the time 0.
    LastEvent { after: (i64, String) },
    /// The same downwards, before these when there are any.
    LastEventDescending { before: Option<(i64, String)> },
}

type Row = (i64, String, i64, Option<i64>, Option<i64>, Option<i64>);

fn of_row((id, name, created_at, first, last, ingested): Row) -> Result<StoredStream, StoreError> {
    let name = LogStreamName::parse(name).map_err(|source| StoreError::Malformed { what: "log stream", source })?;
    let stream = LogStream {
        name,
        created_at: UnixMillis(created_at),
        first_event_at: first.map(UnixMillis),
        last_event_at: last.map(UnixMillis),
        last_ingested_at: ingested.map(UnixMillis),
    };
    Ok(StoredStream { id, stream })
}

/// The stream of a group.
///
/// # Errors
/// When the database cannot be read.
pub async fn get(conn: &mut Conn, group: i64, name: &LogStreamName) -> Result<Option<StoredStream>, StoreError> {
    let row = sqlx::query_as(
        "SELECT id, name, created_at, first_event_at, last_event_at, last_ingested_at
         FROM log_stream WHERE log_group = $1 AND name = $2",
    )
    .bind(group)
    .bind(name.as_str())
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("read the log stream"))?;
    row.map(of_row).transpose()
}

/// Streams of a group whose names begin with `prefix`, in an order, at most `limit`.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(
    conn: &mut Conn,
    group: i64,
    prefix: &str,
    order: &Order,
    limit: i64,
) -> Result<Vec<StoredStream>, StoreError> {
    const COLUMNS: &str = "SELECT id, name, created_at, first_event_at, last_event_at, last_ingested_at FROM log_stream
         WHERE log_group = $1 AND substr(name, 1, length($2)) = $2";
    let (key, text, rest) = match order {
        Order::Name { after } => (0, Some(after.as_str()), "AND $3 = 0 AND name > $4 ORDER BY name"),
        Order::NameDescending { before } => {
            (0, before.as_deref(), "AND $3 = 0 AND ($4 IS NULL OR name < $4) ORDER BY name DESC")
        }
        Order::LastEvent { after } => (
            after.0,
            Some(after.1.as_str()),
            "AND (COALESCE(last_event_at, 0), name) > ($3, $4) ORDER BY COALESCE(last_event_at, 0), name",
        ),
        Order::LastEventDescending { before } => (
            before.as_ref().map_or(0, |(at, _)| *at),
            before.as_ref().map(|(_, name)| name.as_str()),
            "AND ($4 IS NULL OR (COALESCE(last_event_at, 0), name) < ($3, $4))
             ORDER BY COALESCE(last_event_at, 0) DESC, name DESC",
        ),
    };
    // Put together from the words above alone.
    let rows = sqlx::query_as(sqlx::AssertSqlSafe(format!("{COLUMNS} {rest} LIMIT $5")))
        .bind(group)
        .bind(prefix)
        .bind(key)
        .bind(text)
        .bind(limit)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list the log streams"))?;
    rows.into_iter().map(of_row).collect()
}

/// The names of these streams of a group, by id.
///
/// # Errors
/// When the database cannot be read.
pub async fn names(conn: &mut Conn, group: i64, streams: &BTreeSet<i64>) -> Result<BTreeMap<i64, String>, StoreError> {
    // A list of values is the one thing that PostgreSQL writes otherwise: `id = ANY($2)`.
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT id, name FROM log_stream WHERE log_group = $1 AND id IN (SELECT value FROM json_each($2))",
    )
    .bind(group)
    .bind(body::encode("list of log streams", streams)?)
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the names of log streams"))?;
    Ok(rows.into_iter().collect())
}

/// Writes a new stream. Answers false, and writes nothing, when the group has one of that name.
///
/// # Errors
/// When the database cannot be written.
pub async fn create(tx: &mut Tx, group: i64, name: &LogStreamName) -> Result<bool, StoreError> {
    let now = tx.now().0;
    let done = sqlx::query(
        "INSERT INTO log_stream (log_group, name, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (log_group, name) DO NOTHING",
    )
    .bind(group)
    .bind(name.as_str())
    .bind(now)
    .execute(&mut **tx)
    .await
    .map_err(StoreError::query("write the log stream"))?;
    Ok(done.rows_affected() == 1)
}

/// Deletes a stream. Its lines can no longer be read and are swept later ([`crate::log_chunk::sweep`]).
///
/// # Errors
/// When the database cannot be written.
pub async fn delete(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO log_stream_gone (id) VALUES ($1)")
        .bind(id)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("note the log stream"))?;
    sqlx::query("DELETE FROM log_stream WHERE id = $1")
        .bind(id)
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("delete the log stream"))?;
    Ok(())
}
