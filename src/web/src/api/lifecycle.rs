//! A repository's lifecycle policy: what it is, and what one would do to the images that are there now.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// What a policy would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecyclePreview {
    /// All images that it would expire, and that it would archive.
    pub expires: u32,
    pub archives: u32,
    /// The first of them, the oldest first.
    pub images: Vec<DueImage>,
}

/// An image that a policy would act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueImage {
    pub digest: String,
    pub tags: Vec<String>,
    pub pushed_at: Option<i64>,
    /// The priority of the rule.
    pub rule: i32,
    /// `EXPIRE`, or `TRANSITION` into the archive.
    pub action: String,
}

/// The policy of a repository as it was written; none when it has none.
#[server(prefix = "/ui/api", endpoint = "lifecycle-policy")]
pub async fn load_lifecycle_policy(repository: String) -> Result<Option<String>, ApiError> {
    let answer = crate::sdk::ecr()?.get_lifecycle_policy().repository_name(repository).send().await;
    match answer.map_err(ApiError::from) {
        Ok(answer) => Ok(answer.lifecycle_policy_text().map(str::to_owned)),
        Err(error) if error.code() == "LifecyclePolicyNotFoundException" => Ok(None),
        Err(error) => Err(error),
    }
}

/// What `policy` would do to the images of a repository as they are now.
///
/// # Errors
/// `InvalidParameterException` with the rule that is wrong.
#[server(prefix = "/ui/api", endpoint = "preview-lifecycle-policy")]
pub async fn preview_lifecycle_policy(repository: String, policy: String) -> Result<LifecyclePreview, ApiError> {
    let ecr = crate::sdk::ecr()?;
    ecr.start_lifecycle_policy_preview().repository_name(&repository).lifecycle_policy_text(policy).send().await?;
    // What would expire is found out when it is asked for: there is nothing to wait for.
    let answer = ecr.get_lifecycle_policy_preview().repository_name(&repository).max_results(100).send().await?;
    Ok(read::preview(&answer))
}

/// Gives a repository its policy; housekeeping acts on it from then on.
#[server(prefix = "/ui/api", endpoint = "put-lifecycle-policy")]
pub async fn put_lifecycle_policy(repository: String, policy: String) -> Result<(), ApiError> {
    crate::sdk::ecr()?.put_lifecycle_policy().repository_name(repository).lifecycle_policy_text(policy).send().await?;
    Ok(())
}

/// Takes a repository's policy away: its images stay until somebody deletes them.
#[server(prefix = "/ui/api", endpoint = "delete-lifecycle-policy")]
pub async fn delete_lifecycle_policy(repository: String) -> Result<(), ApiError> {
    crate::sdk::ecr()?.delete_lifecycle_policy().repository_name(repository).send().await?;
    Ok(())
}

#[cfg(feature = "ssr")]
mod read {
    use aws_sdk_ecr::operation::get_lifecycle_policy_preview::GetLifecyclePolicyPreviewOutput;
    use aws_sdk_ecr::types::LifecyclePolicyPreviewResult;

    use super::{DueImage, LifecyclePreview};
    use crate::api::convert::{count, millis, text};

    pub(super) fn preview(answer: &GetLifecyclePolicyPreviewOutput) -> LifecyclePreview {
        let summary = answer.summary();
        let archives = summary
            .map(|summary| summary.transitioning_image_total_counts())
            .unwrap_or_default()
            .iter()
            .map(|counts| count(counts.image_total_count().unwrap_or(0)))
            .sum();
        LifecyclePreview {
            expires: count(summary.and_then(|summary| summary.expiring_image_total_count()).unwrap_or(0)),
            archives,
            images: answer.preview_results().iter().map(due).collect(),
        }
    }

    fn due(result: &LifecyclePolicyPreviewResult) -> DueImage {
        let action = result.action().and_then(|action| action.r#type());
        DueImage {
            digest: text(result.image_digest()),
            tags: result.image_tags().to_vec(),
            pushed_at: millis(result.image_pushed_at()),
            rule: result.applied_rule_priority().unwrap_or(0),
            action: text(action.map(|action| action.as_str())),
        }
    }
}
