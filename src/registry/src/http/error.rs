//! Errors as OCI Distribution writes them: a status and a list of code, message and detail.

use axum::body::Body;
use axum::response::Response;
use gantry_model::Digest;
use gantry_store::{StoreError, chain};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::image::ImageError;
use crate::pull_through::PullThroughError;
use crate::push::PutManifestError;
use crate::repository::{RepositoryError, RepositoryNotFound};
use crate::scan::ScanError;
use crate::upload::UploadError;
use crate::upstream::UpstreamError;

/// An answer that says what went wrong.
#[derive(Debug)]
pub(super) struct OciError {
    status: StatusCode,
    errors: Vec<Value>,
    headers: Vec<(&'static str, String)>,
    /// Stands in the place of the list.
    text: Option<&'static str>,
}

impl OciError {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let errors = vec![json!({ "code": code, "message": message.into(), "detail": null })];
        Self { status, errors, headers: Vec::new(), text: None }
    }

    pub(super) fn bad_request(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(super) fn not_found(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// A failure of ours. The cause goes to the log, not to the client.
    pub(super) fn internal(what: &'static str, error: &dyn std::error::Error) -> Self {
        let mut causes = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            causes.push_str(": ");
            causes.push_str(&cause.to_string());
            next = cause.source();
        }
        tracing::error!(what, error = causes, "a registry request failed");
        let message = format!("the registry could not {what}; the cause is in its log");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", message)
    }

    pub(super) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn with_text(mut self, text: &'static str) -> Self {
        self.text = Some(text);
        self
    }

    fn with_missing(mut self, digests: &[Digest]) -> Self {
        let Some(first) = self.errors.first().cloned() else { return self };
        self.errors = digests
            .iter()
            .map(|digest| json!({ "code": first["code"], "message": first["message"], "detail": { "digest": digest } }))
            .collect();
        self
    }

    pub(super) fn into_response(self) -> Response {
        let (content_type, body) = match self.text {
            Some(text) => ("text/plain; charset=utf-8", text.to_owned()),
            None => ("application/json", json!({ "errors": self.errors }).to_string()),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        for (name, value) in self.headers {
            // A value that HTTP cannot carry would have come from the request itself; the error stands without it.
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

impl From<RepositoryNotFound> for OciError {
    fn from(error: RepositoryNotFound) -> Self {
        Self::not_found("NAME_UNKNOWN", error.to_string())
    }
}

impl From<StoreError> for OciError {
    fn from(error: StoreError) -> Self {
        Self::internal("use its database", &error)
    }
}

impl From<RepositoryError> for OciError {
    fn from(error: RepositoryError) -> Self {
        match error {
            RepositoryError::NotFound(error) => error.into(),
            RepositoryError::Store(error) => error.into(),
            RepositoryError::AlreadyExists { .. }
            | RepositoryError::NotEmpty { .. }
            | RepositoryError::InUse { .. } => Self::bad_request("DENIED", error.to_string()),
        }
    }
}

impl From<UploadError> for OciError {
    fn from(error: UploadError) -> Self {
        let message = error.to_string();
        match error {
            UploadError::RepositoryNotFound(error) => error.into(),
            UploadError::Unknown(_) => Self::not_found("BLOB_UPLOAD_UNKNOWN", message),
            UploadError::OutOfOrder { received } => {
                Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID", message)
                    .with_header("range", super::uploads::range(received))
            }
            UploadError::LengthDiffers { received } => {
                Self::bad_request("SIZE_INVALID", message).with_header("range", super::uploads::range(received))
            }
            UploadError::DigestDiffers { .. } => Self::bad_request("DIGEST_INVALID", message),
            UploadError::CutOff { received } => {
                Self::bad_request("BLOB_UPLOAD_INVALID", message).with_header("range", super::uploads::range(received))
            }
            UploadError::Blob(error) => Self::internal("write the blob", &error),
            UploadError::Store(error) => error.into(),
        }
    }
}

impl From<ImageError> for OciError {
    fn from(error: ImageError) -> Self {
        let message = error.to_string();
        match error {
            ImageError::RepositoryNotFound(error) => error.into(),
            ImageError::Store(error) => error.into(),
            ImageError::ImageNotFound { .. }
            | ImageError::Archived { .. }
            | ImageError::TagDoesNotMatchDigest { .. }
            | ImageError::MissingDigestAndTag => Self::not_found("MANIFEST_UNKNOWN", message),
            ImageError::InUse { .. } => Self::new(StatusCode::FORBIDDEN, "DENIED", message),
            ImageError::ReferencedByManifestList { .. } => {
                Self::new(StatusCode::METHOD_NOT_ALLOWED, "DENIED", message).with_header("allow", "GET, HEAD, PUT")
            }
        }
    }
}

impl From<ScanError> for OciError {
    fn from(error: ScanError) -> Self {
        let message = error.to_string();
        match error {
            ScanError::Image(error) => error.into(),
            ScanError::Store(error) => error.into(),
            ScanError::Unsupported(_) | ScanError::Archived | ScanError::Quota | ScanError::Unreadable(_) => {
                Self::bad_request("UNSUPPORTED", message)
            }
        }
    }
}

impl From<PullThroughError> for OciError {
    fn from(error: PullThroughError) -> Self {
        let message = chain(&error);
        match error {
            PullThroughError::Store(error) => error.into(),
            PullThroughError::Upstream(UpstreamError::NotFound { .. }) => Self::not_found("MANIFEST_UNKNOWN", message),
            PullThroughError::Upstream(UpstreamError::Denied { .. }) => {
                Self::new(StatusCode::FORBIDDEN, "DENIED", message)
            }
            PullThroughError::Upstream(UpstreamError::TooManyRequests { .. }) => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS", message)
            }
            _ => Self::new(StatusCode::BAD_GATEWAY, "UNAVAILABLE", message),
        }
    }
}

impl From<PutManifestError> for OciError {
    fn from(error: PutManifestError) -> Self {
        let message = error.to_string();
        match error {
            PutManifestError::RepositoryNotFound(error) => error.into(),
            PutManifestError::Store(error) => error.into(),
            PutManifestError::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID", message),
            PutManifestError::DigestDoesNotMatch { .. } => Self::bad_request("DIGEST_INVALID", message),
            PutManifestError::LayersNotFound { digests } | PutManifestError::ReferencedImagesNotFound { digests } => {
                Self::bad_request("MANIFEST_BLOB_UNKNOWN", message).with_missing(&digests)
            }
            PutManifestError::ImageTagAlreadyExists { .. } | PutManifestError::TooManyTags => {
                Self::bad_request("TAG_INVALID", message)
            }
            PutManifestError::Invalid(_) | PutManifestError::ImageAlreadyExists { .. } => {
                Self::bad_request("MANIFEST_INVALID", message)
            }
        }
    }
}
