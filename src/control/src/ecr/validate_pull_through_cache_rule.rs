//! ValidatePullThroughCacheRule (ECR API reference): whether the upstream answers us, asked for now.

use gantry_wire::shapes::ecr::{ValidatePullThroughCacheRuleRequest, ValidatePullThroughCacheRuleResponse};

use super::{pull_through, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers ValidatePullThroughCacheRule; when the rule is not valid, with the reason.
///
/// # Errors
/// PullThroughCacheRuleNotFoundException.
pub(super) async fn validate_pull_through_cache_rule(
    call: Call,
    input: ValidatePullThroughCacheRuleRequest,
) -> Result<ValidatePullThroughCacheRuleResponse, Failure> {
    resolve::own_registry(&call, input.registry_id.as_deref())?;
    let prefix = resolve::required("ecrRepositoryPrefix", input.ecr_repository_prefix)?;
    let registry = &call.control.registry;
    let mut rules = registry.registry_settings(&call.scope).await?.pull_through;
    let rule = rules.remove(&prefix).ok_or_else(|| pull_through::not_found(&call, &prefix))?;
    let probed = registry.probe_upstream(&call.scope, &rule).await;
    Ok(ValidatePullThroughCacheRuleResponse {
        ecr_repository_prefix: Some(rule.prefix),
        registry_id: view::registry_id(&call),
        upstream_registry_url: Some(rule.upstream_url),
        credential_arn: rule.credential_arn,
        custom_role_arn: rule.custom_role_arn,
        upstream_repository_prefix: Some(rule.upstream_prefix),
        is_valid: Some(probed.is_ok()),
        failure: probed.err().map(|error| error.to_string()),
    })
}
