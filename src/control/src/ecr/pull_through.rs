//! What the operations on pull-through cache rules share.

use gantry_model::registry_settings::{PullThroughRule, ROOT};
use gantry_store::secret;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::PullThroughCacheRule;

use super::view;
use crate::context::Call;
use crate::error::Failure;

/// The most rules of a registry.
pub(super) const MOST: usize = 50;

/// What the names of secrets with the credentials of other registries begin with.
const SECRET_PREFIX: &str = "ecr-pullthroughcache/";

/// The secret of a rule, which must be there.
///
/// # Errors
/// SecretNotFoundException, UnableToAccessSecretException for one that waits to be deleted, InvalidParameterException for
/// one that is called otherwise.
pub(super) async fn credential(call: &Call, arn: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(arn) = arn else { return Ok(None) };
    let found = secret::find(&mut *call.control.store.read().await?, &call.scope, arn).await?;
    let found = found.filter(|_| arn.starts_with("arn:")).ok_or_else(|| {
        ApiError::new(
            "SecretNotFoundException",
            format!(
                "The ARN of the secret specified in the pull through cache rule was not found: {arn}. Update the pull through \
                 cache rule with a valid secret ARN and try again."
            ),
        )
    })?;
    if !found.secret.name.as_str().starts_with(SECRET_PREFIX) {
        return Err(ApiError::constraint(
            "credentialArn",
            "must be of a secret whose name begins with ecr-pullthroughcache/",
        )
        .into());
    }
    if found.secret.deletion.is_some() {
        let text = format!("The secret {arn} was marked for deletion. Restore it and try again.");
        return Err(ApiError::new("UnableToAccessSecretException", text).into());
    }
    Ok(Some(found.secret.arn()))
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
        credential_arn: rule.credential_arn.clone(),
        custom_role_arn: rule.custom_role_arn.clone(),
        upstream_repository_prefix: Some(rule.upstream_prefix.clone()),
        upstream_registry: rule.upstream_registry.clone(),
        updated_at: Some(rule.updated_at.into()),
    }
}
