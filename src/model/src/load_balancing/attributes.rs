//! The attributes of load balancers and target groups: which there are, which values they take, what they mean.
//!
//! What a proxy of Gantry cannot do is not among them, so that nobody sets it in vain: such an attribute is refused, or,
//! where AWS always answers it, has the one value that is true here.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::{Kind, LoadBalancer, Protocol, TargetGroup};

/// Attributes by their keys, as they were set; what was not set has its default.
pub type Attributes = BTreeMap<String, String>;

/// An attribute that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub key: &'static str,
    pub default: &'static str,
    takes: Takes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Takes {
    Number(RangeInclusive<u32>),
    OneOf(&'static [&'static str]),
    /// A cookie's name, or nothing.
    CookieName,
}

const FLAG: Takes = Takes::OneOf(&["true", "false"]);

const fn known(key: &'static str, default: &'static str, takes: Takes) -> Known {
    Known { key, default, takes }
}

const DELETION_PROTECTION: Known = known("deletion_protection.enabled", "false", FLAG);

/// Of Application Load Balancers.
static OF_APPLICATION: [Known; 9] = [
    DELETION_PROTECTION,
    // There is no S3 that access logs could go to.
    known("access_logs.s3.enabled", "false", Takes::OneOf(&["false"])),
    known("idle_timeout.timeout_seconds", "60", Takes::Number(1..=4000)),
    known("client_keep_alive.seconds", "3600", Takes::Number(60..=604_800)),
    known("routing.http.drop_invalid_header_fields.enabled", "false", FLAG),
    known("routing.http.preserve_host_header.enabled", "false", FLAG),
    known("routing.http.xff_client_port.enabled", "false", FLAG),
    known("routing.http.xff_header_processing.mode", "append", Takes::OneOf(&["append", "preserve", "remove"])),
    known("routing.http2.enabled", "true", FLAG),
];

/// Of Network Load Balancers.
static OF_NETWORK: [Known; 3] = [
    DELETION_PROTECTION,
    known("access_logs.s3.enabled", "false", Takes::OneOf(&["false"])),
    known("load_balancing.cross_zone.enabled", "true", Takes::OneOf(&["true"])),
];

const DELAY: Known = known("deregistration_delay.timeout_seconds", "300", Takes::Number(0..=3600));

/// Of target groups that requests are sent to.
static OF_REQUESTS: [Known; 9] = [
    DELAY,
    known(
        "load_balancing.algorithm.type",
        "round_robin",
        Takes::OneOf(&["round_robin", "least_outstanding_requests", "weighted_random"]),
    ),
    known(
        "load_balancing.cross_zone.enabled",
        "use_load_balancer_configuration",
        Takes::OneOf(&["true", "use_load_balancer_configuration"]),
    ),
    known("slow_start.duration_seconds", "0", Takes::Number(0..=900)),
    known("stickiness.app_cookie.cookie_name", "", Takes::CookieName),
    known("stickiness.app_cookie.duration_seconds", "86400", Takes::Number(1..=604_800)),
    known("stickiness.enabled", "false", FLAG),
    known("stickiness.lb_cookie.duration_seconds", "86400", Takes::Number(1..=604_800)),
    known("stickiness.type", "lb_cookie", Takes::OneOf(&["lb_cookie", "app_cookie"])),
];

/// Of target groups that connections and datagrams are sent to.
static OF_CONNECTIONS: [Known; 6] = [
    DELAY,
    known("deregistration_delay.connection_termination.enabled", "false", FLAG),
    known("preserve_client_ip.enabled", "false", Takes::OneOf(&["false"])),
    known("proxy_protocol_v2.enabled", "false", FLAG),
    known("stickiness.enabled", "false", FLAG),
    known("stickiness.type", "source_ip", Takes::OneOf(&["source_ip"])),
];

