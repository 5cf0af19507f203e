//! DescribePullThroughCacheRules (ECR API reference): by prefix, or page by page.

use gantry_wire::shapes::ecr::{DescribePullThroughCacheRulesRequest, DescribePullThroughCacheRulesResponse};

use super::{pages, pull_through, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribePullThroughCacheRules.
///
/// # Errors
/// PullThroughCacheRuleNotFoundException for a prefix that no rule has, InvalidParameterException.
pub(super) async fn describe_pull_through_cache_rules(
    call: Call,
    input: DescribePullThroughCacheRulesRequest,
) -> Result<DescribePullThroughCacheRulesResponse, Failure> {
    resolve::own_registry(&call, input.registry_id.as_deref())?;
    let all = call.control.registry.registry_settings(&call.scope).await?.pull_through;
    let asked = input.ecr_repository_prefixes;
    if let Some(prefix) = asked.iter().flatten().find(|prefix| !all.contains_key(prefix.as_str())) {
        return Err(pull_through::not_found(&call, prefix).into());
    }
    let is_asked = |prefix: &str| asked.as_ref().is_none_or(|asked| asked.iter().any(|one| one == prefix));
    let (page, next_token) = pages::by_name(&all, input.next_token.as_deref(), input.max_results, is_asked)?;
    let rules = page.into_iter().map(|(_, rule)| pull_through::view(&call, rule)).collect();
    Ok(DescribePullThroughCacheRulesResponse { pull_through_cache_rules: Some(rules), next_token })
}
