//! awsQuery, the protocol of STS: a form with `Action` and `Version` in the body or the query string, XML answers.
//!
//! STS's GetCallerIdentity has no input, so parameters other than `Action` and `Version` are only kept, not decoded;
//! like AWS, an operation ignores those that it does not know. Codes are the query family's: [`code_and_status`]
//! translates.

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
    let mut xml = format!("<{name}Response{}>", namespace(operation.service));
    element(&mut xml, &format!("{name}Result"), &output);
    let id = escape(stamp.request_id);
    let _ = write!(xml, "<ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{name}Response>");
    stamp.response(200, CONTENT_TYPE, xml.into_bytes())
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
        escape(&error.message),
        escape(stamp.request_id),
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
        "InvalidParameterException" => ("InvalidParameterValue", 400),
        "SerializationException" => ("MalformedInput", 400),
        "ServerException" => ("InternalFailure", 500),
        other => (other.strip_suffix("Exception").unwrap_or(other), error.http_status),
    }
}

fn namespace(service: Service) -> String {
    service.model().xml_namespace.map_or_else(String::new, |url| format!(" xmlns=\"{url}\""))
}

/// Writes `value` as an element: structures by their members, lists as `member` elements, null not at all.
fn element(xml: &mut String, name: &str, value: &Value) {
    let text = match value {
        Value::Null => return,
        Value::Object(members) => {
            let _ = write!(xml, "<{name}>");
            members.iter().for_each(|(member, value)| element(xml, member, value));
            let _ = write!(xml, "</{name}>");
            return;
        }
        Value::Array(items) => {
            let _ = write!(xml, "<{name}>");
            items.iter().for_each(|item| element(xml, "member", item));
            let _ = write!(xml, "</{name}>");
            return;
        }
        Value::String(text) => escape(text),
        other => other.to_string(),
    };
    let _ = write!(xml, "<{name}>{text}</{name}>");
}

/// Text as XML content; characters that XML 1.0 cannot hold become U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' => escaped.push(c),
            '\r' => escaped.push_str("&#13;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
