//! DescribeLogStreams (CloudWatch Logs API reference): by name, or by the time of the newest line.

use gantry_model::LogGroupName;
use gantry_store::log_stream::{self, Order, StoredStream};
use gantry_wire::shapes::logs::{DescribeLogStreamsRequest, DescribeLogStreamsResponse, LogStream as LogStreamShape};
use gantry_wire::{ApiError, paginate};

use super::{put_log_events, resolve};
use crate::context::Call;
use crate::error::Failure;

const DEFAULT_LIMIT: i32 = 50;

/// Answers DescribeLogStreams.
///
/// # Errors
/// ResourceNotFoundException; InvalidParameterException, also for a prefix with the order of time.
pub(super) async fn describe_log_streams(
    call: Call,
    input: DescribeLogStreamsRequest,
) -> Result<DescribeLogStreamsResponse, Failure> {
    let name = resolve::group_of(&call, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
    let by_time = input.order_by.as_deref() == Some("LastEventTime");
    if by_time && input.log_stream_name_prefix.is_some() {
        let text = "Cannot order by LastEventTime with a logStreamNamePrefix.";
        return Err(ApiError::invalid_parameter(text).into());
    }
    let order = order(by_time, input.descending.unwrap_or(false), input.next_token.as_deref())?;
    let limit = input.limit.unwrap_or(DEFAULT_LIMIT);
    let prefix = input.log_stream_name_prefix.unwrap_or_default();
    let mut reader = call.control.store.read().await?;
    let group = resolve::group(&mut reader, &call.scope, &name).await?;
    let mut found = log_stream::list(&mut reader, group.id, &prefix, &order, i64::from(limit) + 1).await?;
    let limit = usize::try_from(limit).unwrap_or(1);
    let more = found.len() > limit;
    found.truncate(limit);
    let next_token = found.last().filter(|_| more).map(token);
    let streams = found.iter().map(|stored| shape(&call, &name, stored)).collect();
    Ok(DescribeLogStreamsResponse { log_streams: Some(streams), next_token })
}

fn token(last: &StoredStream) -> String {
    let at = last.stream.last_event_at.unwrap_or_default().0;
    paginate::encode(&format!("{at} {}", last.stream.name))
}

fn order(by_time: bool, descending: bool, token: Option<&str>) -> Result<Order, ApiError> {
    let from = token.map(read_token).transpose()?;
    Ok(match (by_time, descending) {
        (false, false) => Order::Name { after: from.unwrap_or_default().1 },
        (false, true) => Order::NameDescending { before: from.map(|(_, name)| name) },
        (true, false) => Order::LastEvent { after: from.unwrap_or((-1, String::new())) },
        (true, true) => Order::LastEventDescending { before: from },
    })
}

fn read_token(token: &str) -> Result<(i64, String), ApiError> {
    let key = paginate::decode(token)?;
    let (at, name) = key.split_once(' ').ok_or_else(ApiError::invalid_token)?;
    Ok((at.parse().map_err(|_| ApiError::invalid_token())?, name.to_owned()))
}

fn shape(call: &Call, group: &LogGroupName, stored: &StoredStream) -> LogStreamShape {
    let stream = &stored.stream;
    LogStreamShape {
        log_stream_name: Some(stream.name.to_string()),
        creation_time: Some(stream.created_at.0),
        first_event_timestamp: stream.first_event_at.map(|at| at.0),
        last_event_timestamp: stream.last_event_at.map(|at| at.0),
        last_ingestion_time: stream.last_ingested_at.map(|at| at.0),
        upload_sequence_token: Some(put_log_events::SEQUENCE_TOKEN.to_owned()),
        arn: Some(format!("{}:log-stream:{}", resolve::arn(&call.scope, group), stream.name)),
        // CloudWatch Logs counts no bytes by stream any more and answers 0.
        stored_bytes: Some(0),
    }
}
