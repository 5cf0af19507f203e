//! The one listener, and which part answers what.
//!
//! By path: `/v2/…` is the registry, `/ws` and `/tcs/ws` are the agents', `/healthz` and the like are the operator's. At
//! `/`, whatever carries an AWS signature or target is the API's and everything else the dashboard's: so one address is
//! all that a client needs.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use gantry_control::Control;
use gantry_control::error::chain;
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;

use crate::events::{self, Events};
use crate::{join, metrics};

/// The parts that the listener chooses from.
pub(crate) struct Parts {
    pub(crate) control: Arc<Control>,
    pub(crate) api: Router,
    pub(crate) agents: Router,
    pub(crate) proxies: Router,
    pub(crate) registry: Router,
    /// The dashboard and the event stream, each inside the session layer.
    pub(crate) dashboard: Router,
    pub(crate) events: Router,
    /// The authority that hosts which join are told, in PEM.
    pub(crate) authority: Option<String>,
    pub(crate) dev_reset: bool,
}

/// The whole server.
pub(crate) fn router(parts: Parts) -> Router {
    let root = Root { api: parts.api, dashboard: parts.dashboard, events: parts.events };
    let mut operator = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics::metrics));
    if parts.dev_reset {
        operator = operator.route("/_gantry/reset", post(reset));
    }
    let joining = join::Joining { control: Arc::clone(&parts.control), authority: parts.authority };
    operator
        .with_state(parts.control)
        .route(gantry_agent::join::PATH, post(join::answer).with_state(joining))
        .merge(parts.agents)
        .merge(parts.proxies)
        .merge(parts.registry)
        .fallback(move |request: Request| async move { root.answer(request).await })
        .layer(CatchPanicLayer::new())
}

/// The event stream, which needs the session layer around it.
pub(crate) fn events(events: Events) -> Router {
    Router::new().route("/events", get(events::stream)).with_state(events)
}

#[derive(Clone)]
struct Root {
    api: Router,
    dashboard: Router,
    events: Router,
}

impl Root {
    async fn answer(self, request: Request) -> Response {
        let router = if is_api(&request) {
            self.api
        } else if is_event_stream(&request) {
            self.events
        } else {
            self.dashboard
        };
        match router.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// Whether a request speaks an AWS protocol: by target, by signature, or a form posted to `/`.
fn is_api(request: &Request) -> bool {
    let headers = request.headers();
    let signed = headers.get("authorization").is_some_and(|v| v.as_bytes().starts_with(b"AWS4-"));
    let presigned = request.uri().query().is_some_and(|q| q.contains("X-Amz-Algorithm="));
    headers.contains_key("x-amz-target")
        || signed
        || presigned
        || (request.method() == Method::POST && request.uri().path() == "/")
}

/// `/events` is the stream, and to who asks for HTML the page that shows it.
fn is_event_stream(request: &Request) -> bool {
    let wants_page =
        request.headers().get("accept").and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("text/html"));
    request.uri().path() == "/events" && !wants_page
}

async fn readyz(State(control): State<Arc<Control>>) -> Response {
    match control.store.read().await {
        Ok(_) => "ready".into_response(),
        Err(error) => {
            tracing::error!("not ready: {}", chain(&error));
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be read").into_response()
        }
    }
}

async fn reset(State(control): State<Arc<Control>>) -> Response {
    match control.store.reset().await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            tracing::error!("the reset failed: {}", chain(&error));
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn request(method: Method, uri: &str, header: Option<(&str, &str)>) -> Request {
        let mut builder = Request::builder().method(method).uri(uri);
        if let Some((name, value)) = header {
            builder = builder.header(name, value);
        }
        builder.body(Body::empty()).unwrap()
    }

    #[test]
    fn the_api_is_told_from_the_dashboard_by_what_a_request_carries() {
        for (method, uri, header, expected) in [
            (Method::GET, "/", None, false),
            (Method::GET, "/clusters/default", None, false),
            (Method::POST, "/login", None, false),
            (Method::POST, "/", None, true),
            (Method::POST, "/", Some(("x-amz-target", "AmazonEC2ContainerServiceV20141113.ListClusters")), true),
            (Method::GET, "/?X-Amz-Algorithm=AWS4-HMAC-SHA256", None, true),
            (Method::GET, "/", Some(("authorization", "AWS4-HMAC-SHA256 Credential=x")), true),
            (Method::GET, "/", Some(("authorization", "Basic x")), false),
        ] {
            assert_eq!(is_api(&request(method.clone(), uri, header)), expected, "{method} {uri} {header:?}");
        }
    }

    #[test]
    fn the_event_stream_and_its_page_share_an_address() {
        for (accept, expected) in [(None, true), (Some("text/event-stream"), true), (Some("text/html,*/*"), false)] {
            let header = accept.map(|a| ("accept", a));
            assert_eq!(is_event_stream(&request(Method::GET, "/events?after=3", header)), expected, "{accept:?}");
        }
    }
}
