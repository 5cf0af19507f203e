//! DescribePullThroughCacheRules (ECR API reference): by prefix, or page by page.

use std::ops::Bound;

use gantry_model::registry_settings::PullThroughRule;
use gantry_wire::paginate;
use gantry_wire::shapes::ecr::{DescribePullThroughCacheRulesRequest, DescribePullThroughCacheRulesResponse};

use super::describe_repositories::page_size;
use super::pull_through;
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
    pull_through::own(&call, input.registry_id.as_deref())?;
    let all = call.control.registry.registry_settings(&call.scope).await?.pull_through;
    let asked = input.ecr_repository_prefixes;
    if let Some(prefix) = asked.iter().flatten().find(|prefix| !all.contains_key(prefix.as_str())) {
        return Err(pull_through::not_found(&call, prefix).into());
    }
    let after = input.next_token.as_deref().map(paginate::decode).transpose()?;
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    let is_asked = |rule: &&PullThroughRule| asked.as_ref().is_none_or(|prefixes| prefixes.contains(&rule.prefix));
    let mut rest = all.range((start, Bound::Unbounded)).map(|(_, rule)| rule).filter(is_asked).peekable();
    let page: Vec<&PullThroughRule> = rest.by_ref().take(page_size(input.max_results)).collect();
    let next_token = page.last().filter(|_| rest.peek().is_some()).map(|last| paginate::encode(&last.prefix));
    let rules = page.into_iter().map(|rule| pull_through::view(&call, rule)).collect();
    Ok(DescribePullThroughCacheRulesResponse { pull_through_cache_rules: Some(rules), next_token })
}
