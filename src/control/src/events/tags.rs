//! Tags of rules.

use gantry_model::Tag;
use gantry_model::rule::MISSED_RUNS;
use gantry_model::tag::{self, MAX_TAGS, RESERVED, is_reserved};
use gantry_wire::ApiError;
use gantry_wire::shapes::events as wire;

/// Checks the tags of a request.
pub(super) fn read(tags: Option<Vec<wire::Tag>>) -> Result<Vec<Tag>, ApiError> {
    let read = |tag: wire::Tag| {
        let (key, value) = (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
        if is_reserved(&key) {
            return Err(ApiError::validation(format!(
                "The tag key {key} is not allowed: keys that start with '{RESERVED}' are reserved."
            )));
        }
        if key == MISSED_RUNS && !["once", "skip"].contains(&value.as_str()) {
            return Err(ApiError::validation(format!("The tag {MISSED_RUNS} is once or skip, not '{value}'.")));
        }
        Ok(Tag { key, value })
    };
    tags.unwrap_or_default().into_iter().map(read).collect()
}

/// Puts tags on a rule; a key that it has gets the new value.
pub(super) fn add(tags: &mut Vec<Tag>, given: Vec<Tag>) -> Result<(), ApiError> {
    match tag::merge(tags, given) {
        true => Ok(()),
        false => Err(ApiError::limit_exceeded(format!("A rule can have at most {MAX_TAGS} tags."))),
    }
}
