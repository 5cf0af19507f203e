//! Parameters of the Parameter Store: names with numbered versions of a value.
//!
//! Values are not here: only what is sealed in the store holds them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::ParameterName;
use crate::tag::Tag;
use crate::{Scope, UnixMillis};

/// The most levels of a name (Systems Manager API reference, PutParameter).
pub const MAX_LEVELS: usize = 15;
/// The most versions that are kept of a parameter.
pub const VERSIONS_KEPT: usize = 100;
/// The most labels of one version.
pub const MAX_LABELS: usize = 10;

/// A parameter: what holds for all of its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    pub scope: Scope,
    pub name: ParameterName,
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// A version of a parameter, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParameterVersion {
    /// From 1.
    pub version: i64,
    #[serde(rename = "type")]
    pub kind: ParameterType,
    pub tier: ParameterTier,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub allowed_pattern: Option<String>,
    pub modified_at: UnixMillis,
    /// The ARN of whoever wrote it.
    pub modified_by: String,
    #[serde(default)]
    pub labels: BTreeSet<String>,
}

/// What a value is (Systems Manager user guide, "Parameter types").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterType {
    String,
    /// Values with commas between.
    StringList,
    /// A secret.
    SecureString,
}

impl ParameterType {
    /// The type as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::StringList => "StringList",
            Self::SecureString => "SecureString",
        }
    }

    /// The type that the API writes so.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        [Self::String, Self::StringList, Self::SecureString].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// How long a value may be (Systems Manager user guide, "Managing parameter tiers").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ParameterTier {
    Standard,
    Advanced,
}

impl ParameterTier {
    /// The tier as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::Advanced => "Advanced",
        }
    }

    /// The longest value, in bytes.
    #[must_use]
    pub fn longest(self) -> usize {
        match self {
            Self::Standard => 4096,
            Self::Advanced => 8192,
        }
    }
}

impl Parameter {
    /// The ARN, in which the name's first slash is that of `parameter/`.
    #[must_use]
    pub fn arn(&self) -> String {
        let name = self.name.as_str();
        format!("{}{}", arn_prefix(&self.scope), name.strip_prefix('/').unwrap_or(name))
    }
}

/// What the ARNs of all parameters of a scope begin with.
#[must_use]
pub fn arn_prefix(scope: &Scope) -> String {
    format!("arn:aws:ssm:{}:{}:parameter/", scope.region, scope.account)
}

/// Whether a version may carry this label (Systems Manager API reference, LabelParameterVersion).
#[must_use]
pub fn is_label(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    (1..=100).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && !lower.starts_with("aws")
        && !lower.starts_with("ssm")
}

/// Whether the name is one that only AWS gives.
#[must_use]
pub fn is_reserved(name: &ParameterName) -> bool {
    let lower = name.as_str().trim_start_matches('/').to_ascii_lowercase();
    lower.starts_with("aws") || lower.starts_with("ssm")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, Region};

    #[test]
    fn an_arn_has_one_slash_before_the_name() {
        let scope =
            Scope { account: AccountId::parse("000000000000").unwrap(), region: Region::parse("us-east-1").unwrap() };
        for (name, arn) in [("a", "parameter/a"), ("/a", "parameter/a"), ("/a/b", "parameter/a/b")] {
            let name = ParameterName::parse(name).unwrap();
            let parameter = Parameter { scope: scope.clone(), name, tags: Vec::new() };
            assert_eq!(parameter.arn(), format!("arn:aws:ssm:us-east-1:000000000000:{arn}"));
        }
    }

    #[test]
    fn names_labels_and_what_is_reserved() {
        for (name, valid) in [
            ("a", true),
            ("/a/b.c", true),
            ("a/b", false),
            ("/a/", false),
            ("/a//b", false),
            ("a b", false),
            ("", false),
        ] {
            assert_eq!(ParameterName::parse(name).is_ok(), valid, "{name}");
        }
        for (label, valid) in
            [("blue", true), ("v1.2", true), ("1a", false), ("aws-x", false), ("SSM", false), ("a b", false)]
        {
            assert_eq!(is_label(label), valid, "{label}");
        }
        for (name, reserved) in [("/aws/x", true), ("SsmX", true), ("/shop/aws", false)] {
            assert_eq!(is_reserved(&ParameterName::parse(name).unwrap()), reserved, "{name}");
        }
    }
}
