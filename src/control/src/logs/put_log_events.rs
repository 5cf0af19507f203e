//! PutLogEvents (CloudWatch Logs API reference): a batch of lines of one stream.

use gantry_model::UnixMillis;
use gantry_model::logs::{LogEvent, LogGroup};
use gantry_store::log_chunk::{self, NewChunk};
use gantry_wire::ApiError;
use gantry_wire::shapes::logs::{
    InputLogEvent, PutLogEventsRequest, PutLogEventsResponse, RejectedEntityInfo, RejectedLogEventsInfo,
};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// What stands where sequence tokens once counted: AWS takes any and still answers one.
pub(super) const SEQUENCE_TOKEN: &str = "49000000000000000000000000000000000000000000000000000001";

/// The most bytes of a batch; each line counts [`OVERHEAD`] more than it has.
const MOST_BYTES: usize = 1_048_576;
const OVERHEAD: usize = 26;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How far ahead of our clock a line may be.
const TOO_NEW_MS: i64 = 2 * 60 * 60 * 1000;
/// How old a line may be.
const TOO_OLD_MS: i64 = 14 * DAY_MS;

/// Answers PutLogEvents once the lines are on the disk. Lines that are too old or too new are left out, and the answer
/// says which. `sequenceToken` is not looked at, as AWS does not look at it any more.
///
/// # Errors
/// ResourceNotFoundException; InvalidParameterException for lines out of order, too many bytes, or more than a day from the
/// first to the last.
pub(super) async fn put_log_events(call: Call, input: PutLogEventsRequest) -> Result<PutLogEventsResponse, Failure> {
    let group = resolve::group_name(input.log_group_name.as_deref())?;
    let stream = resolve::stream_name(input.log_stream_name.as_deref())?;
    let events = batch(input.log_events.unwrap_or_default())?;
    let mut reader = call.control.store.read().await?;
    let stored = resolve::group(&mut reader, &call.scope, &group).await?;
    drop(reader);
    let (taken, rejected) = sift(&events, &stored.group, call.now);
    let chunks = NewChunk::divide(taken);
    let scope = call.scope;
    call.control
        .store
        .write(move |tx| {
            Box::pin(async move {
                // The group may have been deleted since.
                let group = resolve::group(tx, &scope, &group).await?;
                let stream = resolve::stream(tx, group.id, &stream).await?;
                match chunks.is_empty() {
                    true => Ok::<_, Failure>(()),
                    false => Ok(log_chunk::append(tx, group.id, stream.id, &chunks).await?),
                }
            })
        })
        .await?;
    // Entities say where telemetry comes from; they are not built, and said to be refused.
    let rejected_entity_info =
        input.entity.map(|_| RejectedEntityInfo { error_type: Some("UnsupportedLogGroupType".to_owned()) });
    Ok(PutLogEventsResponse {
        next_sequence_token: Some(SEQUENCE_TOKEN.to_owned()),
        rejected_log_events_info: rejected,
        rejected_entity_info,
    })
}

/// The lines of a request, when they are a batch.
fn batch(shapes: Vec<InputLogEvent>) -> Result<Vec<LogEvent>, ApiError> {
    let events: Vec<LogEvent> = shapes
        .into_iter()
        .map(|shape| LogEvent {
            at: UnixMillis(shape.timestamp.unwrap_or_default()),
            message: shape.message.unwrap_or_default(),
        })
        .collect();
    let bytes: usize = events.iter().map(|event| event.message.len() + OVERHEAD).sum();
    if bytes > MOST_BYTES {
        return Err(ApiError::invalid_parameter(format!(
            "Upload too large: {bytes} bytes exceeds limit of {MOST_BYTES}"
        )));
    }
    if !events.is_sorted_by_key(|event| event.at) {
        return Err(ApiError::invalid_parameter(
            "Log events in a single PutLogEvents request must be in chronological order.",
        ));
    }
    match (events.first(), events.last()) {
        (Some(first), Some(last)) if last.at.millis_since(first.at) > DAY_MS => Err(ApiError::invalid_parameter(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        )),
        _ => Ok(events),
    }
}

/// The lines of a batch that are neither too old nor too new, and where those ended and these begin.
fn sift<'a>(
    events: &'a [LogEvent],
    group: &LogGroup,
    now: UnixMillis,
) -> (&'a [LogEvent], Option<RejectedLogEventsInfo>) {
    let before = |limit: UnixMillis| events.partition_point(|event| event.at < limit);
    let expired = group.kept_since(now).map_or(0, before);
    let too_old = before(now.plus_millis(-TOO_OLD_MS));
    let too_new = events.partition_point(|event| event.at <= now.plus_millis(TOO_NEW_MS));
    let start = expired.max(too_old);
    let index = |at: usize| i32::try_from(at).ok();
    let rejected = RejectedLogEventsInfo {
        too_new_log_event_start_index: index(too_new).filter(|_| too_new < events.len()),
        too_old_log_event_end_index: index(too_old).filter(|_| too_old > 0),
        expired_log_event_end_index: index(expired).filter(|_| expired > 0),
    };
    let all_taken = start == 0 && too_new == events.len();
    (&events[start.min(too_new)..too_new], Some(rejected).filter(|_| !all_taken))
}
