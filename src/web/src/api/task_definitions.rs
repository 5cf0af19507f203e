//! Task definitions: families and their revisions.

use leptos::prelude::*;

use crate::error::ApiError;

/// The families that have an active revision.
#[server(prefix = "/ui/api", endpoint = "list-families")]
pub async fn list_families() -> Result<Vec<String>, ApiError> {
    use aws_sdk_ecs::types::TaskDefinitionFamilyStatus;
    let families = crate::sdk::ecs()?
        .list_task_definition_families()
        .status(TaskDefinitionFamilyStatus::Active)
        .into_paginator()
        .items()
        .send()
        .collect::<Result<_, _>>()
        .await?;
    Ok(families)
}
