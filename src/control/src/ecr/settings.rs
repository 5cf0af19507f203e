//! Settings of a repository as requests give them: mutability of tags, encryption.

use gantry_model::image::TagMutability;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{EncryptionConfiguration, ImageTagMutabilityExclusionFilter};
use serde_json::{Value, json};

/// The most `*` that an exclusion filter may have.
const MAX_WILDCARDS: usize = 2;

/// Whether tags may move, and which are left out of it. The patterns come with the `…_WITH_EXCLUSION` values and only
/// with them.
pub(super) fn tag_mutability(
    mutability: Option<&str>,
    filters: Option<Vec<ImageTagMutabilityExclusionFilter>>,
) -> Result<(TagMutability, Vec<String>), ApiError> {
    let mutability = read_mutability(mutability.unwrap_or("MUTABLE"))?;
    let with_exclusion =
        matches!(mutability, TagMutability::MutableWithExclusion | TagMutability::ImmutableWithExclusion);
    let filters = filters.filter(|filters| !filters.is_empty());
    let rule = match (with_exclusion, &filters) {
        (true, None) => "can't be null when imageTagMutability is set as",
        (false, Some(_)) => "are not allowed when imageTagMutability is set as",
        _ => return Ok((mutability, patterns(filters.unwrap_or_default())?)),
    };
    let constraint = format!("ImageTagMutabilityExclusionFilters {rule} {}", mutability.as_str());
    Err(ApiError::constraint("imageTagMutabilityExclusionFilters", &constraint))
}

fn read_mutability(text: &str) -> Result<TagMutability, ApiError> {
    let all = [
        TagMutability::Immutable,
        TagMutability::Mutable,
        TagMutability::MutableWithExclusion,
        TagMutability::ImmutableWithExclusion,
    ];
    all.into_iter().find(|mutability| mutability.as_str() == text).ok_or_else(|| {
        let set = all.map(TagMutability::as_str).join(", ");
        ApiError::constraint("imageTagMutability", &format!("Member must satisfy enum value set: [{set}]"))
    })
}

fn patterns(filters: Vec<ImageTagMutabilityExclusionFilter>) -> Result<Vec<String>, ApiError> {
    let mut patterns = Vec::new();
    for filter in filters {
        let pattern = filter.filter.unwrap_or_default();
        if pattern.matches('*').count() > MAX_WILDCARDS {
            let rule = format!("Member must have at most {MAX_WILDCARDS} wildcards");
            return Err(ApiError::constraint("imageTagMutabilityExclusionFilters", &rule));
        }
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    Ok(patterns)
}

/// How the repository's bytes are encrypted. Keys of a key management service are refused rather than kept and not used:
/// who asks for one relies on it.
pub(super) fn encryption(given: Option<EncryptionConfiguration>) -> Result<Value, ApiError> {
    let EncryptionConfiguration { encryption_type, kms_key } = given.unwrap_or_default();
    let encryption_type = encryption_type.as_deref().unwrap_or("AES256");
    if encryption_type != "AES256" {
        return Err(ApiError::new(
            "KmsException",
            format!("Encryption with {encryption_type} needs AWS KMS, which this registry does not have; use AES256"),
        )
        .with_member("kmsError", "KMS is not available"));
    }
    if kms_key.is_some() {
        return Err(ApiError::constraint(
            "encryptionConfiguration",
            "kmsKey is not allowed with encryptionType AES256",
        ));
    }
    Ok(json!({ "encryptionType": "AES256" }))
}
