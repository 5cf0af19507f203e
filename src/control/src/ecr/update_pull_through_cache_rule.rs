//! UpdatePullThroughCacheRule (ECR API reference).

use gantry_wire::shapes::ecr::{UpdatePullThroughCacheRuleRequest, UpdatePullThroughCacheRuleResponse};

use super::{pull_through, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers UpdatePullThroughCacheRule.
///
/// # Errors
/// PullThroughCacheRuleNotFoundException, SecretNotFoundException and UnableToAccessSecretException for the
/// `credentialArn`, InvalidParameterException.
pub(super) async fn update_pull_through_cache_rule(
    call: Call,
    input: UpdatePullThroughCacheRuleRequest,
) -> Result<UpdatePullThroughCacheRuleResponse, Failure> {
    resolve::own_registry(&call, input.registry_id.as_deref())?;
    let prefix = resolve::required("ecrRepositoryPrefix", input.ecr_repository_prefix)?;
    let (not_found, now) = (pull_through::not_found(&call, &prefix), call.now);
    let credential = pull_through::credential(&call, input.credential_arn.as_deref()).await;
    let role = input.custom_role_arn;
    let updated = call
        .control
        .registry
        .update_registry_settings(&call.scope, move |registry| {
            let rule = registry.pull_through.get_mut(&prefix).ok_or(not_found)?;
            rule.credential_arn = credential?.or_else(|| rule.credential_arn.take());
            rule.custom_role_arn = role.or_else(|| rule.custom_role_arn.take());
            rule.updated_at = now;
            Ok::<_, Failure>(rule.clone())
        })
        .await?;
    Ok(UpdatePullThroughCacheRuleResponse {
        ecr_repository_prefix: Some(updated.prefix),
        registry_id: view::registry_id(&call),
        updated_at: Some(updated.updated_at.into()),
        credential_arn: updated.credential_arn,
        custom_role_arn: updated.custom_role_arn,
        upstream_repository_prefix: Some(updated.upstream_prefix),
    })
}
