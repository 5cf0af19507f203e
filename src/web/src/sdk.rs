//! The dashboard's clients of the public API: the AWS SDKs over an in-process connector.
//!
//! The connector hands the request to the API's router without a socket and puts a [`Caller`] into its extensions: who
//! is signed in, the region and the service that a signature would have named. Extensions do not come off a wire, so no
//! client can do the same. A client is built for each call of a server function and owns its caller; a retry against
//! ourselves would only hide a bug, so there are none.

use std::convert::Infallible;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use axum::Router;
use axum::body::Body;
use gantry_model::principal::{Caller, Principal};
use gantry_model::{InvalidName, Region};
use http::request::Parts;
use leptos::prelude::use_context;
use tower::ServiceExt;

use crate::error::ApiError;
use crate::server::WebContext;

/// No answer of the API is larger than this; lists come in pages.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Any host that parses: the request never leaves the process.
const ENDPOINT: &str = "http://in.process";

/// An ECS client that acts as the person who is signed in.
///
/// # Errors
/// [`ApiError::SignedOut`] when nobody is.
pub fn ecs() -> Result<aws_sdk_ecs::Client, ApiError> {
    ecs_of(principal()?)
}

/// An ECS client that acts as `principal`: the maker of a board's link, in the place of a visitor.
///
/// # Errors
/// [`ApiError::NoAnswer`] outside of a request to the dashboard.
pub fn ecs_of(principal: Principal) -> Result<aws_sdk_ecs::Client, ApiError> {
    Ok(ecs_as(&web_context()?, principal)?)
}

/// An ECR client that acts as the person who is signed in.
///
/// # Errors
/// [`ApiError::SignedOut`] when nobody is.
pub fn ecr() -> Result<aws_sdk_ecr::Client, ApiError> {
    let (context, principal) = context_and_principal()?;
    let connector = InProcess::new(&context, principal, "ecr")?;
    let config = aws_sdk_ecr::Config::builder()
        .behavior_version_latest()
        .http_client(connector)
        .endpoint_url(ENDPOINT)
        .region(aws_sdk_ecr::config::Region::new(context.region.clone()))
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .allow_no_auth()
        .build();
    Ok(aws_sdk_ecr::Client::from_conf(config))
}

/// Calls an operation of ECS with JSON in and JSON out, as the person who is signed in.
///
/// The SDK's types cannot be written back as JSON, and a task definition that is edited must come back whole: every
/// member in the order it was given, also those that this SDK does not know. So DescribeTaskDefinition and
/// RegisterTaskDefinition go around the types, by the same router and in the name of the same caller.
///
/// # Errors
/// What the API refused, with its code; [`ApiError::SignedOut`] when nobody is signed in.
pub async fn ecs_json(operation: &str, input: &serde_json::Value) -> Result<serde_json::Value, ApiError> {
    json("ecs", "AmazonEC2ContainerServiceV20141113", operation, input).await
}

/// Calls an operation of CloudWatch Logs. Its SDK has a hundred operations of which pages need two.
///
/// # Errors
/// As [`ecs_json`].
pub async fn logs_json(operation: &str, input: &serde_json::Value) -> Result<serde_json::Value, ApiError> {
    json("logs", "Logs_20140328", operation, input).await
}

/// Calls an operation of EventBridge, of which pages need a few.
///
/// # Errors
/// As [`ecs_json`].
pub async fn events_json(operation: &str, input: &serde_json::Value) -> Result<serde_json::Value, ApiError> {
    json("events", "AWSEvents", operation, input).await
}

/// Calls an operation of Elastic Load Balancing, which its own clients speak to in forms.
///
/// # Errors
/// As [`ecs_json`].
pub async fn elb_json(operation: &str, input: &serde_json::Value) -> Result<serde_json::Value, ApiError> {
    json("elasticloadbalancing", "ElasticLoadBalancing_v10", operation, input).await
}

/// Calls an operation of Secrets Manager, of which pages need a few.
///
/// # Errors
/// As [`ecs_json`].
pub async fn secrets_json(operation: &str, input: &serde_json::Value) -> Result<serde_json::Value, ApiError> {
    json("secretsmanager", "secretsmanager", operation, input).await
}

/// Calls an operation of the Parameter Store, of which pages need a few.
///
/// # Errors
/// As [`ecs_json`].
pub async fn ssm_json(operation: &str, input: &serde_json::Value) -> Result<serde_json::Value, ApiError> {
    json("ssm", "AmazonSSM", operation, input).await
}

/// The members of a list of an answer.
pub fn items<'a>(answer: &'a serde_json::Value, member: &str) -> impl Iterator<Item = &'a serde_json::Value> + use<'a> {
    answer.get(member).and_then(serde_json::Value::as_array).into_iter().flatten()
}

