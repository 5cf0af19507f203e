//! Rules of EventBridge that run tasks by a schedule, and what came of each time.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::RuleName;
use crate::tag::Tag;
use crate::{Scope, UnixMillis};

/// The most targets of a rule (EventBridge quotas).
pub const MAX_TARGETS: usize = 5;
/// The key of the tag that says what is done about times that were missed: `skip` or, unless it says so, once.
pub const MISSED_RUNS: &str = "gantry.missed-runs";

/// A rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    pub scope: Scope,
    pub name: RuleName,
    /// `rate(…)` or `cron(…)`.
    pub schedule: String,
    pub enabled: bool,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub role_arn: Option<String>,
    pub created_at: UnixMillis,
    /// What a rate counts from: when the schedule was given or the rule enabled.
    pub anchor: UnixMillis,
    /// When it is due; never while it is disabled.
    #[serde(default)]
    pub next_at: Option<UnixMillis>,
    #[serde(default)]
    pub tags: Vec<Tag>,
    #[serde(default)]
    pub targets: Vec<RuleTarget>,
}

/// What a rule runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleTarget {
    pub id: String,
    /// The `Target` shape of the API, as it was given.
    pub document: Value,
    /// How often a run is tried again.
    pub retries: u32,
    /// After how many seconds it is given up.
    pub give_up_after_s: i64,
}

/// One time at which a target was due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleRun {
    pub target: String,
    pub due_at: UnixMillis,
    /// How often it was tried.
    pub attempts: u32,
    /// The ARNs of the tasks that it started.
    #[serde(default)]
    pub tasks: Vec<String>,
    /// Why the last try started none.
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub finished_at: Option<UnixMillis>,
}

impl Rule {
    /// The ARN.
    #[must_use]
    pub fn arn(&self) -> String {
        format!("{}{}", arn_prefix(&self.scope), self.name)
    }

    /// Whether times that were missed are left out.
    #[must_use]
    pub fn skips_missed(&self) -> bool {
        self.tags.iter().any(|tag| tag.key == MISSED_RUNS && tag.value == "skip")
    }
}

/// What the ARNs of all rules of a scope begin with.
#[must_use]
pub fn arn_prefix(scope: &Scope) -> String {
    format!("arn:aws:events:{}:{}:rule/", scope.region, scope.account)
}

impl RuleRun {
    /// How long to wait before it is tried again, in seconds: longer each time, up to five minutes.
    #[must_use]
    pub fn pause_s(&self) -> i64 {
        (5_i64 << (self.attempts.clamp(1, 7) - 1)).min(300)
    }

    /// Whether it is to be given up at `now`.
    #[must_use]
    pub fn is_spent(&self, target: &RuleTarget, now: UnixMillis) -> bool {
        self.attempts > target.retries || now.millis_since(self.due_at) >= target.give_up_after_s * 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(attempts: u32) -> RuleRun {
        RuleRun {
            target: "a".to_owned(),
            due_at: UnixMillis(0),
            attempts,
            tasks: Vec::new(),
            reason: None,
            finished_at: None,
        }
    }

    #[test]
    fn a_run_is_tried_again_later_each_time_until_it_is_spent() {
        let pauses: Vec<i64> = (1..=8).map(|attempts| run(attempts).pause_s()).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 300, 300]);
        let target = RuleTarget { id: "a".to_owned(), document: Value::Null, retries: 2, give_up_after_s: 60 };
        assert!(!run(2).is_spent(&target, UnixMillis(59_999)));
        assert!(run(3).is_spent(&target, UnixMillis(0)));
        assert!(run(1).is_spent(&target, UnixMillis(60_000)));
    }
}
