//! CreatePullThroughCacheRule (ECR API reference). Any registry of OCI Distribution can be the upstream.

use std::collections::btree_map::Entry;

use gantry_model::registry_settings::PullThroughRule;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{CreatePullThroughCacheRuleRequest, CreatePullThroughCacheRuleResponse};

use super::{pull_through, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers CreatePullThroughCacheRule.
///
/// # Errors
/// PullThroughCacheRuleAlreadyExistsException, LimitExceededException, SecretNotFoundException and
/// UnableToAccessSecretException for the `credentialArn`, InvalidParameterException.
pub(super) async fn create_pull_through_cache_rule(
    call: Call,
    input: CreatePullThroughCacheRuleRequest,
) -> Result<CreatePullThroughCacheRuleResponse, Failure> {
    let credential_arn = pull_through::credential(&call, input.credential_arn.as_deref()).await?;
    let wanted = PullThroughRule { credential_arn, ..wanted(&call, input)? };
    let exists = ApiError::new(
        "PullThroughCacheRuleAlreadyExistsException",
        format!(
            "The pull through cache rule with prefix '{}' already exists in the registry with id '{}'",
            wanted.prefix, call.scope.account
        ),
    );
    let created = call
        .control
        .registry
        .update_registry_settings(&call.scope, move |registry| {
            let is_full = registry.pull_through.len() >= pull_through::MOST;
            match registry.pull_through.entry(wanted.prefix.clone()) {
                Entry::Occupied(_) => Err(Failure::from(exists)),
                Entry::Vacant(_) if is_full => {
                    let message =
                        format!("A registry can have at most {} pull through cache rules", pull_through::MOST);
                    Err(ApiError::limit_exceeded(message).into())
                }
                Entry::Vacant(place) => Ok(place.insert(wanted).clone()),
            }
        })
        .await?;
    Ok(CreatePullThroughCacheRuleResponse {
        ecr_repository_prefix: Some(created.prefix),
        upstream_registry_url: Some(created.upstream_url),
        created_at: Some(created.created_at.into()),
        registry_id: view::registry_id(&call),
        upstream_registry: created.upstream_registry,
        credential_arn: created.credential_arn,
        custom_role_arn: created.custom_role_arn,
        upstream_repository_prefix: Some(created.upstream_prefix),
    })
}

fn wanted(call: &Call, input: CreatePullThroughCacheRuleRequest) -> Result<PullThroughRule, ApiError> {
    resolve::own_registry(call, input.registry_id.as_deref())?;
    let prefix = resolve::required("ecrRepositoryPrefix", input.ecr_repository_prefix)?;
    Ok(PullThroughRule {
        upstream_url: pull_through::upstream_url(&resolve::required(
            "upstreamRegistryUrl",
            input.upstream_registry_url,
        )?)?,
        upstream_registry: input.upstream_registry,
        upstream_prefix: pull_through::upstream_prefix(&prefix, input.upstream_repository_prefix)?,
        credential_arn: None,
        custom_role_arn: input.custom_role_arn,
        prefix,
        created_at: call.now,
        updated_at: call.now,
    })
}
