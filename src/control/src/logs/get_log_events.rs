//! GetLogEvents (CloudWatch Logs API reference): the lines of one stream, page by page in both directions.
//!
//! A page is always in the order of time. Its two tokens stand at its ends; the token of an end where nothing more is yet
//! leads there again, so that a reader that keeps asking sees what comes.

use gantry_model::UnixMillis;
use gantry_model::logs::pattern::Pattern;
use gantry_store::log_chunk::{Lines, Place, Range};
use gantry_wire::ApiError;
use gantry_wire::shapes::logs::{GetLogEventsRequest, GetLogEventsResponse, OutputLogEvent};

use super::reading::{Direction, Found, Page, Search};
use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers GetLogEvents. The newest lines come first unless the request says to start from the head.
///
/// # Errors
/// ResourceNotFoundException; InvalidParameterException, also for a token of another operation.
pub(super) async fn get_log_events(call: Call, input: GetLogEventsRequest) -> Result<GetLogEventsResponse, Failure> {
    let group = resolve::group_of(&call, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
    let stream = resolve::stream_name(input.log_stream_name.as_deref())?;
    let token = input.next_token.as_deref().map(read_token).transpose()?;
    let mut reader = call.control.store.read().await?;
    let group = resolve::group(&mut reader, &call.scope, &group).await?;
    let stream = resolve::stream(&mut reader, group.id, &stream).await?;
    drop(reader);
    let from =
        UnixMillis(input.start_time.unwrap_or_default()).max(group.group.kept_since(call.now).unwrap_or_default());
    // The end is the first millisecond that is left out.
    let until = UnixMillis(input.end_time.map_or(i64::MAX, |end| end.saturating_sub(1)));
    let direction = match (&token, input.start_from_head) {
        (Some((direction, _)), _) => *direction,
        (None, Some(true)) => Direction::Forward,
        (None, _) => Direction::Backward,
    };
    let search = Search {
        lines: Lines::Stream(stream.id),
        range: Range { from, until },
        pattern: Pattern::ALL,
        direction,
        limit: input.limit,
    };
    let start = token.map(|(_, place)| place);
    let page = search.page(&call.control, start).await?;
    Ok(answer(page, direction, start, from))
}

fn answer(page: Page, direction: Direction, start: Option<Place>, from: UnixMillis) -> GetLogEventsResponse {
    let Page { mut events, next } = page;
    if direction == Direction::Backward {
        events.reverse();
    }
    let empty = start.unwrap_or(Place { at: from, chunk: 0, index: 0 });
    let (mut first, mut last) =
        (events.first().map_or(empty, |event| event.place), events.last().map_or(empty, |event| event.place));
    // A page that ended because it had looked long enough goes on where it stopped.
    match direction {
        Direction::Forward => last = next.unwrap_or(last),
        Direction::Backward => first = next.unwrap_or(first),
    }
    GetLogEventsResponse {
        events: Some(events.into_iter().map(shape).collect()),
        next_forward_token: Some(write_token(Direction::Forward, last)),
        next_backward_token: Some(write_token(Direction::Backward, first)),
    }
}

fn shape(event: Found) -> OutputLogEvent {
    OutputLogEvent {
        timestamp: Some(event.place.at.0),
        message: Some(event.message),
        ingestion_time: Some(event.ingested_at.0),
    }
}

fn write_token(direction: Direction, place: Place) -> String {
    let letter = if direction == Direction::Forward { 'f' } else { 'b' };
    format!("{letter}/{}", place_text(place))
}

/// A place as tokens carry it.
pub(super) fn place_text(place: Place) -> String {
    format!("{}-{}-{}", place.at.0, place.chunk, place.index)
}

pub(super) fn read_token(token: &str) -> Result<(Direction, Place), ApiError> {
    let invalid = || ApiError::invalid_parameter("The specified nextToken is invalid.");
    let (letter, place) = token.split_once('/').ok_or_else(invalid)?;
    let direction = match letter {
        "f" => Direction::Forward,
        "b" => Direction::Backward,
        _ => return Err(invalid()),
    };
    let mut numbers = place.split('-').map(|number| number.parse::<i64>().map_err(|_| invalid()));
    let mut next = || numbers.next().ok_or_else(invalid)?;
    let place = Place { at: UnixMillis(next()?), chunk: next()?, index: next()? };
    Ok((direction, place))
}
