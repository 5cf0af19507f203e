//! Errors of Amazon ECR (model `ecr-2015-09-21`; texts as the service answers them where they are known).

use super::ApiError;

impl ApiError {
    /// The repository that a request names is not there.
    #[must_use]
    pub fn repository_not_found(name: &str, account: &str) -> Self {
        Self::new(
            "RepositoryNotFoundException",
            format!("The repository with name '{name}' does not exist in the registry with id '{account}'"),
        )
    }
}
