//! What answers of every protocol have in common: request id and date.

use gantry_model::UnixMillis;
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};

/// The header with the request's id, which SDKs show to their users.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Stamps an answer: the id of the request, and the time. The `Date` of an answer is what SDKs correct their clock by
/// after a signature is refused for its time.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    pub request_id: &'a str,
    pub now: UnixMillis,
}

impl Stamp<'_> {
    /// An answer with `body` of `content_type`.
    pub(crate) fn response(self, http_status: u16, content_type: &'static str, body: Vec<u8>) -> Response<Vec<u8>> {
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(http_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Ok(id) = HeaderValue::from_str(self.request_id) {
            headers.insert(REQUEST_ID, id);
        }
        if let Some(date) = http_date(self.now) {
            headers.insert(DATE, date);
        }
        response
    }
}

/// The instant as an HTTP date (RFC 9110, section 5.6.7); `None` outside of the years that have one.
fn http_date(at: UnixMillis) -> Option<HeaderValue> {
    let at = jiff::Timestamp::from_millisecond(at.0).ok()?;
    HeaderValue::from_str(&at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_http_dates() {
        assert_eq!(http_date(UnixMillis(784_111_777_999)).unwrap(), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(UnixMillis(i64::MAX)), None);
    }
}
