//! Tags of repositories: their rules, and how a request's become a repository's.

use std::collections::BTreeSet;

use gantry_model::tag::{self, RESERVED, Tag, is_reserved};
use gantry_model::{Arn, RepositoryName, Resource};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::Tag as TagShape;

use super::resolve::required;
use crate::context::Call;

/// The tags of a request: no key twice, none reserved.
pub(super) fn read(shapes: Vec<TagShape>) -> Result<Vec<Tag>, ApiError> {
    let tags: Vec<Tag> = shapes
        .into_iter()
        .map(|shape| Ok(Tag { key: required("tags.member.Key", shape.key)?, value: shape.value.unwrap_or_default() }))
        .collect::<Result<_, ApiError>>()?;
    let mut keys = BTreeSet::new();
    for Tag { key, .. } in &tags {
        if !keys.insert(key.as_str()) {
            return Err(ApiError::invalid_tag_parameter(format!("Duplicate tag keys found: '{key}'")));
        }
        if is_reserved(key) {
            return Err(ApiError::invalid_tag_parameter(format!(
                "Tag key '{key}' is not allowed: keys that start with '{RESERVED}' are reserved"
            )));
        }
    }
    Ok(tags)
}

/// Puts `tags` among those of a repository, each in the place of the one with its key.
pub(super) fn merge(of: &mut Vec<Tag>, tags: Vec<Tag>) -> Result<(), ApiError> {
    if tag::merge(of, tags) { Ok(()) } else { Err(ApiError::too_many_tags()) }
}

/// The repository that `resourceArn` names, which the tags of ECR are of.
pub(super) fn resource(call: &Call, arn: Option<&str>) -> Result<RepositoryName, ApiError> {
    let text = arn.unwrap_or_default();
    let invalid = || ApiError::constraint("resourceArn", "Invalid ARN");
    let Arn { scope, resource } = text.parse().map_err(|_| invalid())?;
    let Resource::Repository(name) = resource else { return Err(invalid()) };
    if scope != call.scope {
        return Err(ApiError::repository_not_found(name.as_str(), scope.account.as_str()));
    }
    Ok(name)
}
