//! Errors of Amazon EventBridge (model `eventbridge-2015-10-07`), in the words in which the service answers them.

use super::ApiError;

impl ApiError {
    /// The rule that a request names is not there.
    #[must_use]
    pub fn rule_not_found(name: &str) -> Self {
        Self::new("ResourceNotFoundException", format!("Rule {name} does not exist on EventBus default."))
    }

    /// There is one bus, the account's own.
    #[must_use]
    pub fn event_bus_not_found(name: &str) -> Self {
        Self::new("ResourceNotFoundException", format!("Event bus {name} does not exist."))
    }

    /// A rule would have too many targets.
    #[must_use]
    pub fn too_many_targets() -> Self {
        Self::limit_exceeded("The requested resource exceeds the maximum number allowed: a rule has at most 5 targets.")
    }
}
