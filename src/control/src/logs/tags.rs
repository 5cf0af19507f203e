//! Tags of log groups: their rules, and how a request's become a group's.

use std::collections::BTreeMap;

use gantry_model::tag::{MAX_TAGS, RESERVED, is_reserved};
use gantry_store::log_group::StoredGroup;
use gantry_wire::ApiError;

/// Checks the tags of a request.
pub(super) fn read(tags: Option<BTreeMap<String, String>>) -> Result<BTreeMap<String, String>, ApiError> {
    let tags = tags.unwrap_or_default();
    match tags.keys().find(|key| is_reserved(key)) {
        Some(key) => Err(ApiError::invalid_parameter(format!(
            "Tag key '{key}' is not allowed: keys that start with '{RESERVED}' are reserved."
        ))),
        None => Ok(tags),
    }
}

/// Puts tags on a group; a key that it has gets the new value.
///
/// # Errors
/// TooManyTagsException from TagResource, LimitExceededException from older operations: `too_many` says which.
pub(super) fn add(
    group: &mut StoredGroup,
    tags: BTreeMap<String, String>,
    too_many: fn() -> ApiError,
) -> Result<(), ApiError> {
    group.group.tags.extend(tags);
    if group.group.tags.len() > MAX_TAGS { Err(too_many()) } else { Ok(()) }
}

/// Takes the tags with these keys off a group.
pub(super) fn remove(group: &mut StoredGroup, keys: &[String]) {
    group.group.tags.retain(|key, _| !keys.contains(key));
}
