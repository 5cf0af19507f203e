//! Target groups, and the targets in them.

use serde::{Deserialize, Serialize};

use super::{Attributes, Protocol, arn_prefix};
use crate::ids::TaskId;
use crate::tag::Tag;
use crate::{Scope, UnixMillis};

/// A group of targets that do the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetGroup {
    pub scope: Scope,
    pub name: String,
    /// 16 hexadecimal digits, the last part of its ARN.
    pub id: String,
    pub protocol: Protocol,
    pub protocol_version: ProtocolVersion,
    /// Of targets that are registered without one.
    pub port: u16,
    pub target_type: TargetType,
    /// Kept and returned as given.
    pub vpc_id: Option<String>,
    pub health_check: HealthCheck,
    pub attributes: Attributes,
    pub created_at: UnixMillis,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// Which HTTP targets speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ProtocolVersion {
    #[default]
    #[serde(rename = "HTTP1")]
    Http1,
    #[serde(rename = "HTTP2")]
    Http2,
    #[serde(rename = "GRPC")]
    Grpc,
}

impl ProtocolVersion {
    /// The version as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP1",
            Self::Http2 => "HTTP2",
            Self::Grpc => "GRPC",
        }
    }
}

/// What targets are named by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetType {
    /// Container instances, by their EC2 ids.
    Instance,
    /// Addresses.
    Ip,
}

impl TargetType {
    /// The type as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Ip => "ip",
        }
    }
}

/// How it is found out whether a target works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// HTTP, HTTPS or TCP.
    pub protocol: Protocol,
    /// `None` is the port that the target is registered with.
    pub port: Option<u16>,
    pub path: String,
    pub interval_s: u32,
    pub timeout_s: u32,
    /// After how many successes in a row a target is healthy.
    pub healthy_threshold: u32,
    /// After how many failures in a row it is not.
    pub unhealthy_threshold: u32,
    /// The codes that are successes: `200`, `200,301`, `200-299`. For gRPC its own codes.
    pub matcher: String,
}

/// Whether `code` is among those that a matcher names: numbers and ranges, divided by commas.
#[must_use]
pub fn is_matched(matcher: &str, code: u16) -> bool {
    matcher.split(',').any(|part| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        match (from.trim().parse::<u16>(), to.trim().parse::<u16>()) {
            (Ok(from), Ok(to)) => (from..=to).contains(&code),
            _ => false,
        }
    })
}

/// What a target is known by in its group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetKey {
    /// The ARN of its group.
    pub group: String,
    /// An EC2 id or an address, as the type of the group says.
    pub id: String,
    pub port: u16,
}

/// Somebody who answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    #[serde(flatten)]
    pub key: TargetKey,
    /// Where it is reached.
    pub address: String,
    pub availability_zone: Option<String>,
    /// The task that it is, when a service registered it.
    #[serde(default)]
    pub task: Option<TaskId>,
    pub registered_at: UnixMillis,
    /// Since when it is let go.
    #[serde(default)]
    pub draining_since: Option<UnixMillis>,
    pub state: TargetState,
    /// Why its state is not healthy, as a code of the API.
    #[serde(default)]
    pub reason: Option<String>,
    /// The same in words.
    #[serde(default)]
    pub description: Option<String>,
}

/// What is known of a target's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetState {
    Unhealthy,
    Initial,
    Healthy,
}

impl TargetState {
    /// The state as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unhealthy => "unhealthy",
            Self::Initial => "initial",
            Self::Healthy => "healthy",
        }
    }
}

impl TargetGroup {
    /// The ARN.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("{}targetgroup/{}/{}", arn_prefix(&self.scope), self.name, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_name_codes_and_ranges() {
        for (matcher, code, matches) in [
            ("200", 200, true),
            ("200", 201, false),
            ("200,302", 302, true),
            ("200-299", 204, true),
            ("200-299,404", 404, true),
            ("200-299", 300, false),
            ("", 200, false),
        ] {
            assert_eq!(is_matched(matcher, code), matches, "{matcher} {code}");
        }
    }
}
