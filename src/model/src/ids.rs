//! Names and ids, parsed once at the edge and right ever after.
//!
//! Patterns and lengths are those of the ECS and ECR API references and of OCI Distribution 1.1.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A name that does not have the form its kind requires.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must {rule}")]
pub struct InvalidName {
    /// What the name would have named, in the words of the API.
    pub kind: &'static str,
    /// The rule that it breaks.
    pub rule: &'static str,
}

/// Declares a newtype over `String` that only holds what `$valid` accepts.
macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $kind:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Takes `text` when it has the form of this name.
            ///
            /// # Errors
            /// [`InvalidName`] with the rule that `text` breaks.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidName> {
                let text = text.into();
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) { Ok(Self(text)) } else { Err(InvalidName { kind: $kind, rule: $rule }) }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $type {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::parse(text)
            }
        }

        impl FromStr for $type {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::parse(text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0
            }
        }
    };
}

fn is_ecs_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

name!(
    /// An AWS account: twelve digits.
    AccountId, "account id", "be twelve digits",
    |t| t.len() == 12 && t.bytes().all(|b| b.is_ascii_digit())
);
name!(
    /// An AWS region such as `us-east-1`; any lower-case word with digits and hyphens is taken.
    Region, "region", "be 1 to 32 lower-case letters, digits or hyphens",
    |t| (1..=32).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
);
name!(
    /// The name of an ECS cluster.
    ClusterName, "cluster name", "be 1 to 255 letters, digits, hyphens or underscores", is_ecs_name
);
name!(
    /// The name of an ECS service, unique in its cluster.
    ServiceName, "service name", "be 1 to 255 letters, digits, hyphens or underscores", is_ecs_name
);
name!(
    /// The family of a task definition.
    Family, "family", "be 1 to 255 letters, digits, hyphens or underscores", is_ecs_name
);
name!(
    /// The name of a status board; it stands in the board's address.
    BoardName, "board name", "be 1 to 255 letters, digits, hyphens or underscores", is_ecs_name
);
name!(
    /// A task's id: 32 hexadecimal digits.
    TaskId, "task id", "be 32 hexadecimal digits", |t| is_hex(t, 32)
);
name!(
    /// A container instance's id: 32 hexadecimal digits.
    ContainerInstanceId, "container instance id", "be 32 hexadecimal digits", |t| is_hex(t, 32)
);
name!(
    /// A deployment's id, `ecs-svc/` and digits.
    DeploymentId, "deployment id", "be ecs-svc/ followed by digits",
    |t| t.strip_prefix("ecs-svc/").is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
);
name!(
    /// The name of a CloudWatch Logs log group.
    LogGroupName, "log group name", "be 1 to 512 letters, digits and . - _ / #",
    |t| (1..=512).contains(&t.len())
        && t.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b'#'))
);
name!(
    /// The name of a CloudWatch Logs log stream, unique in its group.
    LogStreamName, "log stream name", "be 1 to 512 characters without colon and asterisk",
    |t| (1..=512).contains(&t.chars().count()) && !t.contains([':', '*'])
);
name!(
    /// The name of a rule of EventBridge (API reference, PutRule).
    RuleName, "rule name", "be 1 to 64 letters, digits and . - _",
    |t| (1..=64).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
);
name!(
    /// The name of a secret of Secrets Manager (API reference, CreateSecret).
    SecretName, "secret name", "be 1 to 512 letters, digits and / _ + = . @ -",
    |t| (1..=512).contains(&t.len())
        && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+=.@-".contains(&b))
);
name!(
    /// The name of a parameter of the Parameter Store; one with a slash begins with one (Systems Manager API reference,
    /// PutParameter).
    ParameterName, "parameter name", "be 1 to 1011 letters, digits and . _ - /, and begin with / when it has one",
    |t| (1..=1011).contains(&t.len())
        && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(&b))
        && (t.starts_with('/') || !t.contains('/'))
        && !t.ends_with('/')
        && !t.contains("//")
);
name!(
    /// The name of an ECR repository (OCI Distribution 1.1, "Pulling manifests", `<name>`).
    RepositoryName, "repository name", "be 2 to 256 characters of lower-case path components", is_repository_name
);
name!(
    /// A tag of an image (OCI Distribution 1.1, `<reference>` as a tag).
    ImageTag, "image tag", "be up to 128 letters, digits, underscores, dots or hyphens",
    |t| (1..=128).contains(&t.len())
        && !t.starts_with(['.', '-'])
        && t.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
);
name!(
    /// A content digest, `sha256:` and 64 or `sha512:` and 128 hexadecimal digits.
    Digest, "digest", "be sha256: and 64 or sha512: and 128 hexadecimal digits",
    |t| match t.split_once(':') {
        Some(("sha256", hex)) => is_hex(hex, 64),
        Some(("sha512", hex)) => is_hex(hex, 128),
        _ => false,
    }
);

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*` joined by slashes, 2 to 256 characters in all.
fn is_repository_name(text: &str) -> bool {
    (2..=256).contains(&text.len()) && text.split('/').all(is_path_component)
}

fn is_path_component(part: &str) -> bool {
    let bytes = part.as_bytes();
    let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if !bytes.first().is_some_and(alphanumeric) || !bytes.last().is_some_and(alphanumeric) {
        return false;
    }
    part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        .filter(|separator| !separator.is_empty())
        .all(|separator| matches!(separator, "." | "_" | "__") || separator.bytes().all(|b| b == b'-'))
}

impl Digest {
    /// The algorithm, `sha256` or `sha512`.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        self.0.split_once(':').map_or("", |(algorithm, _)| algorithm)
    }

    /// The hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, hex)| hex)
    }
}

/// The account and region in which a name is unique, written `account/region`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    pub account: AccountId,
    pub region: Region,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

impl FromStr for Scope {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        const INVALID: InvalidName = InvalidName { kind: "registry", rule: "be account/region" };
        let (account, region) = text.split_once('/').ok_or(INVALID)?;
        Ok(Self { account: AccountId::parse(account)?, region: Region::parse(region)? })
    }
}

/// A task definition's family and revision, written `family:revision`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskDefinitionId {
    pub family: Family,
    pub revision: u32,
}

impl fmt::Display for TaskDefinitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.family, self.revision)
    }
}

impl FromStr for TaskDefinitionId {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        const INVALID: InvalidName = InvalidName { kind: "task definition", rule: "be family:revision" };
        let (family, revision) = text.split_once(':').ok_or(INVALID)?;
        let revision = revision.parse().ok().filter(|&r| r > 0).ok_or(INVALID)?;
        Ok(Self { family: Family::parse(family)?, revision })
    }
}

/// A UUID (version 4) of random bytes, as text in lower case.
#[must_use]
pub fn uuid_from_random(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_names_follow_the_oci_grammar() {
        for good in ["hello", "team/app", "a0", "a.b_c__d---e/f", "x/y/z"] {
            assert!(RepositoryName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "Hello", "a..b", "a___b", "/a", "a/", "a//b", "-a", "a-", "a._b", "../etc"] {
            assert!(RepositoryName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn digests_are_lower_case_hexadecimal_of_the_right_length() {
        assert!(Digest::parse(format!("sha256:{}", "a".repeat(64))).is_ok());
        assert!(Digest::parse(format!("sha512:{}", "0".repeat(128))).is_ok());
        for bad in ["sha256:", "sha256:xyz", "md5:00", &format!("sha256:{}", "A".repeat(64))] {
            assert!(Digest::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn task_definition_ids_need_a_positive_revision() {
        assert_eq!("web:3".parse::<TaskDefinitionId>().unwrap().to_string(), "web:3");
        for bad in ["web", "web:0", "web:x", ":1", "web:-1"] {
            assert!(bad.parse::<TaskDefinitionId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_uuid_has_its_version_and_its_dashes() {
        assert_eq!(uuid_from_random([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid_from_random([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
