//! The API's front: from an HTTP request to an operation and back.
//!
//! One way through, in this order: read the body within its limit → who calls ([`authenticate()`]) → which operation →
//! may they ([`crate::authorise`]) → is the input valid (`gantry_wire::validate`) → run → write the answer. Nothing of
//! the request is believed before its signature is, and whatever goes wrong is answered in the caller's own protocol,
//! with the request's id, and logged once.
//!
//! Source: AWS JSON 1.1 and AWS Query protocols (Smithy specification); for signatures see `gantry_wire::sigv4`.

mod address;
mod authenticate;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use bytes::Bytes;
use futures_util::FutureExt as _;
use gantry_model::principal::Caller;
use gantry_wire::schema::Protocol;
use gantry_wire::{ApiError, OperationModel, Stamp, json, query};
use http::request::Parts;
use http::{Request, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::Value;
use tracing::Instrument as _;

use crate::context::{Call, Control};
use crate::{authorise, ids};
use address::Address;

pub use authenticate::authenticate;

/// Bodies larger than this are refused, but for those that carry a part of a layer. An image manifest of four MiB, the
/// largest input of any other operation, is at most twice that as JSON text.
const MOST_BODY: usize = 10 * 1024 * 1024;
/// A part of a layer has up to 20 MiB, a third more as base64.
const MOST_LAYER_PART: usize = 32 * 1024 * 1024;

/// The API at `POST /`, and at `GET /` for forms in the query.
pub fn router(control: Arc<Control>) -> Router {
    Router::new().fallback(answer).with_state(control)
}

async fn answer(State(control): State<Arc<Control>>, request: Request<Body>) -> Response<Body> {
    let now = control.now();
    let request_id = match ids::uuid() {
        Ok(id) => id,
        Err(error) => return finish(&Address::unknown(), &Err(error), &Stamp { request_id: "", now }),
    };
    let (parts, body) = request.into_parts();
    let address = Address::of_head(&parts);
    let span = tracing::info_span!(
        "api",
        request_id,
        service = address.service_name(),
        operation = tracing::field::Empty,
        principal = tracing::field::Empty,
    );
    let stamp = Stamp { request_id: &request_id, now };
    let handled = handle(&control, &parts, body, address, &stamp).instrument(span.clone());
    let (address, result) = handled.await;
    span.in_scope(|| finish(&address, &result, &stamp))
}

/// An operation that was run, and what it answered.
type Outcome = Result<(&'static OperationModel, Value), ApiError>;

async fn handle(
    control: &Arc<Control>,
    parts: &Parts,
    body: Body,
    address: Address,
    stamp: &Stamp<'_>,
) -> (Address, Outcome) {
    let body = match read_body(&address, body).await {
        Ok(body) => body,
        Err(error) => return (address, Err(error)),
    };
    let caller = authenticate(control, parts, &body).await;
    let address = address.complete(caller.as_ref().ok());
    let outcome = match caller {
        Ok(caller) => run(control, &address, parts, &body, caller, stamp).await,
        Err(error) => Err(error),
    };
    (address, outcome)
}

async fn read_body(address: &Address, body: Body) -> Result<Bytes, ApiError> {
    let most = if address.is_layer_part() { MOST_LAYER_PART } else { MOST_BODY };
    match Limited::new(body, most).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let text = format!("The request body is larger than {most} bytes.");
            Err(ApiError::new("RequestEntityTooLargeException", text).with_status(413))
        }
        Err(error) => Err(ApiError::serialization(format!("The request body could not be read: {error}"))),
    }
}

async fn run(
    control: &Arc<Control>,
    address: &Address,
    parts: &Parts,
    body: &[u8],
    caller: Caller,
    stamp: &Stamp<'_>,
) -> Outcome {
    let operation = address.operation(parts, body)?;
    let service = operation.service;
    if caller.service != service.signing_name() {
        return Err(gantry_wire::sigv4::SigError::WrongService(service.signing_name()).into());
    }
    let span = tracing::Span::current();
    span.record("operation", operation.name).record("principal", &caller.principal.arn);
    if !control.operations.has(service.signing_name(), operation.name) {
        return Err(ApiError::unknown_operation(operation.name));
    }
    let input = address.input(operation, parts, body)?;
    authorise::check(&caller.principal, service, operation.name)?;
    if let Some(shape) = operation.input {
        gantry_wire::validate(service, shape, &input)?;
    }
    let call = Call {
        control: Arc::clone(control),
        scope: control.scope(&caller.region),
        principal: caller.principal,
        request_id: stamp.request_id.to_owned(),
        now: stamp.now,
    };
    let running = control.operations.run(service.signing_name(), operation.name, call, input);
    let running = running.ok_or_else(|| ApiError::unknown_operation(operation.name))?;
    // A panic in one operation must answer its caller and harm nobody else; the store has rolled its write back.
    let ended = AssertUnwindSafe(running).catch_unwind().await;
    let output = ended.unwrap_or_else(|panic| Err(ApiError::server(format!("panicked: {}", panic_text(&*panic)))))?;
    Ok((operation, output))
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// Writes the answer in the protocol that was spoken, and what went wrong into the log.
fn finish(address: &Address, outcome: &Outcome, stamp: &Stamp<'_>) -> Response<Body> {
    if let Err(error) = outcome {
        log(error);
    }
    let protocol = address.protocol();
    let response = match (outcome, protocol) {
        (Ok((_, output)), Protocol::AwsJson11) => json::success(output, *stamp),
        (Ok((operation, output)), Protocol::AwsQuery) => query::success(operation, output, *stamp),
        (Err(error), Protocol::AwsJson11) => json::failure(error, *stamp),
        (Err(error), Protocol::AwsQuery) => query::failure(address.service(), error, *stamp),
    };
    response.map(Body::from)
}

fn log(error: &ApiError) {
    let internal = error.internal.as_deref();
    if error.is_server_fault() {
        tracing::error!(code = error.code, internal, "a request failed through our fault");
    } else {
        tracing::debug!(code = error.code, message = error.message, internal, "a request was refused");
    }
}
