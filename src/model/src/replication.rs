//! Replication: which images are copied to which other registries, and how far that is (Amazon ECR user guide, "Private
//! image replication").

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::{InvalidName, RepositoryName, Scope};
use crate::time::UnixMillis;

/// Where the images of some repositories are copied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicationRule {
    pub destinations: Vec<Scope>,
    /// What the names of the repositories begin with; without any, all repositories are meant.
    pub prefixes: Vec<String>,
    /// Whether what is deleted here is deleted there; `None` when it was not said.
    pub deletes: Option<bool>,
}

impl ReplicationRule {
    fn fits(&self, name: &RepositoryName) -> bool {
        self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| name.as_str().starts_with(prefix.as_str()))
    }
}

/// The destinations of a repository's images, each with whether deletions go there, too.
#[must_use]
pub fn destinations<'a>(rules: &'a [ReplicationRule], name: &RepositoryName) -> BTreeMap<&'a Scope, bool> {
    let mut found = BTreeMap::new();
    for rule in rules.iter().filter(|rule| rule.fits(name)) {
        for destination in &rule.destinations {
            *found.entry(destination).or_default() |= rule.deletes.unwrap_or(false);
        }
    }
    found
}

/// How far the copy of an image is (`ReplicationStatus` of the ECR API).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReplicationStatus {
    InProgress,
    Complete,
    Failed,
}

impl ReplicationStatus {
    /// The status as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
        }
    }
}

impl TryFrom<String> for ReplicationStatus {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        const INVALID: InvalidName =
            InvalidName { kind: "replication status", rule: "be IN_PROGRESS, COMPLETE or FAILED" };
        let all = [Self::InProgress, Self::Complete, Self::Failed];
        all.into_iter().find(|status| status.as_str() == text).ok_or(INVALID)
    }
}

/// The copy of an image at one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replication {
    pub destination: Scope,
    pub status: ReplicationStatus,
    /// Why the last try failed, as a code.
    pub failure: Option<String>,
}

/// How far a backfill is (`ReplicationBackfillStatus` of the ECR API).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BackfillStatus {
    /// The images are being listed.
    Preparing,
    InProgress,
    Complete,
    Failed,
    /// Somebody asked for its end.
    Stopping,
    Stopped,
}

impl BackfillStatus {
    /// The status as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preparing => "PREPARING",
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
            Self::Stopping => "STOPPING",
            Self::Stopped => "STOPPED",
        }
    }

    /// Whether there is still something to do.
    #[must_use]
    pub fn is_running(self) -> bool {
        matches!(self, Self::Preparing | Self::InProgress | Self::Stopping)
    }
}

/// That the images which were here before the rules are copied to one destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Backfill {
    /// A UUID.
    pub id: String,
    pub scope: Scope,
    pub destination: Scope,
    pub status: BackfillStatus,
    /// Why it failed, as a code.
    pub failure: Option<String>,
    pub started_at: UnixMillis,
    pub ended_at: Option<UnixMillis>,
}

/// How many images of a backfill are done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackfillProgress {
    pub total: i64,
    pub completed: i64,
    pub failed: i64,
    /// The codes of what failed.
    pub failures: BTreeSet<String>,
}

/// A backfill is given up when so many images were tried and half of them failed.
const JUDGED_FROM: i64 = 100;

impl BackfillProgress {
    /// Whether so much failed that the rest is not tried.
    #[must_use]
    pub fn is_hopeless(&self) -> bool {
        self.completed + self.failed >= JUDGED_FROM && self.failed >= self.completed
    }

    /// What a backfill ends as when every image was tried: failed when half of them or more did.
    #[must_use]
    pub fn verdict(&self) -> BackfillStatus {
        if self.failed > 0 && self.failed >= self.completed { BackfillStatus::Failed } else { BackfillStatus::Complete }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, Region};

    fn scope(region: &str) -> Scope {
        Scope { account: AccountId::parse("000000000000").unwrap(), region: Region::parse(region).unwrap() }
    }

    #[test]
    fn the_destinations_of_a_repository_are_those_of_every_rule_that_fits_its_name() {
        let rule = |destinations: &[&str], prefixes: &[&str], deletes| ReplicationRule {
            destinations: destinations.iter().map(|region| scope(region)).collect(),
            prefixes: prefixes.iter().map(|&prefix| prefix.to_owned()).collect(),
            deletes,
        };
        let rules = [
            rule(&["eu-west-1"], &[], None),
            rule(&["eu-west-1", "us-west-2"], &["prod", "team/"], Some(true)),
            rule(&["ap-south-1"], &["test"], Some(false)),
        ];
        for (name, expected) in [
            ("app", vec![("eu-west-1", false)]),
            ("prod-app", vec![("eu-west-1", true), ("us-west-2", true)]),
            ("team/app", vec![("eu-west-1", true), ("us-west-2", true)]),
            ("teams/app", vec![("eu-west-1", false)]),
            ("test/app", vec![("ap-south-1", false), ("eu-west-1", false)]),
        ] {
            let found = destinations(&rules, &RepositoryName::parse(name).unwrap());
            let found: Vec<_> = found.into_iter().map(|(to, deletes)| (to.region.as_str(), deletes)).collect();
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn a_backfill_fails_when_half_of_it_fails_and_early_only_after_a_hundred() {
        let progress = |completed, failed| BackfillProgress { completed, failed, ..BackfillProgress::default() };
        for (completed, failed, is_hopeless, verdict) in [
            (0, 0, false, BackfillStatus::Complete),
            (5, 4, false, BackfillStatus::Complete),
            (4, 4, false, BackfillStatus::Failed),
            (49, 50, false, BackfillStatus::Failed),
            (50, 50, true, BackfillStatus::Failed),
            (51, 50, false, BackfillStatus::Complete),
        ] {
            let progress = progress(completed, failed);
            assert_eq!((progress.is_hopeless(), progress.verdict()), (is_hopeless, verdict), "{progress:?}");
        }
    }
}
