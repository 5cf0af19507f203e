//! The answer to a request that cannot be met.
//!
//! One type for every protocol: [`ApiError`] says the code, the HTTP status and the message; [`crate::json`] and
//! [`crate::query`] write it down. Constructors are named after facts; those of one service only stand in the module of
//! its name. The texts are AWS's wherever they are known.

pub mod ecr;
pub mod ecs;
pub mod elasticloadbalancing;
pub mod events;
pub mod logs;
pub mod secretsmanager;
pub mod ssm;

use serde_json::{Map, Value};

/// An error that a client gets to see.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The code that clients match on, as awsJson1.1 writes it (`ClusterNotFoundException`).
    pub code: &'static str,
    pub http_status: u16,
    /// What a person reads; names what was asked for and what can be done.
    pub message: String,
    /// Members beyond the message, such as `resourceIds` of `ConflictException`.
    pub members: Map<String, Value>,
    /// The cause, for our log only; it is never sent.
    pub internal: Option<String>,
}

impl ApiError {
    /// A client's fault, HTTP 400.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, http_status: 400, message: message.into(), members: Map::new(), internal: None }
    }

    /// The same error with another HTTP status.
    #[must_use]
    pub fn with_status(mut self, http_status: u16) -> Self {
        self.http_status = http_status;
        self
    }

    /// The same error with one more member.
    #[must_use]
    pub fn with_member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// The same error with a cause for our log.
    #[must_use]
    pub fn with_internal(mut self, internal: impl Into<String>) -> Self {
        self.internal = Some(internal.into());
        self
    }

    /// Whether the fault is ours.
    #[must_use]
    pub fn is_server_fault(&self) -> bool {
        self.http_status >= 500
    }

    /// A parameter is missing or not acceptable.
    #[must_use]
    pub fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    /// What the client asked for cannot be done (ECS's general refusal).
    #[must_use]
    pub fn client(message: impl Into<String>) -> Self {
        Self::new("ClientException", message)
    }

    /// The service has no such operation, or Gantry has not built it.
    #[must_use]
    pub fn unknown_operation(name: &str) -> Self {
        Self::new(
            "UnknownOperationException",
            format!("The operation {name} is not known, or Gantry does not offer it."),
        )
    }

    /// The request names no operation at all.
    #[must_use]
    pub fn missing_operation() -> Self {
        Self::new("UnknownOperationException", "The request names no operation.")
    }

    /// The body is not what the protocol says: not JSON, or a value of the wrong JSON type.
    #[must_use]
    pub fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    /// We failed. The cause goes to our log; the client learns that it may try again.
    #[must_use]
    pub fn server(internal: impl Into<String>) -> Self {
        Self::new("ServerException", "Service Unavailable. Please try again later.")
            .with_status(500)
            .with_internal(internal)
    }

    /// The caller is known and may not do this.
    #[must_use]
    pub fn access_denied(principal: &str, action: &str, resource: &str) -> Self {
        Self::new(
            "AccessDeniedException",
            format!("User: {principal} is not authorized to perform: {action} on resource: {resource}"),
        )
    }

    /// Too many requests; SDKs wait and try again.
    #[must_use]
    pub fn throttling() -> Self {
        Self::new("ThrottlingException", "Rate exceeded")
    }

    /// More than a limit allows.
    #[must_use]
    pub fn limit_exceeded(message: impl Into<String>) -> Self {
        Self::new("LimitExceededException", message)
    }

    /// A page token that this operation has not given out.
    #[must_use]
    pub fn invalid_token() -> Self {
        Self::invalid_parameter("Invalid token: nextToken is not one that this operation returned.")
    }
}

#[cfg(test)]
mod tests;
