//! The cookies that tie a client to a target or to a group.
//!
//! Their values are digests of what they name, so that any proxy knows them again and none needs to remember.

use http::HeaderMap;
use http::header::COOKIE;
use sha2::{Digest as _, Sha256};

use crate::backend::Backend;

/// Ties to a target for a time of the load balancer's own.
pub(crate) const TARGET: &str = "AWSALB";
/// Ties to a target beside a cookie of its own.
pub(crate) const APP: &str = "AWSALBAPP-0";
/// Ties to a group.
pub(crate) const GROUP: &str = "AWSALBTG";

/// The value that stands for a target.
pub(crate) fn of_backend(backend: &Backend) -> String {
    digest(&format!("{}|{}|{}", backend.key.group, backend.key.id, backend.key.port))
}

/// The value that stands for a group.
pub(crate) fn of_group(arn: &str) -> String {
    digest(arn)
}

fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..16])
}

/// The value of a request's cookie.
pub(crate) fn get<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

/// What a client is told to keep for so many seconds.
pub(crate) fn set(name: &str, value: &str, seconds: u32) -> String {
    format!("{name}={value}; Max-Age={seconds}; Path=/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=1; AWSALB=xyz;b=2".parse().unwrap());
        headers.append(COOKIE, "c=3".parse().unwrap());
        assert_eq!(get(&headers, "AWSALB"), Some("xyz"));
        assert_eq!(get(&headers, "c"), Some("3"));
        assert_eq!(get(&headers, "AWS"), None);
    }
}
