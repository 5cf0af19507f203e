//! What the operations on replication share.

use std::collections::BTreeSet;

use gantry_model::replication::{Backfill, BackfillProgress, ReplicationRule};
use gantry_model::{AccountId, Region, Scope};
use gantry_registry::BackfillError;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{
    DeleteReplication, ReplicationBackfillProgress, ReplicationConfiguration, ReplicationDestination,
    ReplicationRule as GivenRule, RepositoryFilter,
};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// The most destinations of a registry that differ (ECR's quota).
const MOST_DESTINATIONS: usize = 25;

/// Reads the rules of PutReplicationConfiguration.
///
/// # Errors
/// InvalidParameterException; ValidationException for a destination that there is no way to.
pub(super) fn rules(call: &Call, given: ReplicationConfiguration) -> Result<Vec<ReplicationRule>, ApiError> {
    let rules = given.rules.unwrap_or_default().into_iter();
    let rules = rules.map(|rule| self::rule(call, rule)).collect::<Result<Vec<_>, _>>()?;
    let destinations: BTreeSet<&Scope> = rules.iter().flat_map(|rule| &rule.destinations).collect();
    if destinations.len() > MOST_DESTINATIONS {
        return Err(invalid(&format!("A registry can have at most {MOST_DESTINATIONS} replication destinations")));
    }
    Ok(rules)
}

fn rule(call: &Call, given: GivenRule) -> Result<ReplicationRule, ApiError> {
    let destinations = given.destinations.unwrap_or_default().iter().map(destination).collect::<Result<Vec<_>, _>>()?;
    let mut seen = BTreeSet::new();
    for to in &destinations {
        if *to == call.scope {
            return Err(invalid("Replication destination cannot be the same as the source registry"));
        }
        if !seen.insert(to) {
            return Err(invalid(&format!("The replication destination {to} occurs twice in a rule")));
        }
        if !call.control.registry.can_replicate_to(&call.scope, to) {
            return Err(ApiError::validation(format!(
                "There is no way to the registry {to}: its address is given to the server in the file of --replication-destinations"
            )));
        }
    }
    let filters = given.repository_filters.unwrap_or_default().into_iter();
    Ok(ReplicationRule {
        destinations,
        prefixes: filters.filter_map(|filter| filter.filter).collect(),
        deletes: given.delete_replication.and_then(|delete| delete.enabled),
    })
}

fn invalid(rule: &str) -> ApiError {
    ApiError::constraint("replicationConfiguration", rule)
}

/// A destination that is given.
///
/// # Errors
/// InvalidParameterException.
pub(super) fn destination(given: &ReplicationDestination) -> Result<Scope, ApiError> {
    let account = AccountId::parse(given.registry_id.as_deref().unwrap_or_default());
    let region = Region::parse(given.region.as_deref().unwrap_or_default());
    Ok(Scope {
        account: account.map_err(|error| resolve::malformed("registryId", &error))?,
        region: region.map_err(|error| resolve::malformed("region", &error))?,
    })
}

/// The rules as they are told.
pub(super) fn configuration(rules: &[ReplicationRule]) -> ReplicationConfiguration {
    ReplicationConfiguration { rules: Some(rules.iter().map(rule_view).collect()) }
}

fn rule_view(rule: &ReplicationRule) -> GivenRule {
    let filter = |prefix: &String| RepositoryFilter {
        filter: Some(prefix.clone()),
        filter_type: Some("PREFIX_MATCH".to_owned()),
    };
    let filters: Vec<_> = rule.prefixes.iter().map(filter).collect();
    GivenRule {
        destinations: Some(rule.destinations.iter().map(destination_view).collect()),
        repository_filters: (!filters.is_empty()).then_some(filters),
        delete_replication: rule.deletes.map(|enabled| DeleteReplication { enabled: Some(enabled) }),
    }
}

/// A destination as it is told.
pub(super) fn destination_view(destination: &Scope) -> ReplicationDestination {
    ReplicationDestination {
        region: Some(destination.region.to_string()),
        registry_id: Some(destination.account.to_string()),
    }
}

/// How far a backfill is, as it is told; nothing while its images are being listed.
pub(super) fn progress_view(backfill: &Backfill, progress: &BackfillProgress) -> Option<ReplicationBackfillProgress> {
    use gantry_model::replication::BackfillStatus::Preparing;
    let count = |count: i64| i32::try_from(count).ok();
    (backfill.status != Preparing).then(|| ReplicationBackfillProgress {
        total_replication_count: count(progress.total),
        completed_replication_count: count(progress.completed),
        failed_replication_count: count(progress.failed),
        failure_codes: Some(progress.failures.iter().cloned().collect()),
    })
}

/// The error of a backfill that is not started, not stopped, or not there.
pub(super) fn refused(error: BackfillError) -> Failure {
    let message = error.to_string();
    match error {
        BackfillError::Store(error) => error.into(),
        BackfillError::NotConfigured(_) => ApiError::validation(message).into(),
        BackfillError::InProgress(_) => ApiError::new("ReplicationBackfillInProgressException", message).into(),
        BackfillError::NotFound(_) => ApiError::new("ReplicationBackfillNotFoundException", message).into(),
        BackfillError::InvalidStatus(_) => ApiError::new("ReplicationBackfillInvalidStatusException", message).into(),
    }
}
