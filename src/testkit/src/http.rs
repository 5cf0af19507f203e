//! Requests as they come off a wire, and their answers.

use axum::body::Body;
use gantry_model::UnixMillis;
use gantry_wire::sigv4::{Credentials, Signer};
use gantry_wire::{Service, json};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{ENDPOINT_URL, REGION, Refusal, TestGantry};

/// What a request was answered with.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header as text; empty when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The answer of an awsJson1.1 operation.
    ///
    /// # Errors
    /// The code and message of a refusal.
    pub fn json(&self) -> Result<Value, Refusal> {
        // Operations without an output answer an empty body.
        let body: &[u8] = if self.body.is_empty() { b"null" } else { &self.body };
        let body: Value = serde_json::from_slice(body).expect("an answer in JSON");
        if self.status.is_success() {
            return Ok(body);
        }
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Err((text("__type"), text("message")))
    }
}

impl TestGantry {
    /// Sends a request to the API.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = match self.api.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("an answer's body").to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

/// An unsigned awsJson1.1 request.
#[must_use]
pub fn json_request(service: &str, operation: &str, input: &Value) -> Request<Body> {
    let model = Service::from_signing_name(service).expect("a service").model();
    // STS has no JSON; asking it for some makes a request whose target nobody knows.
    let prefix = model.target_prefix.unwrap_or("AWSSecurityTokenServiceV20110615");
    Request::post(format!("{ENDPOINT_URL}/"))
        .header("content-type", json::CONTENT_TYPE)
        .header("x-amz-target", format!("{prefix}.{operation}"))
        .body(Body::from(input.to_string()))
        .expect("a request")
}

/// Signs a request over `body`, which must be its own, in the default region.
pub fn sign(request: &mut Request<Body>, body: &[u8], credentials: &Credentials, service: &str, now: UnixMillis) {
    let signer = Signer { credentials, region: REGION, service };
    let method = request.method().clone();
    let uri = request.uri().clone();
    signer.sign_headers(method.as_str(), &uri, request.headers_mut(), body, now).expect("a signature");
}
