//! DeletePullThroughCacheRule (ECR API reference).

use gantry_wire::shapes::ecr::{DeletePullThroughCacheRuleRequest, DeletePullThroughCacheRuleResponse};

use super::{pull_through, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers DeletePullThroughCacheRule with what the rule was. The repositories that it made stay.
///
/// # Errors
/// PullThroughCacheRuleNotFoundException.
pub(super) async fn delete_pull_through_cache_rule(
    call: Call,
    input: DeletePullThroughCacheRuleRequest,
) -> Result<DeletePullThroughCacheRuleResponse, Failure> {
    resolve::own_registry(&call, input.registry_id.as_deref())?;
    let prefix = resolve::required("ecrRepositoryPrefix", input.ecr_repository_prefix)?;
    let not_found = pull_through::not_found(&call, &prefix);
    let deleted = call
        .control
        .registry
        .update_registry_settings(&call.scope, move |registry| {
            registry.pull_through.remove(&prefix).ok_or_else(|| Failure::from(not_found))
        })
        .await?;
    Ok(DeletePullThroughCacheRuleResponse {
        ecr_repository_prefix: Some(deleted.prefix),
        upstream_registry_url: Some(deleted.upstream_url),
        created_at: Some(deleted.created_at.into()),
        registry_id: view::registry_id(&call),
        credential_arn: None,
        custom_role_arn: deleted.custom_role_arn,
        upstream_repository_prefix: Some(deleted.upstream_prefix),
    })
}