/// Checks a value of the attribute `key` among those that there are.
///
/// # Errors
/// What is wrong, in words.
pub fn check_attribute(all: &[Known], key: &str, value: &str) -> Result<(), String> {
    let Some(known) = all.iter().find(|known| known.key == key) else {
        return Err(format!("Attribute key '{key}' is not supported"));
    };
    let valid = match &known.takes {
        Takes::Number(range) => value.parse::<u32>().is_ok_and(|number| range.contains(&number)),
        Takes::OneOf(values) => values.contains(&value),
        Takes::CookieName => {
            let reserved = ["AWSALB", "AWSALBAPP", "AWSALBTG"].iter().any(|name| value.starts_with(name));
            !reserved && value.len() <= 128 && value.chars().all(|c| c.is_ascii_graphic() && !"\",;\\=".contains(c))
        }
    };
    if valid { Ok(()) } else { Err(format!("'{value}' is not a valid value for '{key}': {}", known.takes)) }
}

impl std::fmt::Display for Takes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(range) => write!(f, "it is between {} and {}", range.start(), range.end()),
            Self::OneOf(values) => write!(f, "it is one of [{}]", values.join(", ")),
            Self::CookieName => f.write_str("it is the name of a cookie, and not one of the load balancer's own"),
        }
    }
}

fn value<'a>(set: &'a Attributes, all: &'a [Known], key: &str) -> &'a str {
    let default = all.iter().find(|known| known.key == key).map_or("", |known| known.default);
    set.get(key).map_or(default, String::as_str)
}

fn number(set: &Attributes, all: &[Known], key: &str) -> u32 {
    // What is set was checked; a default is a number.
    value(set, all, key).parse().unwrap_or_default()
}

fn flag(set: &Attributes, all: &[Known], key: &str) -> bool {
    value(set, all, key) == "true"
}

/// What becomes of `X-Forwarded-For`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardedFor {
    Append,
    Preserve,
    Remove,
}

impl LoadBalancer {
    /// The attributes that it has.
    #[must_use]
    pub fn known_attributes(&self) -> &'static [Known] {
        match self.kind {
            Kind::Application => &OF_APPLICATION,
            Kind::Network => &OF_NETWORK,
        }
    }

    /// Whether it may not be deleted.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        flag(&self.attributes, self.known_attributes(), "deletion_protection.enabled")
    }

    /// After how many seconds without a byte a connection is closed.
    #[must_use]
    pub fn idle_timeout_s(&self) -> u32 {
        number(&self.attributes, self.known_attributes(), "idle_timeout.timeout_seconds")
    }

    /// How many seconds a client's connection is kept at most.
    #[must_use]
    pub fn keep_alive_s(&self) -> u32 {
        number(&self.attributes, self.known_attributes(), "client_keep_alive.seconds")
    }

    /// Whether headers whose names are not plain are left out.
    #[must_use]
    pub fn drops_invalid_headers(&self) -> bool {
        flag(&self.attributes, self.known_attributes(), "routing.http.drop_invalid_header_fields.enabled")
    }

    /// Whether targets see the `Host` exactly as the client wrote it, with its port.
    #[must_use]
    pub fn preserves_host(&self) -> bool {
        flag(&self.attributes, self.known_attributes(), "routing.http.preserve_host_header.enabled")
    }

    /// Whether `X-Forwarded-For` has the client's port.
    #[must_use]
    pub fn forwards_client_port(&self) -> bool {
        flag(&self.attributes, self.known_attributes(), "routing.http.xff_client_port.enabled")
    }

    /// What becomes of `X-Forwarded-For`.
    #[must_use]
    pub fn forwarded_for(&self) -> ForwardedFor {
        match value(&self.attributes, self.known_attributes(), "routing.http.xff_header_processing.mode") {
            "preserve" => ForwardedFor::Preserve,
            "remove" => ForwardedFor::Remove,
            _ => ForwardedFor::Append,
        }
    }

    /// Whether clients may speak HTTP/2 over TLS.
    #[must_use]
    pub fn speaks_http2(&self) -> bool {
        flag(&self.attributes, self.known_attributes(), "routing.http2.enabled")
    }
}

/// How a target is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    RoundRobin,
    LeastOutstanding,
    Random,
}

