//! Resource tags.

use serde::{Deserialize, Serialize};

/// A key and value on a resource. ECS writes the members `key` and `value`, ECR `Key` and `Value`; that is the wire's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tag {
    pub key: String,
    pub value: String,
}

/// The most tags that one resource may carry, in ECS and ECR alike.
pub const MAX_TAGS: usize = 50;
