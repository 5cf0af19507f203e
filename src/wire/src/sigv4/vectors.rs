//! The verifier and the canonical request against the vectors that the `aws-sigv4` crate ships, and against requests
//! recorded from boto3.
//!
//! They stand in `vectors/` (see the notice there). Set apart, by name and for a reason: those of services that do not
//! normalise paths (S3's rule, which Gantry does not speak).

use gantry_model::UnixMillis;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

use super::*;
use crate::sigv4::key::sha256_hex;

/// Vectors by S3's rules, which are to be refused unless they come to the same.
const S3: &[&str] = &[
    "get-relative-relative-unnormalized",
    "get-relative-unnormalized",
    "get-slash-dot-slash-unnormalized",
    "get-slash-pointless-dot-unnormalized",
    "get-slash-unnormalized",
    "get-slashes-unnormalized",
];
/// Vectors that have no context: they show the encoding of paths only.
const PATHS_ONLY: &[&str] = &["double-encode-path", "double-url-encode"];

/// The vectors by name.
fn suite() -> Map<String, Value> {
    serde_json::from_str(include_str!("vectors/aws-signing-test-suite.json")).unwrap()
}

/// A request as the vectors write it.
struct Written {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: String,
}

impl Written {
    fn read(text: &str) -> Self {
        let text = text.replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let line = lines.next().unwrap().trim_end().strip_suffix(" HTTP/1.1").unwrap();
        let (method, target) = line.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            match line.split_once(':') {
                // A line that begins with a space goes on with the value of the line before.
                _ if line.starts_with(' ') => headers.last_mut().unwrap().1.push_str(line),
                Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
                None => panic!("not a header: {line}"),
            }
        }
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        // In the signed requests a blank line or two end what has no body.
        let body = if body.trim().is_empty() { "" } else { body };
        Self { method: method.into(), path: path.into(), query: query.into(), headers: map, body: body.into() }
    }

    fn view(&self) -> SignedRequest<'_> {
        SignedRequest {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            authority: None,
        }
    }
}

/// What comes of verifying a vector's signed request.
fn outcome(vector: &Value, form: &str) -> Result<(), SigError> {
    let at: jiff::Timestamp = vector["timestamp"].as_str().unwrap().parse().unwrap();
    let request = Written::read(vector[form].as_str().unwrap());
    let claim = parse(&request.view())?;
    assert_eq!(claim.session_token.as_deref(), vector["token"].as_str());
    let (body, secret) = (request.body.as_bytes(), vector["secret"].as_str().unwrap());
    verify(&claim, &request.view(), body, secret, UnixMillis(at.as_millisecond()), DEFAULT_SKEW_S)
}

#[test]
fn the_vectors_are_accepted_in_both_forms() {
    let suite = suite();
    assert_eq!(suite.len(), 40);
    for (name, vector) in suite.iter().filter(|(name, _)| ![S3, PATHS_ONLY].concat().contains(&name.as_str())) {
        for form in ["header", "query"] {
            assert_eq!(outcome(vector, form), Ok(()), "{name} by {form}");
        }
    }
}

#[test]
fn vectors_by_the_rules_of_s3_are_refused() {
    let suite = suite();
    for name in S3 {
        for form in ["header", "query"] {
            assert_eq!(outcome(&suite[*name], form), Err(SigError::Mismatch), "{name} by {form}");
        }
    }
}

#[test]
fn an_encoded_path_is_encoded_once_more() {
    let suite = suite();
    for name in PATHS_ONLY {
        let request = Written::read(suite[*name]["request"].as_str().unwrap());
        let canonical = canonical::request(&request.view(), &["host".to_owned()], |_| false, &sha256_hex(b"")).unwrap();
        let canonical = String::from_utf8(canonical).unwrap();
        let expected = suite[*name]["canonical"].as_str().unwrap();
        assert_eq!(canonical.lines().nth(1), expected.lines().nth(1), "{name}");
    }
}

/// `vectors/boto3.json`: what boto3 1.44.8 sent to a listener, headers left out that it does not sign.
#[test]
fn what_boto3_sent_is_accepted() {
    let now = UnixMillis("2026-11-25T05:20:14Z".parse::<jiff::Timestamp>().unwrap().as_millisecond());
    let recorded: Vec<Value> = serde_json::from_str(include_str!("vectors/boto3.json")).unwrap();
    for request in &recorded {
        let text = |member: &str| request[member].as_str().unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in request["headers"].as_object().unwrap() {
            headers.insert(name.parse::<HeaderName>().unwrap(), value.as_str().unwrap().parse().unwrap());
        }
        let uri: Uri = text("target").parse().unwrap();
        let view = SignedRequest::of(text("method"), &uri, &headers);
        let claim = parse(&view).unwrap();
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let body = text("body").as_bytes();
        assert_eq!(verify(&claim, &view, body, secret, now, DEFAULT_SKEW_S), Ok(()), "{}", text("client"));
        assert_eq!(claim.session_token.is_some(), text("client").contains("token") || claim.expires_s.is_some());
    }
}
