//! One task.

use leptos::prelude::*;

use super::task_list::TaskSummary;
use crate::error::ApiError;

/// One task.
///
/// # Errors
/// `NotFound` when the cluster has none of that id.
#[server(prefix = "/ui/api", endpoint = "describe-task")]
pub async fn describe_task(cluster: String, task: String) -> Result<TaskSummary, ApiError> {
    let answer = crate::sdk::ecs()?.describe_tasks().cluster(&cluster).tasks(&task).send().await?;
    answer
        .tasks()
        .first()
        .map(|found| super::task_list::read::summary(&cluster, found))
        .ok_or_else(|| ApiError::missing("task", &task))
}
