//! AWS Signature Version 4: verification of requests, in headers or in the query, and signing of our own agent's.
//!
//! [`parse`] reads what a request claims, [`verify()`] recomputes the signature over what was received and compares in
//! constant time. Between the two the caller finds the secret of the claimed key. Nothing of the request is to be
//! believed, nor any policy asked, before `verify` is content.
//!
//! Rules that go beyond recomputing:
//! - `host` must be signed, and so must `x-amz-target` when it is there: it says which operation is meant;
//! - the payload's hash is always that of the body received; `UNSIGNED-PAYLOAD` and `STREAMING-…` are S3's and refused;
//! - the time must be near ours (the skew is the caller's; AWS is said to allow 15 minutes), a presigned request's
//!   within its own life;
//! - paths are normalised and encoded once more, as all services but S3 do.
//!
//! Source: "Signature Version 4 signing process", AWS General Reference. The tests hold this against the vectors that
//! the `aws-sigv4` crate ships, and against that crate as a signer.

mod canonical;
mod claim;
mod key;
mod sign;
mod time;
mod verify;

use gantry_model::UnixMillis;
use http::{HeaderMap, Uri};

use crate::error::ApiError;
use crate::schema::Service;

pub use claim::{Claim, parse};
pub use sign::{Credentials, Signer};
pub use verify::verify;

/// The only algorithm: SigV4a and HMAC-SHA1 are refused.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far a request's time may be from ours, in seconds, unless the operator is stricter.
pub const DEFAULT_SKEW_S: i64 = 15 * 60;

/// What a signature covers of a request, besides its body.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    pub method: &'a str,
    /// The path as it was sent, still encoded.
    pub path: &'a str,
    /// The query as it was sent, still encoded; empty for none.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    /// HTTP/2's `:authority`, which stands for `host` where that header is missing.
    pub authority: Option<&'a str>,
}

impl<'a> SignedRequest<'a> {
    /// The view of a request's head.
    #[must_use]
    pub fn new(parts: &'a http::request::Parts) -> Self {
        Self::of(parts.method.as_str(), &parts.uri, &parts.headers)
    }

    pub(crate) fn of(method: &'a str, uri: &'a Uri, headers: &'a HeaderMap) -> Self {
        Self {
            method,
            path: uri.path(),
            query: uri.query().unwrap_or_default(),
            headers,
            authority: uri.authority().map(http::uri::Authority::as_str),
        }
    }
}

/// Why a request's signature is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigError {
    #[error("Missing Authentication Token")]
    Missing,
    /// The signature's form; the text says which part.
    #[error("{0}")]
    Malformed(String),
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
    #[error("Signature expired: {signed} is now earlier than {earliest}")]
    Expired { signed: String, earliest: String },
    #[error("Signature not yet current: {signed} is still later than {latest}")]
    NotYetCurrent { signed: String, latest: String },
    #[error("The payload must be signed: x-amz-content-sha256 must not be {0}")]
    UnsignedPayload(String),
    #[error("Credential should be scoped to correct service: '{0}'.")]
    WrongService(&'static str),
    #[error("Credential should be scoped to a valid region.")]
    WrongRegion,
    #[error("The security token included in the request is expired")]
    TokenExpired,
}

impl From<SigError> for ApiError {
    fn from(error: SigError) -> Self {
        let code = match error {
            SigError::Missing => "MissingAuthenticationTokenException",
            SigError::Malformed(_) => "IncompleteSignatureException",
            SigError::UnknownKey => "UnrecognizedClientException",
            SigError::TokenExpired => "ExpiredTokenException",
            SigError::Mismatch
            | SigError::Expired { .. }
            | SigError::NotYetCurrent { .. }
            | SigError::UnsignedPayload(_)
            | SigError::WrongService(_)
            | SigError::WrongRegion => "InvalidSignatureException",
        };
        Self::new(code, error.to_string())
    }
}

fn malformed(text: impl Into<String>) -> SigError {
    SigError::Malformed(text.into())
}

impl Claim {
    /// Refuses a signature that was made for another service than the one that is asked.
    ///
    /// # Errors
    /// [`SigError::WrongService`].
    pub fn check_service(&self, service: Service) -> Result<(), SigError> {
        let expected = service.signing_name();
        if self.service == expected { Ok(()) } else { Err(SigError::WrongService(expected)) }
    }

    /// When the request was signed.
    #[must_use]
    pub fn signed_at(&self) -> UnixMillis {
        self.signed_at
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;
