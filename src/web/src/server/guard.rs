//! Who is not signed in gets the sign-in page, and server functions answer 401. Status boards judge for themselves: a link
//! opens one without signing in.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use gantry_model::principal::Principal;
use leptos::server_fn::error::FromServerFnError;
use tower_sessions::Session;

use super::PRINCIPAL;
use crate::error::ApiError;
use crate::format::query_value;

/// Lets a request through with the [`Principal`] in its extensions, or sends the visitor to sign in.
pub(super) async fn signed_in_only(session: Session, mut request: Request, next: Next) -> Response {
    match session.get::<Principal>(PRINCIPAL).await {
        Ok(Some(principal)) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Ok(None) if is_open(request.uri().path()) => next.run(request).await,
        Ok(None) => refuse(&request),
        Err(error) => {
            tracing::error!(%error, "a session could not be read");
            (StatusCode::INTERNAL_SERVER_ERROR, "The session could not be read. Try again.").into_response()
        }
    }
}

/// Whether a path answers to who is not signed in.
fn is_open(path: &str) -> bool {
    path == "/login" || path.starts_with("/status/") || BOARD_CALLS.contains(&path)
}

/// The server functions behind a status board. They show what the key in a link opens.
const BOARD_CALLS: [&str; 2] = ["/ui/api/board-view", "/ui/api/build"];

fn refuse(request: &Request) -> Response {
    let wants_page =
        request.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("text/html"));
    if request.uri().path().starts_with("/ui/api/") && !wants_page {
        return (StatusCode::UNAUTHORIZED, ApiError::SignedOut.ser()).into_response();
    }
    let path = request.uri().path_and_query().map_or("/", |p| p.as_str());
    let next = if request.method().is_safe() && path != "/" {
        format!("/login?next={}", query_value(path))
    } else {
        "/login".to_owned()
    };
    Redirect::to(&next).into_response()
}
