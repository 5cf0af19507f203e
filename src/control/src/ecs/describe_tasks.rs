//! DescribeTasks (ECS API reference): tasks by id or ARN; STOPPED ones for as long as they are kept.

use gantry_model::task::Task;
use gantry_model::{Arn, TaskId};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{DescribeTasksRequest, DescribeTasksResponse};

use crate::context::Call;
use crate::ecs::{resolve, view};
use crate::error::Failure;

const MOST: usize = 100;

/// Answers DescribeTasks, in the order in which the tasks are named.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException for none or more than a hundred.
pub async fn describe_tasks(call: Call, input: DescribeTasksRequest) -> Result<DescribeTasksResponse, Failure> {
    let mut reader = call.control.store.read().await?;
    let cluster = resolve::cluster(&mut reader, &call.scope, input.cluster.as_deref()).await?;
    let named = input.tasks.unwrap_or_default();
    if named.is_empty() {
        return Err(ApiError::invalid_parameter("Tasks cannot be empty.").into());
    }
    if named.len() > MOST {
        return Err(ApiError::invalid_parameter("tasks must name at most 100 tasks.").into());
    }
    let with_tags = input.include.iter().flatten().any(|i| i == "TAGS");
    let ids: Vec<Option<TaskId>> =
        named.iter().map(|text| resolve::task_id(&call.scope, &cluster.name, text)).collect();
    let wanted: Vec<TaskId> = ids.iter().flatten().cloned().collect();
    let found = gantry_store::task::get_many(&mut reader, &call.scope, &wanted).await?;
    let find = |id: &TaskId| -> Option<&Task> { found.iter().find(|t| t.id == *id && t.cluster == cluster.name) };
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for (text, id) in named.into_iter().zip(ids) {
        match (id.as_ref().and_then(find), id) {
            (Some(task), _) => tasks.push(view::task::task(task, with_tags)),
            (None, Some(id)) => {
                failures.push(view::missing(Arn::task(&call.scope, &cluster.name, &id).to_string()));
            }
            (None, None) => failures.push(view::missing(text)),
        }
    }
    Ok(DescribeTasksResponse { tasks: Some(tasks), failures: Some(failures) })
}
