//! FilterLogEvents (CloudWatch Logs API reference): the lines of a group, or of some of its streams, that a pattern means.
//!
//! A page may hold fewer lines than there are, or none, and still be followed by another: it ends when it has looked
//! through enough.

use std::collections::BTreeMap;

use gantry_model::UnixMillis;
use gantry_model::logs::pattern::Pattern;
use gantry_store::Conn;
use gantry_store::log_chunk::{Lines, Place, Range};
use gantry_store::log_stream::{self, Order};
use gantry_wire::ApiError;
use gantry_wire::shapes::logs::{FilterLogEventsRequest, FilterLogEventsResponse, FilteredLogEvent};

use super::get_log_events::{place_text, read_token};
use super::reading::{Direction, Found, Search};
use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers FilterLogEvents. Streams are always interleaved, whatever `interleaved` says, as AWS has done since 2019; `unmask`
/// has nothing to unmask.
///
/// # Errors
/// ResourceNotFoundException for a group or a named stream that is not there; InvalidParameterException, also for a pattern
/// that cannot be read.
pub(super) async fn filter_log_events(
    call: Call,
    input: FilterLogEventsRequest,
) -> Result<FilterLogEventsResponse, Failure> {
    let name = resolve::group_of(&call, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
    let pattern = Pattern::parse(input.filter_pattern.as_deref().unwrap_or_default())
        .map_err(|error| ApiError::invalid_parameter(error.to_string()))?;
    let start = input.next_token.as_deref().map(read_token).transpose()?;
    let direction = match (&start, input.start_from_head) {
        (Some((direction, _)), _) => *direction,
        (None, Some(false)) => Direction::Backward,
        (None, _) => Direction::Forward,
    };
    let mut reader = call.control.store.read().await?;
    let group = resolve::group(&mut reader, &call.scope, &name).await?;
    let lines = lines(&mut reader, group.id, input.log_stream_names, input.log_stream_name_prefix).await?;
    drop(reader);
    let kept = group.group.kept_since(call.now).unwrap_or_default();
    let range = Range {
        from: UnixMillis(input.start_time.unwrap_or_default()).max(kept),
        until: UnixMillis(input.end_time.unwrap_or(i64::MAX)),
    };
    let search = Search { lines, range, pattern, direction, limit: input.limit };
    let page = search.page(&call.control, start.map(|(_, place)| place)).await?;
    let names = stream_names(&call, group.id, &page.events).await?;
    let letter = if direction == Direction::Forward { 'f' } else { 'b' };
    Ok(FilterLogEventsResponse {
        events: Some(page.events.into_iter().map(|event| shape(event, &names)).collect()),
        // AWS has answered an empty list here since 2023.
        searched_log_streams: Some(Vec::new()),
        next_token: page.next.map(|place| format!("{letter}/{}", place_text(place))),
    })
}

/// Whose lines are looked through.
async fn lines(
    conn: &mut Conn,
    group: i64,
    names: Option<Vec<String>>,
    prefix: Option<String>,
) -> Result<Lines, Failure> {
    match (names, prefix) {
        (Some(_), Some(_)) => {
            let text = "logStreamNames and logStreamNamePrefix are mutually exclusive parameters.";
            Err(ApiError::invalid_parameter(text).into())
        }
        (None, None) => Ok(Lines::Group(group)),
        (None, Some(prefix)) => {
            let order = Order::Name { after: String::new() };
            let streams = log_stream::list(conn, group, &prefix, &order, i64::MAX).await?;
            Ok(Lines::Streams(group, streams.into_iter().map(|stored| stored.id).collect()))
        }
        (Some(names), None) => {
            let mut streams = Vec::new();
            for name in names {
                let name = resolve::stream_name(Some(&name))?;
                streams.push(resolve::stream(conn, group, &name).await?.id);
            }
            match streams.as_slice() {
                [one] => Ok(Lines::Stream(*one)),
                _ => Ok(Lines::Streams(group, streams)),
            }
        }
    }
}

/// The names of the streams that the lines found are of.
async fn stream_names(call: &Call, group: i64, events: &[Found]) -> Result<BTreeMap<i64, String>, Failure> {
    let streams = events.iter().map(|event| event.stream).collect::<std::collections::BTreeSet<_>>();
    let mut reader = call.control.store.read().await?;
    Ok(log_stream::names(&mut reader, group, &streams).await?)
}

fn shape(event: Found, names: &BTreeMap<i64, String>) -> FilteredLogEvent {
    FilteredLogEvent {
        log_stream_name: names.get(&event.stream).cloned(),
        event_id: Some(event_id(event.place)),
        timestamp: Some(event.place.at.0),
        message: Some(event.message),
        ingestion_time: Some(event.ingested_at.0),
    }
}

/// 56 digits, as AWS's are, in the order of time.
fn event_id(place: Place) -> String {
    format!("{:018}{:019}{:019}", place.at.0, place.chunk, place.index)
}
