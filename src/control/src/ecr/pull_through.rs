//! What the operations on pull-through cache rules share.

use gantry_model::registry_settings::{PullThroughRule, ROOT};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::PullThroughCacheRule;

use super::view;
use crate::context::Call;

/// The most rules of a registry.
pub(super) const MOST: usize = 50;

/// Refuses a secret: passwords of other registries are the server's, given with `--upstream-auth`.
pub(super) fn no_secret(credential_arn: Option<&str>) -> Result<(), ApiError> {
    match credential_arn {
        None => Ok(()),
        Some(arn) => Err(ApiError::new(
            "SecretNotFoundException",
            format!(
                "The secret '{arn}' does not exist: credentials of upstream registries are given to the server in the file of --upstream-auth"
            ),
        )),
    }
}

/// The registry of `upstreamRegistryUrl`: a host with or without a port, or its URL.
pub(super) fn upstream_url(given: &str) -> Result<String, ApiError> {
    let host = given.strip_prefix("https://").or_else(|| given.strip_prefix("http://")).unwrap_or(given);
    let host = host.strip_suffix('/').unwrap_or(host);
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    if host.is_empty() || !host.chars().all(is_host) {
        return Err(ApiError::constraint("upstreamRegistryUrl", "must be a host, with a port or without"));
    }
    Ok(given.to_owned())
}

/// What stands before names in the upstream.
pub(super) fn upstream_prefix(prefix: &str, given: Option<String>) -> Result<String, ApiError> {
    let upstream = given.unwrap_or_else(|| ROOT.to_owned());
    if prefix == ROOT && upstream != ROOT {
        return Err(ApiError::constraint("upstreamRepositoryPrefix", "must be ROOT when ecrRepositoryPrefix is"));
    }
    Ok(upstream)
}

/// There is no rule of that prefix.
pub(super) fn not_found(call: &Call, prefix: &str) -> ApiError {
    ApiError::new(
        "PullThroughCacheRuleNotFoundException",
        format!(
            "The pull through cache rule with prefix '{prefix}' does not exist in the registry with id '{}'",
            call.scope.account
        ),
    )
}

/// A rule as it is told.
pub(super) fn view(call: &Call, rule: &PullThroughRule) -> PullThroughCacheRule {
    PullThroughCacheRule {
        ecr_repository_prefix: Some(rule.prefix.clone()),
        upstream_registry_url: Some(rule.upstream_url.clone()),
        created_at: Some(rule.created_at.into()),
        registry_id: view::registry_id(call),
        credential_arn: None,
        custom_role_arn: rule.custom_role_arn.clone(),
        upstream_repository_prefix: Some(rule.upstream_prefix.clone()),
        upstream_registry: rule.upstream_registry.clone(),
        updated_at: Some(rule.updated_at.into()),
    }
}
