//! Who is calling: HTTP Basic with the user `AWS` and a token as the password, as ECR does it. Never Bearer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gantry_model::principal::Principal;
use http::{HeaderMap, StatusCode, header};

use super::error::OciError;
use crate::registry::Registry;
use crate::token::TokenError;

/// What the credentials say.
pub(super) enum Identity {
    Known(Principal),
    /// A token of ours whose time was over so many milliseconds ago.
    Expired {
        principal: Principal,
        expired_millis: i64,
    },
    /// No credentials, or none of ours.
    Unknown,
}

/// Reads the credentials of a request.
pub(super) fn identify(registry: &Registry, headers: &HeaderMap) -> Identity {
    let Some(password) = password(headers) else { return Identity::Unknown };
    let now = registry.now();
    match registry.tokens.check(&password, now) {
        Ok(principal) => Identity::Known(principal),
        Err(TokenError::Invalid) => Identity::Unknown,
        Err(TokenError::Expired { principal, expired_at }) => {
            Identity::Expired { principal, expired_millis: now.millis_since(expired_at) }
        }
    }
}

fn password(headers: &HeaderMap) -> Option<String> {
    let (scheme, credentials) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    (user == "AWS").then(|| password.to_owned())
}

/// The answer that asks for credentials.
pub(super) fn challenge(host: Option<&str>) -> OciError {
    let realm = format!("Basic realm=\"https://{}/\",service=\"ecr.amazonaws.com\"", host.unwrap_or("localhost"));
    OciError::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "Not Authorized")
        .with_header("www-authenticate", realm)
        .with_text("Not Authorized\n")
}

/// The answer to a token that has expired.
pub(super) fn expired() -> OciError {
    let message = "Your authorization token has expired. Reauthenticate and try again.";
    OciError::new(StatusCode::FORBIDDEN, "DENIED", message)
}
