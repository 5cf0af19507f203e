//! Errors of AWS Secrets Manager (model `secretsmanager-2017-10-17`), in the words in which the service answers them.

use super::ApiError;

impl ApiError {
    /// The secret that a request names is not there.
    #[must_use]
    pub fn secret_not_found() -> Self {
        Self::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    }

    /// The secret has no such version; `wanted` says which, as in `staging label: AWSCURRENT`.
    #[must_use]
    pub fn secret_value_not_found(wanted: &str) -> Self {
        Self::new(
            "ResourceNotFoundException",
            format!("Secrets Manager can't find the specified secret value for {wanted}"),
        )
    }

    /// A secret of that name exists.
    #[must_use]
    pub fn secret_already_exists(name: &str) -> Self {
        Self::new("ResourceExistsException", format!("The operation failed because the secret {name} already exists."))
    }

    /// The secret has a version of that id with another value.
    #[must_use]
    pub fn secret_version_already_exists(version: &str, arn: &str) -> Self {
        Self::new(
            "ResourceExistsException",
            format!(
                "You can't use ClientRequestToken {version} because that value is already in use for a version of secret {arn}."
            ),
        )
    }

    /// The secret waits to be deleted.
    #[must_use]
    pub fn secret_deletion_planned() -> Self {
        Self::invalid_secret_request(
            "You can't perform this operation on the secret because it was marked for deletion.",
        )
    }

    /// The state of the secret does not allow it.
    #[must_use]
    pub fn invalid_secret_request(message: impl Into<String>) -> Self {
        Self::new("InvalidRequestException", message)
    }

    /// A page token that this operation has not given out.
    #[must_use]
    pub fn invalid_secrets_token() -> Self {
        Self::new("InvalidNextTokenException", "NextToken is not one that this operation returned.")
    }
}
