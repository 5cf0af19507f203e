//! awsJson1.1, the protocol of ECS and ECR: `POST /`, the operation in `X-Amz-Target`, JSON both ways.
//!
//! An empty body is an empty input. Nesting deeper than serde_json's limit is refused as malformed, so no input can
//! exhaust the stack.

use http::{HeaderMap, HeaderName, HeaderValue, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::answer::Stamp;
use crate::error::ApiError;
use crate::schema::{OperationModel, Service};
use crate::validate::validate;

/// The media type of requests and answers.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
/// The header that names the operation.
pub const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
/// The header that repeats the code of an error; JavaScript's and Rust's SDKs read it.
pub const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// The service and the operation's name that `X-Amz-Target` gives. The operation need not exist.
#[must_use]
pub fn parse_target(headers: &HeaderMap) -> Option<(Service, &str)> {
    let (prefix, operation) = headers.get(TARGET)?.to_str().ok()?.split_once('.')?;
    Some((Service::from_target_prefix(prefix)?, operation))
}

/// The operation that `X-Amz-Target` names.
///
/// # Errors
/// UnknownOperationException when it names none that the service has.
pub fn operation(headers: &HeaderMap) -> Result<&'static OperationModel, ApiError> {
    let (service, name) = parse_target(headers).ok_or_else(ApiError::missing_operation)?;
    service.operation(name).ok_or_else(|| ApiError::unknown_operation(name))
}

/// Reads a body as JSON.
///
/// # Errors
/// SerializationException when it is not a JSON object.
pub fn parse(body: &[u8]) -> Result<Value, ApiError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(ApiError::serialization("The request body is not a JSON object.")),
        Err(error) => Err(ApiError::serialization(format!("The request body is not JSON: {error}"))),
    }
}

/// Reads, validates and decodes the input of an operation.
///
/// # Errors
/// SerializationException for what is not JSON or of the wrong type, InvalidParameterException for a constraint that is
/// not met; both name the member.
pub fn decode<T: DeserializeOwned>(operation: &OperationModel, body: &[u8]) -> Result<T, ApiError> {
    decode_value(operation, parse(body)?)
}

/// Validates and decodes an input that is already JSON.
///
/// # Errors
/// As [`decode`].
pub fn decode_value<T: DeserializeOwned>(operation: &OperationModel, value: Value) -> Result<T, ApiError> {
    if let Some(shape) = operation.input {
        validate(operation.service, shape, &value)?;
    }
    serde_json::from_value(value).map_err(|error| ApiError::serialization(error.to_string()))
}

/// The answer of an operation that succeeded.
///
/// An output that has no JSON form is a fault of ours and is answered as one.
pub fn success<T: Serialize>(output: &T, stamp: Stamp<'_>) -> Response<Vec<u8>> {
    match serde_json::to_vec(output) {
        // Operations without an output answer an empty body.
        Ok(body) if body == b"null" => stamp.response(200, CONTENT_TYPE, Vec::new()),
        Ok(body) => stamp.response(200, CONTENT_TYPE, body),
        Err(error) => failure(&ApiError::server(error.to_string()), stamp),
    }
}

/// The answer of an operation that failed. `internal` is not in it.
#[must_use]
pub fn failure(error: &ApiError, stamp: Stamp<'_>) -> Response<Vec<u8>> {
    let mut response = stamp.response(error.http_status, CONTENT_TYPE, body(error).to_string().into_bytes());
    response.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(error.code));
    response
}

/// The body of an error.
fn body(error: &ApiError) -> Value {
    let mut body = Map::new();
    body.insert("__type".to_owned(), error.code.into());
    body.insert("message".to_owned(), error.message.clone().into());
    for (name, value) in &error.members {
        body.entry(name).or_insert_with(|| value.clone());
    }
    Value::Object(body)
}

#[cfg(test)]
mod tests;
