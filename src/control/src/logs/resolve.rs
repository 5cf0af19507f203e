//! What a request names: a log group, by its name or ARN, and a stream in it.

use gantry_model::{LogGroupName, LogStreamName, Scope};
use gantry_store::log_group::{self, StoredGroup};
use gantry_store::log_stream::{self, StoredStream};
use gantry_store::{Conn, Tx};
use gantry_wire::ApiError;

use crate::context::Call;
use crate::error::Failure;

/// The ARN of a log group, as its tags and its listings name it.
pub(super) fn arn(scope: &Scope, name: &LogGroupName) -> String {
    format!("arn:aws:logs:{}:{}:log-group:{name}", scope.region, scope.account)
}

/// A log group's name.
pub(super) fn group_name(text: Option<&str>) -> Result<LogGroupName, ApiError> {
    let text = text.unwrap_or_default();
    LogGroupName::parse(text).map_err(|error| malformed("logGroupName", text, error.rule))
}

/// A log stream's name.
pub(super) fn stream_name(text: Option<&str>) -> Result<LogStreamName, ApiError> {
    let text = text.unwrap_or_default();
    LogStreamName::parse(text).map_err(|error| malformed("logStreamName", text, error.rule))
}

fn malformed(member: &str, text: &str, rule: &str) -> ApiError {
    ApiError::invalid_parameter(format!(
        "1 validation error detected: Value '{text}' at '{member}' failed to satisfy constraint: Member must {rule}"
    ))
}

/// The group of a request that takes a name or an identifier, which is a name or an ARN.
pub(super) fn group_of(call: &Call, name: Option<&str>, identifier: Option<&str>) -> Result<LogGroupName, ApiError> {
    match (name, identifier) {
        (Some(_), Some(_)) => {
            Err(ApiError::invalid_parameter("LogGroup name and LogGroup identifier are mutually exclusive parameters."))
        }
        (None, None) => Err(ApiError::invalid_parameter("Either logGroupName or logGroupIdentifier is required.")),
        (Some(name), None) => group_name(Some(name)),
        (None, Some(identifier)) if identifier.starts_with("arn:") => group_by_arn(call, identifier),
        (None, Some(name)) => group_name(Some(name)),
    }
}

/// The group that an ARN names, with or without `:*` at its end. One of another account or region is not found.
pub(super) fn group_by_arn(call: &Call, text: &str) -> Result<LogGroupName, ApiError> {
    let invalid = || ApiError::invalid_parameter(format!("'{text}' is not the ARN of a log group."));
    let here = format!("arn:aws:logs:{}:{}:log-group:", call.scope.region, call.scope.account);
    match text.strip_prefix(&here) {
        Some(name) => LogGroupName::parse(name.strip_suffix(":*").unwrap_or(name)).map_err(|_| invalid()),
        None if text.contains(":log-group:") => Err(ApiError::log_group_not_found()),
        None => Err(invalid()),
    }
}

/// The group itself.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn group(conn: &mut Conn, scope: &Scope, name: &LogGroupName) -> Result<StoredGroup, Failure> {
    log_group::get(conn, scope, name).await?.ok_or_else(|| ApiError::log_group_not_found().into())
}

/// The stream itself.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn stream(conn: &mut Conn, group: i64, name: &LogStreamName) -> Result<StoredStream, Failure> {
    log_stream::get(conn, group, name).await?.ok_or_else(|| ApiError::log_stream_not_found().into())
}

/// Changes the group called `name`.
///
/// # Errors
/// ResourceNotFoundException, and what `change` answers.
pub(super) async fn change_group(
    call: &Call,
    name: LogGroupName,
    change: impl FnOnce(&mut StoredGroup) -> Result<(), ApiError> + Send + 'static,
) -> Result<(), Failure> {
    let scope = call.scope.clone();
    call.control
        .store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut stored = group(tx, &scope, &name).await?;
                change(&mut stored)?;
                Ok(log_group::change(tx, &stored).await?)
            })
        })
        .await
}
