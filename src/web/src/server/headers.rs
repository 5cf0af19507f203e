//! Security headers of every answer.
//!
//! Pages set their own content security policy, with the nonce of their scripts (see `shell`). Everything else gets one
//! that allows nothing.

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

const ALWAYS: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// Lets the worker that the tabs of a browser share open its stream: a worker lives by the policy of its own file.
pub(super) async fn of_worker(mut response: Response) -> Response {
    let policy = HeaderValue::from_static("default-src 'none'; connect-src 'self'; frame-ancestors 'none'");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// Adds the headers to the answer.
pub(super) async fn security_headers(request: Request, next: Next) -> Response {
    let hashed = request.uri().path().starts_with("/pkg/") && is_content_named(request.uri().path());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    let cache = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(cache));
    response
}

/// Whether a file's name carries a hash of its content: `gantry-0123456789abcdef.js` or `gantry.0123….js`.
fn is_content_named(path: &str) -> bool {
    path.split(['.', '-', '_', '/']).any(|part| part.len() >= 8 && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_named_by_their_content_are_kept_for_ever() {
        assert!(is_content_named("/pkg/gantry-0a1b2c3d4e5f.js"));
        assert!(is_content_named("/pkg/gantry.0a1b2c3d4e5f_bg.wasm"));
        assert!(!is_content_named("/pkg/gantry_bg.wasm"));
    }
}
