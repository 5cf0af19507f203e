//! DescribeTaskSets (ECS API reference).

use gantry_wire::shapes::ecs::{DescribeTaskSetsRequest, DescribeTaskSetsResponse};

use crate::context::Call;
use crate::ecs::{task_sets, view};
use crate::error::Failure;

/// Answers DescribeTaskSets: those that are named, or all of the service.
///
/// # Errors
/// As [`task_sets::service`].
pub async fn describe_task_sets(
    call: Call,
    input: DescribeTaskSetsRequest,
) -> Result<DescribeTaskSetsResponse, Failure> {
    let mut reader = call.control.store.read().await?;
    let service =
        task_sets::service(&mut reader, &call.scope, input.cluster.as_deref(), input.service.as_deref()).await?;
    let tasks = gantry_store::task::of_service(&mut reader, &call.scope, &service.cluster, &service.name).await?;
    let with_tags = input.include.iter().flatten().any(|i| i == "TAGS");
    let named = input.task_sets.unwrap_or_default();
    let mut positions: Vec<usize> = (0..service.task_sets.len()).collect();
    let mut failures = Vec::new();
    if !named.is_empty() {
        positions.clear();
        for text in named {
            match task_sets::position(&service, &text) {
                Some(position) => positions.push(position),
                None => failures.push(view::missing(text)),
            }
        }
    }
    let sets =
        positions.into_iter().map(|p| view::task_set::task_set(&service, &service.task_sets[p], &tasks, with_tags));
    Ok(DescribeTaskSetsResponse { task_sets: Some(sets.collect::<Result<_, _>>()?), failures: Some(failures) })
}