/// What ties a client to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stickiness {
    None,
    /// A cookie of the load balancer's own, for so many seconds.
    Cookie(u32),
    /// As long as the target's own cookie of that name, for so many seconds.
    AppCookie(String, u32),
    SourceIp,
}

impl TargetGroup {
    /// The attributes that it has.
    #[must_use]
    pub fn known_attributes(&self) -> &'static [Known] {
        match self.protocol {
            Protocol::Http | Protocol::Https => &OF_REQUESTS,
            Protocol::Tcp | Protocol::Tls | Protocol::Udp | Protocol::TcpUdp => &OF_CONNECTIONS,
        }
    }

    /// How many seconds a target that is deregistered has for what is under way.
    #[must_use]
    pub fn deregistration_delay_s(&self) -> u32 {
        number(&self.attributes, self.known_attributes(), DELAY.key)
    }

    /// Whether what is still under way after the delay is broken off.
    #[must_use]
    pub fn breaks_connections(&self) -> bool {
        flag(&self.attributes, self.known_attributes(), "deregistration_delay.connection_termination.enabled")
    }

    /// For how many seconds a new target gets less than its share.
    #[must_use]
    pub fn slow_start_s(&self) -> u32 {
        number(&self.attributes, self.known_attributes(), "slow_start.duration_seconds")
    }

    /// How a target is chosen.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match value(&self.attributes, self.known_attributes(), "load_balancing.algorithm.type") {
            "least_outstanding_requests" => Algorithm::LeastOutstanding,
            "weighted_random" => Algorithm::Random,
            _ => Algorithm::RoundRobin,
        }
    }

    /// What ties a client to a target.
    #[must_use]
    pub fn stickiness(&self) -> Stickiness {
        let all = self.known_attributes();
        if !flag(&self.attributes, all, "stickiness.enabled") {
            return Stickiness::None;
        }
        match value(&self.attributes, all, "stickiness.type") {
            "source_ip" => Stickiness::SourceIp,
            "app_cookie" => Stickiness::AppCookie(
                value(&self.attributes, all, "stickiness.app_cookie.cookie_name").to_owned(),
                number(&self.attributes, all, "stickiness.app_cookie.duration_seconds"),
            ),
            _ => Stickiness::Cookie(number(&self.attributes, all, "stickiness.lb_cookie.duration_seconds")),
        }
    }

    /// Whether targets are told who the client is by a header of the PROXY protocol, version 2.
    #[must_use]
    pub fn writes_proxy_header(&self) -> bool {
        flag(&self.attributes, self.known_attributes(), "proxy_protocol_v2.enabled")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_held_against_what_an_attribute_takes() {
        for (all, key, value, valid) in [
            (&OF_REQUESTS[..], "deregistration_delay.timeout_seconds", "0", true),
            (&OF_REQUESTS, "deregistration_delay.timeout_seconds", "3601", false),
            (&OF_REQUESTS, "stickiness.enabled", "yes", false),
            (&OF_REQUESTS, "stickiness.type", "source_ip", false),
            (&OF_REQUESTS, "stickiness.app_cookie.cookie_name", "SESSION", true),
            (&OF_REQUESTS, "stickiness.app_cookie.cookie_name", "AWSALB", false),
            (&OF_CONNECTIONS, "stickiness.type", "source_ip", true),
            (&OF_CONNECTIONS, "preserve_client_ip.enabled", "true", false),
            (&OF_APPLICATION, "access_logs.s3.enabled", "true", false),
            (&OF_APPLICATION, "waf.fail_open.enabled", "true", false),
        ] {
            assert_eq!(check_attribute(all, key, value).is_ok(), valid, "{key}={value}");
        }
    }

    #[test]
    fn every_default_is_a_value_that_the_attribute_takes() {
        for all in [&OF_APPLICATION[..], &OF_NETWORK, &OF_REQUESTS, &OF_CONNECTIONS] {
            for known in all {
                assert_eq!(check_attribute(all, known.key, known.default), Ok(()));
            }
        }
    }
}
