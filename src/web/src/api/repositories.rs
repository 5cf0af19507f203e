//! Repositories: the list, one of them with its images, creating and deleting.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::images::ImageSummary;
use crate::error::ApiError;

/// A repository as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RepositorySummary {
    pub name: String,
    /// What `docker` takes before the tag.
    pub uri: String,
    pub arn: String,
    pub created_at: Option<i64>,
    /// Whether a tag that is taken stays with its image.
    pub immutable: bool,
    /// Whether each push is scanned.
    pub scan_on_push: bool,
    pub images: u32,
    /// The sum of the sizes of its images in bytes; layers that images share count for each.
    pub size: i64,
    pub pushed_at: Option<i64>,
}

/// A repository with its images, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryDetail {
    pub summary: RepositorySummary,
    pub images: Vec<ImageSummary>,
}

/// All repositories, by name.
#[server(prefix = "/ui/api", endpoint = "list-repositories")]
pub async fn list_repositories() -> Result<Vec<RepositorySummary>, ApiError> {
    let ecr = crate::sdk::ecr()?;
    let found: Vec<aws_sdk_ecr::types::Repository> =
        ecr.describe_repositories().into_paginator().items().send().collect::<Result<_, _>>().await?;
    let mut repositories = Vec::with_capacity(found.len());
    for repository in &found {
        let images = super::images::read::all(&ecr, repository.repository_name().unwrap_or_default()).await?;
        repositories.push(read::summary(repository, &images));
    }
    repositories.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(repositories)
}

/// One repository.
///
/// # Errors
/// `RepositoryNotFoundException`.
#[server(prefix = "/ui/api", endpoint = "describe-repository")]
pub async fn describe_repository(name: String) -> Result<RepositoryDetail, ApiError> {
    let ecr = crate::sdk::ecr()?;
    let answer = ecr.describe_repositories().repository_names(&name).send().await?;
    let found = answer.repositories().first().ok_or_else(|| ApiError::missing("repository", &name))?;
    let images = super::images::read::all(&ecr, &name).await?;
    Ok(RepositoryDetail { summary: read::summary(found, &images), images })
}

/// Creates a repository and goes to its page.
///
/// # Errors
/// What CreateRepository answers.
#[server(prefix = "/ui/api", endpoint = "create-repository")]
pub async fn create_repository(name: String, mutability: String) -> Result<(), ApiError> {
    let name = name.trim();
    let mutability = mutability.as_str().into();
    crate::sdk::ecr()?.create_repository().repository_name(name).image_tag_mutability(mutability).send().await?;
    leptos_axum::redirect(&format!("/repositories/{}", crate::format::query_value(name)));
    Ok(())
}

/// Sets whether tags of a repository may move.
#[server(prefix = "/ui/api", endpoint = "set-tag-mutability")]
pub async fn set_tag_mutability(name: String, mutability: String) -> Result<(), ApiError> {
    let mutability = mutability.as_str().into();
    crate::sdk::ecr()?.put_image_tag_mutability().repository_name(name).image_tag_mutability(mutability).send().await?;
    Ok(())
}

/// Sets whether each push to a repository is scanned.
#[server(prefix = "/ui/api", endpoint = "set-scan-on-push")]
pub async fn set_scan_on_push(name: String, scan: Option<String>) -> Result<(), ApiError> {
    let scanning = aws_sdk_ecr::types::ImageScanningConfiguration::builder().scan_on_push(scan.is_some()).build();
    let ecr = crate::sdk::ecr()?;
    ecr.put_image_scanning_configuration().repository_name(name).image_scanning_configuration(scanning).send().await?;
    Ok(())
}

/// Deletes a repository, with `force` also its images, and goes to the list.
///
/// # Errors
/// `RepositoryNotEmptyException` without `force`; what DeleteRepository answers.
#[server(prefix = "/ui/api", endpoint = "delete-repository")]
pub async fn delete_repository(name: String, force: Option<String>) -> Result<(), ApiError> {
    crate::sdk::ecr()?.delete_repository().repository_name(name).force(force.is_some()).send().await?;
    leptos_axum::redirect("/repositories");
    Ok(())
}

#[cfg(feature = "ssr")]
mod read {
    use aws_sdk_ecr::types::{ImageTagMutability, Repository};

    use super::RepositorySummary;
    use crate::api::convert::{millis, text};
    use crate::api::images::ImageSummary;

    pub(super) fn summary(repository: &Repository, images: &[ImageSummary]) -> RepositorySummary {
        RepositorySummary {
            name: text(repository.repository_name()),
            uri: text(repository.repository_uri()),
            arn: text(repository.repository_arn()),
            created_at: millis(repository.created_at()),
            immutable: repository.image_tag_mutability() == Some(&ImageTagMutability::Immutable),
            scan_on_push: repository.image_scanning_configuration().is_some_and(|scanning| scanning.scan_on_push()),
            images: u32::try_from(images.len()).unwrap_or(u32::MAX),
            size: images.iter().map(|image| image.size).sum(),
            pushed_at: images.iter().filter_map(|image| image.pushed_at).max(),
        }
    }
}
