//! What the operations on policies of repositories and of the registry share.

use gantry_model::policy::check_resource_policy;
use gantry_wire::ApiError;

/// Checks that `text` is a policy of a `kind`; `member` is what the request calls it.
///
/// # Errors
/// InvalidParameterException that says what is wrong.
pub(super) fn check(kind: &str, member: &str, text: &str) -> Result<(), ApiError> {
    check_resource_policy(text)
        .map_err(|error| ApiError::constraint(member, &format!("Invalid {kind} policy provided: {error}")))
}
