//! The runs of rules as the store keeps them, for the dashboard.

use std::sync::Arc;

use async_trait::async_trait;
use gantry_control::Control;
use gantry_control::error::chain;
use gantry_model::RuleName;
use gantry_store::{StoreError, rule};
use gantry_web::{RuleState, Schedules};

/// Rules of the dashboard's region in the database.
pub(crate) struct StoredSchedules(pub(crate) Arc<Control>);

impl StoredSchedules {
    async fn read(&self, name: &RuleName, runs: i64) -> Result<RuleState, StoreError> {
        let scope = self.0.scope(&self.0.config.default_region);
        let mut reader = self.0.store.read().await?;
        let Some(stored) = rule::get(&mut reader, &scope, name).await? else { return Ok(RuleState::default()) };
        let runs = rule::runs(&mut reader, stored.id, runs).await?;
        Ok(RuleState { next_at: stored.rule.next_at, runs: runs.into_iter().map(|stored| stored.run).collect() })
    }
}

#[async_trait]
impl Schedules for StoredSchedules {
    async fn state(&self, rule: &RuleName, runs: i64) -> Result<RuleState, String> {
        self.read(rule, runs).await.map_err(|error| chain(&error))
    }
}
