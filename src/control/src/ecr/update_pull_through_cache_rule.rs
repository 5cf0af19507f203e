//! UpdatePullThroughCacheRule (ECR API reference).

use gantry_wire::shapes::ecr::{UpdatePullThroughCacheRuleRequest, UpdatePullThroughCacheRuleResponse};

use super::{pull_through, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers UpdatePullThroughCacheRule.
///
/// # Errors
/// PullThroughCacheRuleNotFoundException, SecretNotFoundException for any `credentialArn`.
pub(super) async fn update_pull_through_cache_rule(
    call: Call,
    input: UpdatePullThroughCacheRuleRequest,
) -> Result<UpdatePullThroughCacheRuleResponse, Failure> {
    resolve::own_registry(&call, input.registry_id.as_deref())?;
    let prefix = resolve::required("ecrRepositoryPrefix", input.ecr_repository_prefix)?;
    let (not_found, now) = (pull_through::not_found(&call, &prefix), call.now);
    let no_secret = pull_through::no_secret(input.credential_arn.as_deref());
    let role = input.custom_role_arn;
    let updated = call
        .control
        .registry
        .update_registry_settings(&call.scope, move |registry| {
            let rule = registry.pull_through.get_mut(&prefix).ok_or(not_found)?;
            no_secret?;
            rule.custom_role_arn = role.or_else(|| rule.custom_role_arn.take());
            rule.updated_at = now;
            Ok::<_, Failure>(rule.clone())
        })
        .await?;
    Ok(UpdatePullThroughCacheRuleResponse {
        ecr_repository_prefix: Some(updated.prefix),
        registry_id: view::registry_id(&call),
        updated_at: Some(updated.updated_at.into()),
        credential_arn: None,
        custom_role_arn: updated.custom_role_arn,
        upstream_repository_prefix: Some(updated.upstream_prefix),
    })
}
