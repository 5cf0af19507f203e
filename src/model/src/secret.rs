//! Secrets of Secrets Manager: names with versions of a value, and the stages that say which version is meant.
//!
//! A stage is a label that at most one version of a secret carries (Secrets Manager user guide, "What's in a secret").
//! Values are not here: only what is sealed in the store holds them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::SecretName;
use crate::tag::Tag;
use crate::{Scope, UnixMillis};

pub mod reference;

/// The stage of the version that is meant when none is named.
pub const CURRENT: &str = "AWSCURRENT";
/// The stage of the version that was current before.
pub const PREVIOUS: &str = "AWSPREVIOUS";
/// The key of the tag by which a service asks for new tasks when a secret that it is given changes.
pub const ROLL_ON_CHANGE: &str = "gantry.roll-on-secret-change";
/// The most versions without a stage that are kept of a secret.
pub const UNSTAGED_KEPT: usize = 100;

/// A secret, without its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    pub scope: Scope,
    pub name: SecretName,
    /// Six characters at the end of the ARN: a secret that is made again under its name is another one.
    pub suffix: String,
    #[serde(default)]
    pub description: Option<String>,
    pub created_at: UnixMillis,
    pub changed_at: UnixMillis,
    /// The day on which a value was last read; its first instant in UTC.
    #[serde(default)]
    pub accessed_on: Option<UnixMillis>,
    /// When the deletion was asked for, and when it will be done.
    #[serde(default)]
    pub deletion: Option<Deletion>,
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// Stage to version.
    #[serde(default)]
    pub stages: BTreeMap<String, String>,
}

/// A deletion that can still be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deletion {
    pub asked_at: UnixMillis,
    pub due_at: UnixMillis,
}

impl Secret {
    /// The ARN, with the secret's suffix.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("{}-{}", self.arn_without_suffix(), self.suffix)
    }

    /// The ARN as far as it follows from the name; AWS takes it too.
    #[must_use]
    pub fn arn_without_suffix(&self) -> String {
        format!("{}{}", arn_prefix(&self.scope), self.name)
    }

    /// The stages of a version.
    pub fn stages_of(&self, version: &str) -> impl Iterator<Item = &str> {
        self.stages.iter().filter(move |(_, of)| of.as_str() == version).map(|(stage, _)| stage.as_str())
    }

    /// Gives `stages` to `version`; each leaves the version that had it. The version that was current becomes the
    /// previous one, and the first version of a secret is current whatever is asked.
    pub fn stage(&mut self, version: &str, stages: &[String]) {
        let before = self.stages.get(CURRENT).cloned();
        for stage in stages {
            self.stages.insert(stage.clone(), version.to_owned());
        }
        let current = self.stages.entry(CURRENT.to_owned()).or_insert_with(|| version.to_owned());
        if let Some(before) = before.filter(|before| before != current) {
            self.stages.insert(PREVIOUS.to_owned(), before);
        }
    }
}

/// Whether a service with these tags asks for new tasks when a secret that it is given changes.
#[must_use]
pub fn rolls_on_change<'a>(mut tags: impl Iterator<Item = (&'a str, &'a str)>) -> bool {
    tags.any(|tag| tag == (ROLL_ON_CHANGE, "enabled"))
}

/// What the ARNs of all secrets of a scope begin with.
#[must_use]
pub fn arn_prefix(scope: &Scope) -> String {
    format!("arn:aws:secretsmanager:{}:{}:secret:", scope.region, scope.account)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, Region};

    fn secret() -> Secret {
        Secret {
            scope: Scope {
                account: AccountId::parse("000000000000").unwrap(),
                region: Region::parse("us-east-1").unwrap(),
            },
            name: SecretName::parse("db/password").unwrap(),
            suffix: "AbCdEf".to_owned(),
            description: None,
            created_at: UnixMillis(0),
            changed_at: UnixMillis(0),
            accessed_on: None,
            deletion: None,
            tags: Vec::new(),
            stages: BTreeMap::new(),
        }
    }

    fn stage(secret: &mut Secret, version: &str, stages: &[&str]) {
        let stages: Vec<String> = stages.iter().map(ToString::to_string).collect();
        secret.stage(version, &stages);
    }

    fn stages(secret: &Secret) -> Vec<(&str, &str)> {
        secret.stages.iter().map(|(stage, version)| (stage.as_str(), version.as_str())).collect()
    }

    #[test]
    fn the_version_that_was_current_becomes_the_previous_one() {
        let mut secret = secret();
        stage(&mut secret, "1", &[CURRENT]);
        assert_eq!(stages(&secret), [(CURRENT, "1")]);
        stage(&mut secret, "2", &[CURRENT]);
        stage(&mut secret, "3", &[CURRENT, "blue"]);
        assert_eq!(stages(&secret), [(CURRENT, "3"), (PREVIOUS, "2"), ("blue", "3")]);
        stage(&mut secret, "3", &[CURRENT]);
        assert_eq!(secret.stages[PREVIOUS], "2", "staged again is no change");
    }

    #[test]
    fn a_version_with_another_stage_is_not_current_unless_it_is_the_first() {
        let mut secret = secret();
        stage(&mut secret, "1", &["pending"]);
        assert_eq!(stages(&secret), [(CURRENT, "1"), ("pending", "1")]);
        stage(&mut secret, "2", &["pending"]);
        assert_eq!(stages(&secret), [(CURRENT, "1"), ("pending", "2")]);
        assert_eq!(secret.stages_of("1").collect::<Vec<_>>(), [CURRENT]);
    }

    #[test]
    fn the_arn_ends_in_the_suffix() {
        assert_eq!(secret().arn(), "arn:aws:secretsmanager:us-east-1:000000000000:secret:db/password-AbCdEf");
    }
}
