//! Requests that may change something must come from the dashboard's own pages.
//!
//! Browsers say where a request comes from: `Sec-Fetch-Site`, or `Origin` in older ones. A request that says neither is
//! refused, for the session cookie would go with it. The AWS front is not behind this: it takes no cookies.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Refuses unsafe methods that do not come from this origin.
pub(super) async fn same_origin_only(request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_same_origin(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "This request did not come from a page of this dashboard.").into_response()
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    match text("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => match (text(header::ORIGIN.as_str()), text(header::HOST.as_str())) {
            (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, authority)| authority == host),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &'static str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        is_same_origin(&map)
    }

    #[test]
    fn only_the_own_origin_may_change_something() {
        assert!(check(&[("sec-fetch-site", "same-origin")]));
        assert!(check(&[("origin", "http://gantry:8080"), ("host", "gantry:8080")]));
        assert!(!check(&[("sec-fetch-site", "cross-site"), ("origin", "http://gantry:8080"), ("host", "gantry:8080")]));
        assert!(!check(&[("sec-fetch-site", "same-site")]));
        assert!(!check(&[("origin", "http://evil"), ("host", "gantry:8080")]));
        assert!(!check(&[("origin", "null"), ("host", "gantry:8080")]));
        assert!(!check(&[]));
    }
}
