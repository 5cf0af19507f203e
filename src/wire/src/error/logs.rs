//! Errors of Amazon CloudWatch Logs (model `logs-2014-03-28`), in the words in which the service answers them.

use super::ApiError;

impl ApiError {
    /// The log group that a request names is not there.
    #[must_use]
    pub fn log_group_not_found() -> Self {
        Self::new("ResourceNotFoundException", "The specified log group does not exist.")
    }

    /// The log stream that a request names is not there.
    #[must_use]
    pub fn log_stream_not_found() -> Self {
        Self::new("ResourceNotFoundException", "The specified log stream does not exist.")
    }

    /// A log group of that name exists.
    #[must_use]
    pub fn log_group_already_exists() -> Self {
        Self::new("ResourceAlreadyExistsException", "The specified log group already exists")
    }

    /// A log stream of that name exists.
    #[must_use]
    pub fn log_stream_already_exists() -> Self {
        Self::new("ResourceAlreadyExistsException", "The specified log stream already exists")
    }

    /// The log group is protected from being deleted.
    #[must_use]
    pub fn log_group_protected() -> Self {
        Self::new(
            "ValidationException",
            "The specified log group is protected from deletion. Disable its deletion protection first.",
        )
    }
}
