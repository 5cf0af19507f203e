//! Load balancers, their listeners and rules, and the groups of targets that they send to.
//!
//! [`Traffic`] is all of it at one moment, which is what a proxy works on: it decides nothing that does not follow from
//! it. Attributes are kept as the text that the API has for them; what they mean is read by functions
//! ([`LoadBalancer::idle_timeout_s`], [`TargetGroup::algorithm`]), with the API's defaults.
//!
//! Source: Elastic Load Balancing API reference, version 2015-12-01; user guides for Application and Network Load Balancers.

mod attributes;
mod report;
mod rule;
mod target_group;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::tag::Tag;
use crate::{Scope, UnixMillis};

pub use attributes::{Algorithm, Attributes, ForwardedFor, Known, Stickiness, check_attribute};
pub use report::{GroupCounts, ListenerReport, Report, TargetReport};
pub use rule::{Action, Condition, GroupWeight, Rule, is_wildcard_match};
pub use target_group::{
    HealthCheck, ProtocolVersion, Target, TargetGroup, TargetKey, TargetState, TargetType, is_matched,
};

/// What the ARNs of Elastic Load Balancing begin with in `scope`.
#[must_use]
pub fn arn_prefix(scope: &Scope) -> String {
    format!("arn:aws:elasticloadbalancing:{}:{}:", scope.region, scope.account)
}

/// Everything that a proxy needs to know.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Traffic {
    pub load_balancers: Vec<LoadBalancer>,
    pub listeners: Vec<Listener>,
    pub rules: Vec<Rule>,
    pub target_groups: Vec<TargetGroup>,
    pub targets: Vec<Target>,
    pub certificates: Vec<ServedCertificate>,
}

/// A certificate with its key, as it is served.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServedCertificate {
    pub arn: String,
    /// The names that it is for, with `*` for a label.
    pub names: Vec<String>,
    /// The certificate and those that it follows from, in PEM.
    pub chain: String,
    /// Its private key, in PEM.
    pub key: String,
}

impl std::fmt::Debug for ServedCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServedCertificate").field("arn", &self.arn).finish_non_exhaustive()
    }
}

/// A load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancer {
    pub scope: Scope,
    pub name: String,
    /// 16 hexadecimal digits, the last part of its ARN.
    pub id: String,
    pub kind: Kind,
    pub internal: bool,
    /// Kept and returned as given; a proxy listens on its host's addresses.
    pub subnets: Vec<String>,
    pub security_groups: Vec<String>,
    pub ip_address_type: String,
    /// By this name a listener that shares its port with others is asked for.
    pub dns_name: String,
    pub attributes: Attributes,
    pub created_at: UnixMillis,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// What a load balancer understands of what it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Requests.
    Application,
    /// Connections and datagrams.
    Network,
}

impl Kind {
    /// The kind as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Network => "network",
        }
    }

    /// The kind as ARNs write it.
    #[must_use]
    pub fn in_arn(self) -> &'static str {
        match self {
            Self::Application => "app",
            Self::Network => "net",
        }
    }

    /// Whether its listeners and target groups may speak `protocol`.
    #[must_use]
    pub fn speaks(self, protocol: Protocol) -> bool {
        match self {
            Self::Application => matches!(protocol, Protocol::Http | Protocol::Https),
            Self::Network => !matches!(protocol, Protocol::Http | Protocol::Https),
        }
    }
}

impl LoadBalancer {
    /// The ARN.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("{}loadbalancer/{}", arn_prefix(&self.scope), self.path())
    }

    /// The part of its ARN that those of its listeners and rules repeat.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}/{}", self.kind.in_arn(), self.name, self.id)
    }
}

