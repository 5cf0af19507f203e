//! GetTaskProtection: which tasks of services are protected from scale-in (ECS API reference, `GetTaskProtection`).

use gantry_model::task::{DesiredStatus, Task};
use gantry_store::task::TaskFilter;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{GetTaskProtectionRequest, GetTaskProtectionResponse};

use crate::authorise;
use crate::context::Call;
use crate::ecs::{protection, resolve};
use crate::error::Failure;

const MOST: usize = 100;

/// Answers GetTaskProtection; without `tasks` it names those of the cluster that are protected.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException for more than a hundred tasks; AccessDeniedException when an agent
/// asks for a task of another host.
pub async fn get_task_protection(
    call: Call,
    input: GetTaskProtectionRequest,
) -> Result<GetTaskProtectionResponse, Failure> {
    let mut reader = call.control.store.read().await?;
    let cluster = resolve::cluster(&mut reader, &call.scope, input.cluster.as_deref()).await?;
    let named = input.tasks.unwrap_or_default();
    if named.len() > MOST {
        return Err(ApiError::invalid_parameter("tasks must name at most 100 tasks.").into());
    }
    let (tasks, failures) = if named.is_empty() {
        let running = TaskFilter {
            cluster: Some(cluster.name.clone()),
            desired_status: Some(DesiredStatus::Running),
            ..TaskFilter::default()
        };
        let ids = gantry_store::task::filter(&mut reader, &call.scope, &running).await?;
        let mut tasks = gantry_store::task::get_many(&mut reader, &call.scope, &ids).await?;
        tasks.retain(|task| task.is_protected(call.now));
        (tasks, Vec::new())
    } else {
        protection::of_services(&mut reader, &call.scope, &cluster.name, &named).await?
    };
    for task in &tasks {
        authorise::own_task(&mut reader, &call, "GetTaskProtection", task).await?;
    }
    let protected = |task: &Task| protection::view(task, call.now);
    Ok(GetTaskProtectionResponse {
        protected_tasks: Some(tasks.iter().map(protected).collect()),
        failures: Some(failures),
    })
}
