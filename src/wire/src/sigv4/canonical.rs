//! The canonical request: one spelling of all the ways to write the same request.
//!
//! Parts that a client may encode in several ways (path, query) are brought into one; everything else is taken as it
//! came. Bytes that are not text are kept.

use std::borrow::Cow;

use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

use super::key::sha256_hex;
use super::{ALGORITHM, SigError, SignedRequest, malformed};

/// All but RFC 3986's unreserved characters.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The same, with slashes left to separate segments.
const PATH: &AsciiSet = &QUERY.remove(b'/');

/// The text that is signed: algorithm, time, scope and the hash of the canonical request.
pub(super) fn string_to_sign(date_time: &str, scope: &str, canonical_request: &[u8]) -> String {
    format!("{ALGORITHM}\n{date_time}\n{scope}\n{}", sha256_hex(canonical_request))
}

/// The canonical request. `skip` says which query parameters are not part of it.
pub(super) fn request(
    request: &SignedRequest<'_>,
    signed_headers: &[String],
    skip: impl Fn(&[u8]) -> bool,
    payload_hash: &str,
) -> Result<Vec<u8>, SigError> {
    let mut text = Vec::with_capacity(512);
    for line in [request.method, &path(request.path), &query(request.query, skip)] {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    for name in signed_headers {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        text.extend_from_slice(&header(request, name)?);
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend_from_slice(signed_headers.join(";").as_bytes());
    text.push(b'\n');
    text.extend_from_slice(payload_hash.as_bytes());
    Ok(text)
}

/// The path without empty and dot segments, encoded once more than it was sent.
fn path(sent: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in sent.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    let mut path = format!("/{}", percent_encode(segments.join("/").as_bytes(), PATH));
    let ends_in_folder = ["/", "/.", "/.."].iter().any(|end| sent.ends_with(end));
    if ends_in_folder && !path.ends_with('/') {
        path.push('/');
    }
    path
}

/// The parameters, each encoded the one way, ordered by their encoded name and then value.
fn query(sent: &str, skip: impl Fn(&[u8]) -> bool) -> String {
    let mut pairs: Vec<(String, String)> = pairs(sent)
        .filter(|(name, _)| !skip(name))
        .map(|(name, value)| (percent_encode(&name, QUERY).to_string(), percent_encode(&value, QUERY).to_string()))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// The parameters of a query, decoded; `+` is a space, as in the forms of [`crate::query`].
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (unescape(name), unescape(value))
    })
}

fn unescape(text: &str) -> Vec<u8> {
    let text: Cow<'_, str> = if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    percent_decode(text.as_bytes()).collect()
}

/// Text as a query's name or value.
pub(super) fn escape(text: &str) -> String {
    percent_encode(text.as_bytes(), QUERY).to_string()
}

/// The values of a header, each trimmed and with runs of spaces folded, in order of arrival.
fn header(request: &SignedRequest<'_>, name: &str) -> Result<Vec<u8>, SigError> {
    let values: Vec<Vec<u8>> = values(request.headers, name).map(fold).collect();
    match (values.is_empty(), request.authority) {
        (true, Some(authority)) if name == "host" => Ok(authority.as_bytes().to_vec()),
        (true, _) => Err(malformed(format!("The signed header '{name}' is not in the request."))),
        (false, _) => Ok(values.join(&b","[..])),
    }
}

fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> {
    headers.get_all(name).iter().map(http::HeaderValue::as_bytes)
}

fn fold(value: &[u8]) -> Vec<u8> {
    let words = value.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_and_encoded_once_more() {
        for (sent, expected) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/a/./b/../c", "/a/c"),
            ("/a/", "/a/"),
            ("/a/.", "/a/"),
            ("/a/b/..", "/a/"),
            ("/../..", "/"),
            ("/a%2Fb", "/a%252Fb"),
            ("/ሴ", "/%E1%88%B4"),
        ] {
            assert_eq!(path(sent), expected, "{sent}");
        }
    }

    #[test]
    fn queries_are_decoded_encoded_and_sorted() {
        for (sent, expected) in [
            ("", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a=%7e~&A&a=!", "A=&a=%21&a=~~"),
            ("a=x+y&a=x%20y&a=%2B", "a=%2B&a=x%20y&a=x%20y"),
            ("a=%zz&&=", "=&a=%25zz"),
        ] {
            assert_eq!(query(sent, |_| false), expected, "{sent}");
        }
        assert_eq!(query("a=1&skip=2", |name| name == b"skip"), "a=1");
    }
}
