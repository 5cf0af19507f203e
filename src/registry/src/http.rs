//! The registry over HTTP: OCI Distribution 1.1 as docker, podman, skopeo and the rest speak it.
//!
//! One handler takes every request under `/v2/`: it finds out what the path names (`path.rs`), who is calling
//! (`auth.rs`) and which account and region the host name means (`host.rs`), then calls the method's function. Bodies
//! are streams; nothing here limits or buffers them but the manifest's. No layer that compresses or buffers may be put
//! around this router: blobs are served as they are, in ranges.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use gantry_model::principal::Principal;
use gantry_model::{RepositoryName, Scope};
use http::{HeaderMap, Method, StatusCode};

use crate::access::authorise;
use crate::image::Origin;
use crate::registry::Registry;
use crate::replication::{DESTINATION, SOURCE};
use crate::upload::{BrokenOff, drain};

mod auth;
mod blobs;
mod error;
mod host;
mod lists;
mod manifests;
mod path;
mod query;
mod range;
mod sbom;
mod uploads;

use auth::Identity;
use error::OciError;
use path::Target;
use query::Query;

/// A request's body.
type Incoming = BoxStream<'static, Result<Bytes, BrokenOff>>;
/// What a handler answers.
type Answer = Result<Response, OciError>;

/// The routes of the registry: `/v2/…`, and the addresses that `GetDownloadUrlForLayer` hands out.
pub fn router(registry: Arc<Registry>) -> Router {
    Router::new()
        .route("/v2", any(serve))
        .route("/v2/", any(serve))
        .route("/v2/{*path}", any(serve))
        .route("/_gantry/blob/{*path}", any(blobs::download))
        .layer(DefaultBodyLimit::disable())
        .with_state(registry)
}

/// A request, taken apart.
struct Call {
    registry: Arc<Registry>,
    scope: Scope,
    principal: Principal,
    method: Method,
    headers: HeaderMap,
    query: Query,
    /// The registry that what is pushed is a copy of.
    copied_from: Option<Scope>,
}

impl Call {
    fn authorise(&self, action: &str, repository: Option<&RepositoryName>) -> Result<(), OciError> {
        authorise(&self.principal, action, repository)
            .map_err(|denied| OciError::new(StatusCode::FORBIDDEN, "DENIED", denied.to_string()))
    }

    /// Where a deletion comes from.
    fn origin(&self) -> Origin {
        if self.copied_from.is_some() { Origin::Copy } else { Origin::Here }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

async fn serve(State(registry): State<Arc<Registry>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut body = Some(incoming(body));
    let answer = answer(registry, parts, &mut body).await;
    if let Some(unread) = &mut body {
        // A client that is still sending would take a closed connection for a failure of the network.
        drain(unread).await;
    }
    let mut response = answer.unwrap_or_else(OciError::into_response);
    let version = http::HeaderValue::from_static("registry/2.0");
    response.headers_mut().insert("docker-distribution-api-version", version);
    response
}

async fn answer(registry: Arc<Registry>, parts: http::request::Parts, body: &mut Option<Incoming>) -> Answer {
    let host = host::of(&parts);
    let identity = auth::identify(&registry, &parts.headers);
    let target = path::target(parts.uri.path())?;
    let principal = match identity {
        Identity::Known(principal) => principal,
        Identity::Expired { principal, expired_millis } if may_finish(&target, &parts.method, expired_millis) => {
            principal
        }
        Identity::Expired { .. } => return Err(auth::expired()),
        Identity::Unknown => return Err(auth::challenge(host.as_deref())),
    };
    let replication = replication(&parts.headers, &registry.settings.default_scope)?;
    let (scope, copied_from) = match replication {
        Some((from, to)) => (to, Some(from)),
        None => (host::scope(host.as_deref(), &registry.settings.default_scope), None),
    };
    let query = Query::parse(parts.uri.query().unwrap_or_default())?;
    let call = Call { registry, scope, principal, method: parts.method, headers: parts.headers, query, copied_from };
    dispatch(&call, body, target).await
}

/// From which registry to which one a request copies, when it does.
fn replication(headers: &HeaderMap, default: &Scope) -> Result<Option<(Scope, Scope)>, OciError> {
    let read = |name: &str| -> Result<Option<Scope>, OciError> {
        let Some(value) = headers.get(name) else { return Ok(None) };
        let scope = value.to_str().ok().and_then(|text| text.parse().ok());
        let invalid = || OciError::bad_request("NAME_INVALID", format!("{name} must be account/region"));
        scope.map(Some).ok_or_else(invalid)
    };
    let (from, to) = match (read(SOURCE)?, read(DESTINATION)?) {
        (Some(from), Some(to)) => (from, to),
        (None, None) => return Ok(None),
        _ => return Err(OciError::bad_request("NAME_INVALID", format!("{SOURCE} and {DESTINATION} go together"))),
    };
    if to.account != default.account {
        let message = format!("this is the registry of account {}, not of {}", default.account, to.account);
        return Err(OciError::new(StatusCode::FORBIDDEN, "DENIED", message));
    }
    Ok(Some((from, to)))
}

/// An upload that was begun with a token may be finished within an hour of its expiry: large layers outlive tokens.
fn may_finish(target: &Target, method: &Method, expired_millis: i64) -> bool {
    matches!(target, Target::Upload(..)) && *method != Method::DELETE && expired_millis < 3_600_000
}

async fn dispatch(call: &Call, body: &mut Option<Incoming>, target: Target) -> Answer {
    match target {
        Target::Base => lists::base(call),
        Target::Catalog => lists::catalog(call).await,
        Target::Tags(name) => lists::tags(call, &name).await,
        Target::Referrers(name, digest) => lists::referrers(call, &name, &digest).await,
        Target::Uploads(name) => uploads::collection(call, body, &name).await,
        Target::Upload(name, id) => uploads::session(call, body, &name, &id).await,
        Target::Blob(name, digest) => blobs::blob(call, &name, &digest).await,
        Target::Sbom(name, reference) => sbom::document(call, &name, &reference).await,
        Target::Manifest(name, reference) => manifests::manifest(call, body, &name, &reference).await,
    }
}

/// The body as a stream that knows one kind of failure: the client is gone.
fn incoming(body: Body) -> Incoming {
    body.into_data_stream().map(|piece| piece.map_err(|_| BrokenOff)).boxed()
}

/// The body, for the handler that reads it; what it leaves unread is thrown away by [`serve`].
fn take(body: &mut Option<Incoming>) -> Incoming {
    body.take().unwrap_or_else(|| futures_util::stream::empty().boxed())
}

/// An answer without a body.
fn empty(status: StatusCode, headers: &[(&str, &str)]) -> Answer {
    build(status, headers, Body::empty())
}

/// An answer. A header value that HTTP cannot carry fails the request rather than being left out.
fn build(status: StatusCode, headers: &[(&str, &str)], body: Body) -> Answer {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body).map_err(|error| OciError::internal("build the answer", &error))
}

fn method_not_allowed(allowed: &'static str) -> OciError {
    OciError::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", format!("the methods here are {allowed}"))
        .with_header("allow", allowed)
}
