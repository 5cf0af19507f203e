//! What the operations on lifecycle policies share: reading the text, and the policy of a repository.

use gantry_model::image::StoredLifecyclePolicy;
use gantry_model::lifecycle::LifecyclePolicy;
use gantry_model::{RepositoryName, UnixMillis};
use gantry_wire::ApiError;

use crate::context::Call;
use crate::error::Failure;

/// When a policy was last applied that never was, as ECR writes it.
pub(super) const NEVER: UnixMillis = UnixMillis(0);

/// Checks a policy's text.
///
/// # Errors
/// InvalidParameterException that says what is wrong.
pub(super) fn parse(text: &str) -> Result<LifecyclePolicy, ApiError> {
    LifecyclePolicy::parse(text).map_err(|error| {
        ApiError::constraint("LifecyclePolicyText", &format!("Lifecycle policy validation failure: {error}"))
    })
}

/// The policy of a repository.
///
/// # Errors
/// RepositoryNotFoundException; LifecyclePolicyNotFoundException.
pub(super) async fn of(call: &Call, name: &RepositoryName) -> Result<StoredLifecyclePolicy, Failure> {
    let repository = call.control.registry.repository(&call.scope, name).await?;
    Ok(repository.lifecycle_policy.ok_or_else(|| not_found(call, name))?)
}

/// The error that a repository has no policy.
fn not_found(call: &Call, name: &RepositoryName) -> ApiError {
    ApiError::lifecycle_policy_not_found(name.as_str(), call.scope.account.as_str())
}
