//! DescribeTaskDefinition (ECS API reference): a revision, or the latest ACTIVE one of a family.

use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{DescribeTaskDefinitionRequest, DescribeTaskDefinitionResponse};

use crate::context::Call;
use crate::ecs::{resolve, view};
use crate::error::Failure;

/// Answers DescribeTaskDefinition. Revisions that are INACTIVE or being deleted stay describable.
///
/// # Errors
/// ClientException when there is no such task definition.
pub async fn describe_task_definition(
    call: Call,
    input: DescribeTaskDefinitionRequest,
) -> Result<DescribeTaskDefinitionResponse, Failure> {
    let mut reader = call.control.store.read().await?;
    let text = input.task_definition.unwrap_or_default();
    let found = resolve::task_definition(&mut reader, &call.scope, &text).await?;
    let definition = found.ok_or_else(ApiError::task_definition_not_found)?;
    let with_tags = input.include.iter().flatten().any(|i| i == "TAGS");
    Ok(DescribeTaskDefinitionResponse {
        task_definition: Some(view::task_definition::task_definition(&definition)?),
        tags: Some(if with_tags { view::tags(&definition.tags) } else { Vec::new() }),
    })
}
