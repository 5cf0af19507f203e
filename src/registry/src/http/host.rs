//! Which registry a host name means: `ACCOUNT.dkr.ecr.REGION.DOMAIN` names one, any other host the default.

use gantry_model::{AccountId, Region, Scope};
use http::header;
use http::request::Parts;

/// The host that the client asked, with its port; only if it could stand in a header of the answer.
pub(super) fn of(parts: &Parts) -> Option<String> {
    let header = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = header.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    host.bytes().all(plain).then(|| host.to_owned())
}

/// The account and region of `host`.
pub(super) fn scope(host: Option<&str>, default: &Scope) -> Scope {
    host.and_then(named).unwrap_or_else(|| default.clone())
}

fn named(host: &str) -> Option<Scope> {
    let mut labels = host.split('.');
    let account = AccountId::parse(labels.next()?).ok()?;
    if labels.next() != Some("dkr") || labels.next() != Some("ecr") {
        return None;
    }
    let region = Region::parse(labels.next()?).ok()?;
    // There has to be a domain after the region.
    labels.next().map(|_| Scope { account, region })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_names_account_and_region() {
        let default = named("000000000000.dkr.ecr.us-east-1.example.org").unwrap();
        let other = scope(Some("123456789012.dkr.ecr.eu-west-1.example.org:8443"), &default);
        assert_eq!((other.account.as_str(), other.region.as_str()), ("123456789012", "eu-west-1"));
        for host in ["localhost:8080", "127.0.0.1", "12.dkr.ecr.us-east-1.x", "123456789012.dkr.ecr.us-east-1", ""] {
            assert_eq!(scope(Some(host), &default), default, "{host}");
        }
        assert_eq!(scope(None, &default), default);
    }
}
