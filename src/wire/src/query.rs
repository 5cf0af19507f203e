//! awsQuery, the protocol of STS and Elastic Load Balancing: a form with `Action` and `Version` in the body or the query
//! string, XML answers.
//!
//! A form becomes the JSON that every other part of Gantry works on ([`Form::input`]), and an answer is written from it by
//! the shape of the operation's output, so that operations know nothing of the protocol. Parameters that an operation does
//! not know are ignored, as AWS does. Codes are the query family's: [`code_and_status`] translates.
//!
//! Source: Smithy specification, "AWS Query protocol".

mod decode;
mod xml;

use std::fmt::Write as _;

use http::Response;
use percent_encoding::percent_decode;
use serde::Serialize;
use serde_json::Value;

use crate::answer::Stamp;
use crate::error::ApiError;
use crate::schema::{OperationModel, Service};

/// The media type of requests.
pub const FORM: &str = "application/x-www-form-urlencoded";
/// The media type of answers.
pub const CONTENT_TYPE: &str = "text/xml";

/// The names and values of a form, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `a=1&b=2`, percent-encoded, `+` for a space.
    ///
    /// # Errors
    /// SerializationException when a name or value is not UTF-8.
    pub fn parse(form: &[u8]) -> Result<Self, ApiError> {
        form.split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let mut halves = pair.splitn(2, |byte| *byte == b'=');
                Ok((unescape(halves.next().unwrap_or_default())?, unescape(halves.next().unwrap_or_default())?))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The first value with that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The operation of `service` that the form's `Action` and `Version` name.
    ///
    /// # Errors
    /// UnknownOperationException when there is no such operation, or not in that version.
    pub fn operation(&self, service: Service) -> Result<&'static OperationModel, ApiError> {
        let action = self.get("Action").ok_or_else(ApiError::missing_operation)?;
        let version = self.get("Version").unwrap_or_default();
        let operation = service.operation(action).filter(|_| version == service.model().api_version);
        operation.ok_or_else(|| {
            ApiError::new(
                "UnknownOperationException",
                format!("Could not find operation {action} for version {version}, or Gantry does not offer it."),
            )
        })
    }
}

impl Form {
    /// The input of `operation` as JSON.
    ///
    /// # Errors
    /// SerializationException, which names the parameter that is not of its type.
    pub fn input(&self, operation: &OperationModel) -> Result<Value, ApiError> {
        decode::input(operation, self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

fn unescape(text: &[u8]) -> Result<String, ApiError> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced)
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| ApiError::serialization("The request's form is not UTF-8."))
}

/// The answer of an operation that succeeded.
///
/// An output that has no such form is a fault of ours and is answered as one.
pub fn success<T: Serialize>(operation: &OperationModel, output: &T, stamp: Stamp<'_>) -> Response<Vec<u8>> {
    let output = match serde_json::to_value(output) {
        Ok(output) => output,
        Err(error) => return failure(operation.service, &ApiError::server(error.to_string()), stamp),
    };
    let name = operation.name;
    let mut text = format!("<{name}Response{}>", namespace(operation.service));
    xml::result(&mut text, operation, &output);
    let id = xml::escape(stamp.request_id);
    let _ = write!(text, "<ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{name}Response>");
    stamp.response(200, CONTENT_TYPE, text.into_bytes())
}

/// The answer of an operation that failed. `internal` is not in it.
#[must_use]
pub fn failure(service: Service, error: &ApiError, stamp: Stamp<'_>) -> Response<Vec<u8>> {
    let (code, http_status) = code_and_status(error);
    let side = if error.is_server_fault() { "Receiver" } else { "Sender" };
    let xml = format!(
        "<ErrorResponse{}><Error><Type>{side}</Type><Code>{code}</Code><Message>{}</Message></Error>\
         <RequestId>{}</RequestId></ErrorResponse>",
        namespace(service),
        xml::escape(&error.message),
        xml::escape(stamp.request_id),
    );
    stamp.response(http_status, CONTENT_TYPE, xml.into_bytes())
}

/// The code and HTTP status that the query family has for an error.
#[must_use]
pub fn code_and_status(error: &ApiError) -> (&'static str, u16) {
    match error.code {
        "MissingAuthenticationTokenException" => ("MissingAuthenticationToken", 403),
        "IncompleteSignatureException" => ("IncompleteSignature", 400),
        "UnrecognizedClientException" => ("InvalidClientTokenId", 403),
        "InvalidSignatureException" => ("SignatureDoesNotMatch", 403),
        "ExpiredTokenException" => ("ExpiredToken", 403),
        "AccessDeniedException" => ("AccessDenied", 403),
        "UnknownOperationException" => ("InvalidAction", 400),
        "ValidationException" => ("ValidationError", 400),
        "InvalidParameterException" => ("InvalidParameterValue", 400),
        "SerializationException" => ("MalformedInput", 400),
        "ServerException" => ("InternalFailure", 500),
        other => (other.strip_suffix("Exception").unwrap_or(other), error.http_status),
    }
}

fn namespace(service: Service) -> String {
    service.model().xml_namespace.map_or_else(String::new, |url| format!(" xmlns=\"{url}\""))
}

#[cfg(test)]
mod tests;
