//! Who is not signed in gets the sign-in page, and server functions answer 401.

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
        Ok(None) if request.uri().path() == "/login" => next.run(request).await,
        Ok(None) => refuse(&request),
        Err(error) => {
            tracing::error!(%error, "a session could not be read");
            (StatusCode::INTERNAL_SERVER_ERROR, "The session could not be read. Try again.").into_response()
        }
    }
}

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
