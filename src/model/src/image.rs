//! Repositories and images, as the registry and the ECR API share them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ids::{Digest, ImageTag, RepositoryName, Scope};
use crate::tag::Tag;
use crate::time::UnixMillis;

/// A repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Repository {
    pub scope: Scope,
    pub name: RepositoryName,
    pub created_at: UnixMillis,
    pub image_tag_mutability: TagMutability,
    /// `imageTagMutabilityExclusionFilters`: wildcard patterns.
    pub mutability_exclusion_filters: Vec<String>,
    pub scan_on_push: bool,
    /// `encryptionConfiguration` in the shape of the API.
    pub encryption_configuration: Value,
    pub tags: Vec<Tag>,
    /// The text of the repository's policy, a valid one (`policy`).
    #[serde(default)]
    pub policy: Option<String>,
    /// Which images expire; `None` when none does.
    #[serde(default)]
    pub lifecycle_policy: Option<StoredLifecyclePolicy>,
    /// The text of the policy that a preview was last asked for.
    #[serde(default)]
    pub lifecycle_preview: Option<String>,
}

/// A lifecycle policy as it was given, which was found valid (`lifecycle::LifecyclePolicy`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredLifecyclePolicy {
    pub text: String,
    /// `None` until it was applied.
    pub last_evaluated_at: Option<UnixMillis>,
}

/// Whether a tag may move to another image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TagMutability {
    Mutable,
    Immutable,
    ImmutableWithExclusion,
    MutableWithExclusion,
}

impl TagMutability {
    /// The setting as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mutable => "MUTABLE",
            Self::Immutable => "IMMUTABLE",
            Self::ImmutableWithExclusion => "IMMUTABLE_WITH_EXCLUSION",
            Self::MutableWithExclusion => "MUTABLE_WITH_EXCLUSION",
        }
    }
}

impl Repository {
    /// A repository with the defaults of the API: mutable tags, no scanning, no policies.
    #[must_use]
    pub fn new(scope: Scope, name: RepositoryName, created_at: UnixMillis) -> Self {
        Self {
            scope,
            name,
            created_at,
            image_tag_mutability: TagMutability::Mutable,
            mutability_exclusion_filters: Vec::new(),
            scan_on_push: false,
            encryption_configuration: json!({ "encryptionType": "AES256" }),
            tags: Vec::new(),
            policy: None,
            lifecycle_policy: None,
            lifecycle_preview: None,
        }
    }

    /// Whether `tag` is fixed to the image that it first named.
    #[must_use]
    pub fn is_immutable(&self, tag: &ImageTag) -> bool {
        let excluded = || self.mutability_exclusion_filters.iter().any(|f| wildcard_matches(f, tag.as_str()));
        match self.image_tag_mutability {
            TagMutability::Mutable => false,
            TagMutability::Immutable => true,
            TagMutability::ImmutableWithExclusion => !excluded(),
            TagMutability::MutableWithExclusion => excluded(),
        }
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any run of characters.
#[must_use]
pub fn wildcard_matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// A manifest in a repository with the tags that name it. The bytes are kept beside, never re-serialised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    pub scope: Scope,
    pub repository: RepositoryName,
    pub digest: Digest,
    pub media_type: String,
    pub artifact_media_type: Option<String>,
    pub subject: Option<Digest>,
    /// Config and layers together; of an index the largest child.
    pub size_bytes: i64,
    pub pushed_at: UnixMillis,
    pub last_pulled_at: Option<UnixMillis>,
    /// When it was put into the archive, if it is there; then it is not served.
    pub archived_at: Option<UnixMillis>,
    /// When it was last taken out of the archive.
    pub activated_at: Option<UnixMillis>,
    pub tags: Vec<ImageTag>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_any_run_of_characters() {
        for (pattern, text, expected) in [
            ("*", "anything", true),
            ("v*", "v1.2", true),
            ("v*", "w1", false),
            ("*-rc*", "v1-rc2", true),
            ("a*b", "ab", true),
            ("a*b", "abc", false),
            ("ab*ba", "aba", false),
            ("exact", "exact", true),
            ("exact", "exactly", false),
        ] {
            assert_eq!(wildcard_matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
