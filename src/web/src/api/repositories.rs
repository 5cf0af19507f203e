//! Repositories and their images.

use leptos::prelude::*;

use crate::error::ApiError;

/// The names of all repositories.
#[server(prefix = "/ui/api", endpoint = "list-repositories")]
pub async fn list_repositories() -> Result<Vec<String>, ApiError> {
    let repositories: Vec<aws_sdk_ecr::types::Repository> =
        crate::sdk::ecr()?.describe_repositories().into_paginator().items().send().collect::<Result<_, _>>().await?;
    Ok(repositories.iter().map(|r| r.repository_name().unwrap_or_default().to_owned()).collect())
}
