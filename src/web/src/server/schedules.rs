//! What the API has no operation for: when a rule is due next, and what came of the times before.

use async_trait::async_trait;
use gantry_model::rule::RuleRun;
use gantry_model::{RuleName, UnixMillis};

/// What is known of a rule beside the API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleState {
    pub next_at: Option<UnixMillis>,
    /// The newest first.
    pub runs: Vec<RuleRun>,
}

/// Where the runs of rules are kept. An error is a sentence for the log.
#[async_trait]
pub trait Schedules: Send + Sync {
    /// The state of a rule with at most `runs` of its runs; that of one that is not there is empty.
    async fn state(&self, rule: &RuleName, runs: i64) -> Result<RuleState, String>;
}