/// A text of an answer; empty when it is not there.
#[must_use]
pub fn text(value: &serde_json::Value, member: &str) -> String {
    value.get(member).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

async fn json(
    service: &'static str,
    target: &str,
    operation: &str,
    input: &serde_json::Value,
) -> Result<serde_json::Value, ApiError> {
    let no_answer = |error: &dyn std::fmt::Display| ApiError::NoAnswer { message: error.to_string() };
    let (context, principal) = context_and_principal()?;
    let caller = InProcess::new(&context, principal, service)?.caller;
    let request = http::Request::post("/")
        .header("x-amz-target", format!("{target}.{operation}"))
        .header("content-type", "application/x-amz-json-1.1")
        .extension(caller)
        .body(Body::from(input.to_string()))
        .map_err(|e| no_answer(&e))?;
    let response = match context.api.oneshot(request).await {
        Ok(response) => response,
        Err(never) => absurd(never),
    };
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, LARGEST_ANSWER).await.map_err(|e| no_answer(&e))?;
    // An operation without output answers nothing at all.
    let answer: serde_json::Value = match bytes.is_empty() {
        true => serde_json::Value::Null,
        false => serde_json::from_slice(&bytes).map_err(|e| no_answer(&e))?,
    };
    if parts.status.is_success() {
        return Ok(answer);
    }
    let text = |member: &str| answer.get(member).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    Err(ApiError::Refused {
        code: text("__type"),
        message: text("message"),
        request_id: parts.headers.get("x-amzn-requestid").and_then(|v| v.to_str().ok()).map(str::to_owned),
    })
}

/// The bytes of a small blob of a repository, such as an image's configuration: by the address that
/// GetDownloadUrlForLayer gives to the person who is signed in.
///
/// # Errors
/// What the API refused; [`ApiError::NoAnswer`] when the blob is larger than 4 MiB or cannot be read.
pub async fn blob(repository: &str, digest: &str) -> Result<axum::body::Bytes, ApiError> {
    const LARGEST_BLOB: usize = 4 * 1024 * 1024;
    let no_answer = |error: &dyn std::fmt::Display| ApiError::NoAnswer { message: error.to_string() };
    let answer = ecr()?.get_download_url_for_layer().repository_name(repository).layer_digest(digest).send().await?;
    let uri: http::Uri = answer.download_url().unwrap_or_default().parse().map_err(|e| no_answer(&e))?;
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let request = http::Request::get(path).body(Body::empty()).map_err(|e| no_answer(&e))?;
    let response = match web_context()?.registry.oneshot(request).await {
        Ok(response) => response,
        Err(never) => absurd(never),
    };
    if !response.status().is_success() {
        return Err(ApiError::NoAnswer { message: format!("The registry answered {}", response.status()) });
    }
    axum::body::to_bytes(response.into_body(), LARGEST_BLOB).await.map_err(|e| no_answer(&e))
}

/// What the pages know about this Gantry beside the API.
///
/// # Errors
/// [`ApiError::NoAnswer`] outside of a request to the dashboard.
pub fn web_context() -> Result<WebContext, ApiError> {
    use_context::<WebContext>()
        .ok_or_else(|| ApiError::NoAnswer { message: "Called outside of the dashboard".to_owned() })
}

/// Who is signed in.
///
/// # Errors
/// [`ApiError::SignedOut`] when nobody is.
pub fn principal() -> Result<Principal, ApiError> {
    use_context::<Parts>().and_then(|parts| parts.extensions.get::<Principal>().cloned()).ok_or(ApiError::SignedOut)
}

fn context_and_principal() -> Result<(WebContext, Principal), ApiError> {
    Ok((web_context()?, principal()?))
}

/// An ECS client over `context` that acts as `principal`.
fn ecs_as(context: &WebContext, principal: Principal) -> Result<aws_sdk_ecs::Client, InvalidName> {
    let connector = InProcess::new(context, principal, "ecs")?;
    let config = aws_sdk_ecs::Config::builder()
        .behavior_version_latest()
        .http_client(connector)
        .endpoint_url(ENDPOINT)
        .region(aws_sdk_ecs::config::Region::new(context.region.clone()))
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .allow_no_auth()
        .build();
    Ok(aws_sdk_ecs::Client::from_conf(config))
}

impl From<InvalidName> for ApiError {
    fn from(error: InvalidName) -> Self {
        Self::refused("InvalidParameterException", error.to_string())
    }
}

/// Hands requests to the API's router, in the name of one caller.
#[derive(Debug, Clone)]
struct InProcess {
    api: Router,
    caller: Caller,
}

impl InProcess {
    fn new(context: &WebContext, principal: Principal, service: &str) -> Result<Self, InvalidName> {
        let region = Region::parse(context.region.clone())?;
        let caller = Caller { principal, region, service: service.to_owned() };
        Ok(Self { api: context.api.clone(), caller })
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.caller);
        let response = match self.api.oneshot(request).await {
            Ok(response) => response,
            Err(never) => absurd(never),
        };
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, LARGEST_ANSWER).await.map_err(|e| ConnectorError::io(e.into()))?;
        HttpResponse::try_from(http::Response::from_parts(parts, SdkBody::from(bytes)))
            .map_err(|error| ConnectorError::other(error.into(), None))
    }
}

fn absurd(never: Infallible) -> axum::response::Response {
    match never {}
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().send(request))
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
