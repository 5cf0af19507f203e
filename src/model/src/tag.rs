//! Resource tags.

use serde::{Deserialize, Serialize};

/// A key and value on a resource. ECS writes the members `key` and `value`, ECR `Key` and `Value`; that is the wire's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tag {
    pub key: String,
    pub value: String,
}

/// The most tags that one resource may carry, in ECS, ECR and CloudWatch Logs alike.
pub const MAX_TAGS: usize = 50;

/// What the keys of tags begin with that only AWS gives.
pub const RESERVED: &str = "aws:";

/// Whether only AWS gives tags of this key.
#[must_use]
pub fn is_reserved(key: &str) -> bool {
    key.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED))
}
