//! Which rule a request is for: pure.

use std::net::IpAddr;

use gantry_model::load_balancing::{Action, Condition, Rule, is_wildcard_match};
use http::HeaderMap;

/// What rules look at.
pub(crate) struct Seen<'r> {
    pub(crate) host: &'r str,
    pub(crate) path: &'r str,
    pub(crate) query: &'r str,
    pub(crate) method: &'r str,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) client: IpAddr,
}

/// What is done with the request: as the first of `rules` says whose conditions all hold, or else `default`.
pub(crate) fn action<'t>(rules: &'t [Rule], default: &'t Action, seen: &Seen<'_>) -> &'t Action {
    let meant = rules.iter().find(|rule| rule.conditions.iter().all(|condition| holds(condition, seen)));
    meant.map_or(default, |rule| &rule.action)
}

fn holds(condition: &Condition, seen: &Seen<'_>) -> bool {
    match condition {
        Condition::HostHeader { values } => {
            let host = seen.host.rsplit_once(':').map_or(seen.host, |(name, _)| name).to_ascii_lowercase();
            values.iter().any(|value| is_wildcard_match(&value.to_ascii_lowercase(), &host))
        }
        Condition::PathPattern { values } => values.iter().any(|value| is_wildcard_match(value, seen.path)),
        Condition::HttpHeader { name, values } => {
            let has = |text: &str| values.iter().any(|value| is_wildcard_match(&value.to_ascii_lowercase(), text));
            let given = seen.headers.get_all(name.as_str()).iter().filter_map(|value| value.to_str().ok());
            given.map(str::to_ascii_lowercase).any(|text| has(&text))
        }
        Condition::HttpRequestMethod { values } => values.iter().any(|value| value == seen.method),
        Condition::QueryString { values } => has_parameter(values, seen.query),
        Condition::SourceIp { values } => values.iter().any(|value| is_in(value, seen.client)),
    }
}

fn has_parameter(values: &[(Option<String>, String)], query: &str) -> bool {
    let query = query.to_ascii_lowercase();
    query.split('&').any(|parameter| {
        let (name, text) = parameter.split_once('=').unwrap_or((parameter, ""));
        values.iter().any(|(key, value)| {
            let named = key.as_ref().is_none_or(|key| is_wildcard_match(&key.to_ascii_lowercase(), name));
            named && is_wildcard_match(&value.to_ascii_lowercase(), text)
        })
    })
}

/// Whether `address` is in a network in CIDR notation.
fn is_in(network: &str, address: IpAddr) -> bool {
    let Some((base, length)) = network.split_once('/') else { return false };
    let (Ok(base), Ok(length)) = (base.parse::<IpAddr>(), length.parse::<u32>()) else { return false };
    match (base, address.to_canonical()) {
        (IpAddr::V4(base), IpAddr::V4(address)) if length <= 32 => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            base.to_bits() & mask == address.to_bits() & mask
        }
        (IpAddr::V6(base), IpAddr::V6(address)) if length <= 128 => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            base.to_bits() & mask == address.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn each_kind_of_condition_looks_at_its_part_of_the_request() {
        let mut headers = HeaderMap::new();
        headers.insert("x-team", "Blue-7".parse().unwrap());
        let seen = Seen {
            host: "Shop.Example.com:8080",
            path: "/img/a.png",
            query: "v=2&Debug=Yes",
            method: "GET",
            headers: &headers,
            client: "10.1.2.3".parse().unwrap(),
        };
        let query = |key: Option<&str>, value: &str| Condition::QueryString {
            values: vec![(key.map(str::to_owned), value.to_owned())],
        };
        let header = |name: &str, value: &str| Condition::HttpHeader { name: name.into(), values: values(&[value]) };
        for (condition, expected) in [
            (Condition::HostHeader { values: values(&["*.example.com"]) }, true),
            (Condition::HostHeader { values: values(&["example.com", "shop.EXAMPLE.com"]) }, true),
            (Condition::HostHeader { values: values(&["example.com"]) }, false),
            (Condition::PathPattern { values: values(&["/img/*"]) }, true),
            (Condition::PathPattern { values: values(&["/IMG/*"]) }, false),
            (header("X-Team", "blue-*"), true),
            (header("x-team", "red-*"), false),
            (header("x-other", "*"), false),
            (Condition::HttpRequestMethod { values: values(&["GET", "HEAD"]) }, true),
            (Condition::HttpRequestMethod { values: values(&["get"]) }, false),
            (query(Some("v"), "?"), true),
            (query(None, "yes"), true),
            (query(Some("v"), "3"), false),
            (Condition::SourceIp { values: values(&["10.1.0.0/16"]) }, true),
            (Condition::SourceIp { values: values(&["10.2.0.0/16", "::/0"]) }, false),
            (Condition::SourceIp { values: values(&["0.0.0.0/0"]) }, true),
        ] {
            assert_eq!(holds(&condition, &seen), expected, "{condition:?}");
        }
    }

    #[test]
    fn the_first_rule_whose_conditions_all_hold_is_meant() {
        let rule = |priority, conditions, group: &str| Rule {
            arn: String::new(),
            listener: String::new(),
            priority,
            conditions,
            action: Action::forward_to(group),
            tags: Vec::new(),
        };
        let path = |path: &str| Condition::PathPattern { values: values(&[path]) };
        let method = |method: &str| Condition::HttpRequestMethod { values: values(&[method]) };
        let rules = [
            rule(1, vec![path("/a/*"), method("POST")], "one"),
            rule(2, vec![path("/a/*")], "two"),
            rule(3, vec![path("/a/b")], "three"),
        ];
        let default = Action::forward_to("rest");
        let headers = HeaderMap::new();
        for (method, path, group) in [("POST", "/a/b", "one"), ("GET", "/a/b", "two"), ("GET", "/c", "rest")] {
            let client = "127.0.0.1".parse().unwrap();
            let seen = Seen { host: "", path, query: "", method, headers: &headers, client };
            assert_eq!(action(&rules, &default, &seen).groups().next(), Some(group), "{method} {path}");
        }
    }

    #[test]
    fn networks_hold_their_addresses() {
        for (network, address, inside) in [
            ("192.168.0.0/24", "192.168.0.255", true),
            ("192.168.0.0/24", "192.168.1.0", false),
            ("192.168.0.1/32", "192.168.0.1", true),
            ("192.168.0.0/24", "::ffff:192.168.0.9", true),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
            ("192.168.0.0", "192.168.0.0", false),
            ("192.168.0.0/33", "192.168.0.0", false),
        ] {
            assert_eq!(is_in(network, address.parse().unwrap()), inside, "{network} {address}");
        }
    }
}
