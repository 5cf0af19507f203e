//! Tags of secrets.

use gantry_model::Tag;
use gantry_model::tag::{self, MAX_TAGS, RESERVED, is_reserved};
use gantry_wire::ApiError;
use gantry_wire::shapes::secretsmanager as wire;

/// Checks the tags of a request.
pub(super) fn read(tags: Option<Vec<wire::Tag>>) -> Result<Vec<Tag>, ApiError> {
    let mut read: Vec<Tag> = Vec::new();
    for tag in tags.unwrap_or_default() {
        let key = tag.key.filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| ApiError::invalid_parameter("Each tag in Tags needs a Key."))?;
        if is_reserved(&key) {
            return Err(ApiError::invalid_parameter(format!(
                "The tag key {key} is not allowed: keys that start with '{RESERVED}' are reserved."
            )));
        }
        read.push(Tag { key, value: tag.value.unwrap_or_default() });
    }
    Ok(read)
}

/// Puts tags on a secret; a key that it has gets the new value.
pub(super) fn add(tags: &mut Vec<Tag>, given: Vec<Tag>) -> Result<(), ApiError> {
    match tag::merge(tags, given) {
        true => Ok(()),
        false => Err(ApiError::invalid_parameter(format!("A secret can have at most {MAX_TAGS} tags."))),
    }
}

/// Tags as they are told.
pub(super) fn shapes(tags: &[Tag]) -> Vec<wire::Tag> {
    tags.iter().map(|tag| wire::Tag { key: Some(tag.key.clone()), value: Some(tag.value.clone()) }).collect()
}