/// What listeners and targets speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Protocol {
    Http,
    Https,
    Tcp,
    Tls,
    Udp,
    TcpUdp,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Http, Self::Https, Self::Tcp, Self::Tls, Self::Udp, Self::TcpUdp];

    /// The protocol as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Udp => "UDP",
            Self::TcpUdp => "TCP_UDP",
        }
    }

    /// The protocol that the API writes so.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.as_str() == text)
    }

    /// Whether a listener of it needs a certificate.
    #[must_use]
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }

    /// Whether it comes in connections.
    #[must_use]
    pub fn has_connections(self) -> bool {
        self != Self::Udp
    }

    /// Whether it comes in datagrams.
    #[must_use]
    pub fn has_datagrams(self) -> bool {
        matches!(self, Self::Udp | Self::TcpUdp)
    }

    /// Whether several listeners of it can share a port, told apart by the host that is asked for.
    #[must_use]
    pub fn shares_port(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }

    /// Whether listeners of `self` and `other` cannot have one port on one host.
    #[must_use]
    pub fn collides_with(self, other: Self) -> bool {
        let alike = self == other && self.shares_port();
        let connections = self.has_connections() && other.has_connections();
        let datagrams = self.has_datagrams() && other.has_datagrams();
        (connections || datagrams) && !alike
    }
}

/// Where a load balancer is spoken to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listener {
    pub arn: String,
    /// The ARN of its load balancer.
    pub load_balancer: String,
    pub port: u16,
    pub protocol: Protocol,
    /// The name of the policy that says which TLS it speaks.
    pub ssl_policy: Option<String>,
    /// The ARNs of its certificates, the default one first.
    pub certificates: Vec<String>,
    /// What is done with what no rule is for.
    pub default_action: Action,
    /// The ARN of the rule that stands for the default action.
    pub default_rule: String,
    /// Why a proxy could not listen.
    #[serde(default)]
    pub failure: Option<String>,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// A certificate that was imported, as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    pub scope: Scope,
    /// A UUID, the last part of its ARN.
    pub id: String,
    /// In PEM, alone.
    pub certificate: String,
    /// Those that it follows from, in PEM.
    pub chain: Option<String>,
    /// The names that it is for, the first of them its subject's.
    pub names: Vec<String>,
    pub subject: String,
    pub issuer: String,
    /// Hexadecimal bytes, divided by colons.
    pub serial: String,
    /// As the API writes it: `RSA_2048`, `EC_prime256v1`.
    pub key_algorithm: String,
    pub signature_algorithm: String,
    pub not_before: UnixMillis,
    pub not_after: UnixMillis,
    pub created_at: UnixMillis,
    pub imported_at: UnixMillis,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

impl Certificate {
    /// The ARN.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:acm:{}:{}:certificate/{}", self.scope.region, self.scope.account, self.id)
    }
}

impl Traffic {
    /// The target groups that something sends to, with how they are reached: through which load balancers.
    #[must_use]
    pub fn groups_in_use(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut used: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for listener in &self.listeners {
            let rules = self.rules.iter().filter(|rule| rule.listener == listener.arn).map(|rule| &rule.action);
            for group in std::iter::once(&listener.default_action).chain(rules).flat_map(Action::groups) {
                let by = used.entry(group).or_default();
                if !by.contains(&listener.load_balancer.as_str()) {
                    by.push(&listener.load_balancer);
                }
            }
        }
        used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_listeners_share_a_port_and_others_do_not() {
        use Protocol::{Http, Https, Tcp, TcpUdp, Tls, Udp};
        for (a, b, collide) in [
            (Http, Http, false),
            (Https, Https, false),
            (Http, Https, true),
            (Http, Tcp, true),
            (Tcp, Tcp, true),
            (Tls, Tcp, true),
            (Tcp, Udp, false),
            (Udp, Udp, true),
            (TcpUdp, Udp, true),
            (TcpUdp, Http, true),
            (Udp, Http, false),
        ] {
            assert_eq!(a.collides_with(b), collide, "{a:?} {b:?}");
            assert_eq!(b.collides_with(a), collide, "{b:?} {a:?}");
        }
    }

    #[test]
    fn a_certificates_key_is_not_shown() {
        let served = ServedCertificate { arn: "a".into(), names: Vec::new(), chain: "c".into(), key: "hush".into() };
        assert!(!format!("{served:?}").contains("hush"));
    }
}
