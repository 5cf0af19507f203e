//! The one error of server functions: what the API said, its code and the request id to ask about.

#[cfg(feature = "ssr")]
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// Why a server function did not answer with what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ApiError {
    /// The API refused or failed; `code` is the AWS error code.
    #[error("{message}")]
    Refused { code: String, message: String, request_id: Option<String> },
    /// Nobody is signed in (any more).
    #[error("You are signed out")]
    SignedOut,
    /// No answer arrived, or one that cannot be read.
    #[error("{message}")]
    NoAnswer { message: String },
}

/// What every server function answers.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// An error of the dashboard itself, in the shape of the API's.
    #[must_use]
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        Self::Refused { code: code.into(), message: message.into(), request_id: None }
    }

    /// The AWS error code, or a word in its place.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code,
            Self::SignedOut => "SignedOut",
            Self::NoAnswer { .. } => "NoAnswer",
        }
    }

    /// The request id, when the API gave one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Refused { request_id, .. } => request_id.as_deref(),
            _ => None,
        }
    }

    /// Whether the thing that was asked for does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(
            self.code(),
            "ClusterNotFoundException"
                | "ServiceNotFoundException"
                | "RepositoryNotFoundException"
                | "ImageNotFoundException"
                | "ResourceNotFoundException"
                | "NotFound"
        )
    }

    /// A thing that a page names and that is not there. The API reports these in `failures`, not as an error.
    #[must_use]
    pub fn missing(what: &str, name: &str) -> Self {
        Self::refused("NotFound", format!("There is no {what} {name}"))
    }
}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                Self::refused("InvalidRequest", error.to_string())
            }
            _ => Self::NoAnswer { message: error.to_string() },
        }
    }
}

#[cfg(feature = "ssr")]
impl<E> From<SdkError<E, HttpResponse>> for ApiError
where
    E: aws_smithy_types::error::metadata::ProvideErrorMetadata + std::error::Error + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        use aws_smithy_types::error::metadata::ProvideErrorMetadata;
        let request_id =
            error.raw_response().and_then(|response| response.headers().get("x-amzn-requestid")).map(ToOwned::to_owned);
        if let Some(code) = error.code() {
            let message = error.message().unwrap_or("The API gave no message").to_owned();
            return Self::Refused { code: code.to_owned(), message, request_id };
        }
        let message = aws_smithy_types::error::display::DisplayErrorContext(&error).to_string();
        tracing::error!(error = %message, "the API did not answer a call of the dashboard");
        Self::NoAnswer { message: "The API did not answer; the server's log says why".to_owned() }
    }
}

#[cfg(feature = "ssr")]
impl From<aws_smithy_types::error::operation::BuildError> for ApiError {
    fn from(error: aws_smithy_types::error::operation::BuildError) -> Self {
        Self::refused("InvalidRequest", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_keeps_code_message_and_request_id_on_its_way_to_the_browser() {
        let error = ApiError::Refused {
            code: "ClusterNotFoundException".into(),
            message: "Cluster not found.".into(),
            request_id: Some("7f2c".into()),
        };
        assert_eq!(ApiError::de(error.ser()), error);
        assert_eq!(
            (error.code(), error.request_id(), error.is_not_found()),
            ("ClusterNotFoundException", Some("7f2c"), true)
        );
    }
}
