//! Signing: for the requests of our own agent, and for links that we hand out.

use std::fmt;

use gantry_model::UnixMillis;
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::key::{self, sha256_hex};
use super::{ALGORITHM, SigError, SignedRequest, canonical, malformed, time};

const AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const AMZ_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Headers that are not signed: proxies and libraries change them.
const UNSIGNED: &[&str] = &[
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "expect",
    "sec-websocket-key",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
];

/// A key with its secret, and its session token when it is temporary. `Debug` shows the key only.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Signs requests to one service in one region.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    pub credentials: &'a Credentials,
    pub region: &'a str,
    pub service: &'a str,
}

impl Signer<'_> {
    /// Signs by header: adds `host` where it is missing, `x-amz-date`, the session token, and `authorization`. Headers
    /// that are added afterwards are not covered.
    ///
    /// # Errors
    /// [`SigError::Malformed`] when the request has no host, or what is to be signed cannot stand in a header.
    pub fn sign_headers(
        &self,
        method: &str,
        uri: &Uri,
        headers: &mut HeaderMap,
        body: &[u8],
        now: UnixMillis,
    ) -> Result<(), SigError> {
        let date_time = date_time(now)?;
        headers.remove(AUTHORIZATION);
        headers.insert(AMZ_DATE, header_value(&date_time)?);
        if let Some(token) = &self.credentials.session_token {
            let mut value = header_value(token)?;
            value.set_sensitive(true);
            headers.insert(AMZ_TOKEN, value);
        }
        if !headers.contains_key(HOST) {
            headers.insert(HOST, header_value(host(uri)?)?);
        }
        let mut signed: Vec<String> = headers
            .keys()
            .map(|name| name.as_str().to_owned())
            .filter(|name| !UNSIGNED.contains(&name.as_str()))
            .collect();
        signed.sort();
        let view = SignedRequest::of(method, uri, headers);
        let canonical = canonical::request(&view, &signed, |_| false, &sha256_hex(body))?;
        let signature = self.signature(&date_time, &canonical);
        let authorization = format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={signature}",
            self.credentials.access_key_id,
            self.scope(&date_time),
            signed.join(";"),
        );
        headers.insert(AUTHORIZATION, header_value(&authorization)?);
        Ok(())
    }

    /// Signs by query: the URI with the signature in it, good for `expires_s` seconds, for a request without a body and
    /// with no header but `host`.
    ///
    /// # Errors
    /// [`SigError::Malformed`] when the URI has no host.
    pub fn presign(&self, method: &str, uri: &Uri, now: UnixMillis, expires_s: u32) -> Result<Uri, SigError> {
        let date_time = date_time(now)?;
        let credential = format!("{}/{}", self.credentials.access_key_id, self.scope(&date_time));
        let expires = expires_s.to_string();
        let mut parameters = vec![
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &date_time),
            ("X-Amz-Expires", &expires),
            ("X-Amz-SignedHeaders", "host"),
        ];
        if let Some(token) = &self.credentials.session_token {
            parameters.push(("X-Amz-Security-Token", token));
        }
        let mut query = uri.query().map_or_else(String::new, |query| format!("{query}&"));
        let parameters: Vec<String> =
            parameters.into_iter().map(|(name, v)| format!("{name}={}", canonical::escape(v))).collect();
        query.push_str(&parameters.join("&"));
        let mut headers = HeaderMap::new();
        headers.insert(HOST, header_value(host(uri)?)?);
        let view = SignedRequest { query: &query, ..SignedRequest::of(method, uri, &headers) };
        let canonical = canonical::request(&view, &["host".to_owned()], |_| false, &sha256_hex(b""))?;
        let signature = self.signature(&date_time, &canonical);
        let mut parts = uri.clone().into_parts();
        let path_and_query = format!("{}?{query}&X-Amz-Signature={signature}", uri.path());
        parts.path_and_query = Some(path_and_query.parse().map_err(|_| malformed("The query cannot stand in a URI."))?);
        Uri::from_parts(parts).map_err(|_| malformed("The URI needs a scheme."))
    }

    fn scope(&self, date_time: &str) -> String {
        format!("{}/{}/{}/aws4_request", day(date_time), self.region, self.service)
    }

    fn signature(&self, date_time: &str, canonical: &[u8]) -> String {
        let string_to_sign = canonical::string_to_sign(date_time, &self.scope(date_time), canonical);
        let secret = &self.credentials.secret_access_key;
        hex::encode(key::signature(secret, day(date_time), self.region, self.service, &string_to_sign))
    }
}

fn day(date_time: &str) -> &str {
    date_time.get(..8).unwrap_or_default()
}

fn date_time(now: UnixMillis) -> Result<String, SigError> {
    time::format(now).ok_or_else(|| malformed("The clock is out of range."))
}

/// The value of `host`: the authority without user and password.
fn host(uri: &Uri) -> Result<&str, SigError> {
    let authority = uri.authority().ok_or_else(|| malformed("The URI has no host."))?.as_str();
    Ok(authority.rsplit_once('@').map_or(authority, |(_, host)| host))
}

fn header_value(text: &str) -> Result<HeaderValue, SigError> {
    HeaderValue::from_str(text).map_err(|_| malformed("A value cannot stand in a header."))
}
