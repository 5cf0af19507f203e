//! Events as EventBridge writes them (Amazon EventBridge user guide, "AWS service event metadata").

use gantry_model::{Scope, UnixMillis};
use serde_json::{Value, json};

use crate::value::Timestamp;

/// An event of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceEvent<'a> {
    /// A UUID.
    pub id: String,
    /// The service, such as `aws.ecs`.
    pub source: &'a str,
    /// What kind of thing happened.
    pub detail_type: &'a str,
    pub scope: &'a Scope,
    pub at: UnixMillis,
    /// The ARN of what it happened to.
    pub resource: String,
    pub detail: Value,
}

impl ServiceEvent<'_> {
    /// The event as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": self.scope.account.as_str(),
            "time": Timestamp::from(self.at).to_rfc3339(),
            "region": self.scope.region.as_str(),
            "resources": [self.resource],
            "detail": self.detail,
        })
    }
}
