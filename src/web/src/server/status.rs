//! The status of a server function's error: what the API refused is 400, a missing session 401; only what is our own
//! fault stays 500.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use leptos::server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER};

use crate::error::ApiError;

/// An error is a sentence, a code and a request id.
const LARGEST_ERROR: usize = 256 * 1024;

/// Gives the errors of server functions their status.
pub(super) async fn status_of_errors(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if !response.headers().contains_key(SERVER_FN_ERROR_HEADER) || !response.status().is_server_error() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LARGEST_ERROR).await else {
        return Response::from_parts(parts, Body::empty());
    };
    parts.status = status_of(&ApiError::de(bytes.clone()));
    Response::from_parts(parts, Body::from(bytes))
}

fn status_of(error: &ApiError) -> StatusCode {
    match error {
        ApiError::Refused { .. } => StatusCode::BAD_REQUEST,
        ApiError::SignedOut => StatusCode::UNAUTHORIZED,
        ApiError::NoAnswer { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::middleware::from_fn;
    use axum::routing::post;
    use tower::ServiceExt;

    async fn answered(error: ApiError) -> (StatusCode, ApiError) {
        let body = error.ser();
        let answer = move || {
            let body = body.clone();
            async move {
                let answer = Response::builder().status(500).header(SERVER_FN_ERROR_HEADER, "/x");
                answer.body(Body::from(body)).unwrap()
            }
        };
        let router = Router::new().route("/x", post(answer)).layer(from_fn(status_of_errors));
        let response = router.oneshot(Request::post("/x").body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status();
        (status, ApiError::de(to_bytes(response.into_body(), LARGEST_ERROR).await.unwrap()))
    }

    #[tokio::test]
    async fn an_error_has_the_status_of_whose_fault_it_is_and_stays_as_it_was() {
        for (error, status) in [
            (ApiError::refused("InvalidParameterException", "No."), 400),
            (ApiError::SignedOut, 401),
            (ApiError::NoAnswer { message: "Gone".into() }, 500),
        ] {
            assert_eq!(answered(error.clone()).await, (StatusCode::from_u16(status).unwrap(), error));
        }
    }
}
