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

/// Puts `given` among `tags`, each in the place of the one with its key. Answers whether that is no more than a resource may
/// carry.
pub fn merge(tags: &mut Vec<Tag>, given: Vec<Tag>) -> bool {
    for tag in given {
        match tags.iter_mut().find(|present| present.key == tag.key) {
            Some(present) => present.value = tag.value,
            None => tags.push(tag),
        }
    }
    tags.len() <= MAX_TAGS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: key.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn a_key_that_is_there_gets_the_new_value_in_its_place() {
        let mut tags = vec![tag("a", "1"), tag("b", "1")];
        assert!(merge(&mut tags, vec![tag("c", "1"), tag("a", "2"), tag("c", "2")]));
        assert_eq!(tags, [tag("a", "2"), tag("b", "1"), tag("c", "2")]);
    }

    #[test]
    fn more_than_fifty_are_too_many() {
        let mut tags = Vec::new();
        assert!(merge(&mut tags, (0..50).map(|key| tag(&key.to_string(), "")).collect()));
        assert!(!merge(&mut tags, vec![tag("one more", "")]));
    }
}
