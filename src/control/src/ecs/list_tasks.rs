//! ListTasks (ECS API reference): the ARNs of a cluster's tasks, by filters.

use gantry_model::cluster::Cluster;
use gantry_model::task::{DesiredStatus, LaunchType};
use gantry_model::{Arn, Family};
use gantry_store::Conn;
use gantry_store::task::TaskFilter;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{ListTasksRequest, ListTasksResponse};

use crate::context::Call;
use crate::ecs::{describe_services, paging, resolve};
use crate::error::Failure;

/// How long a stopped task is listed: an hour, as ECS promises. Described by its ARN it can be for longer.
const LISTED_S: i64 = 60 * 60;

/// Answers ListTasks: without a desired status those that are wanted RUNNING.
///
/// # Errors
/// ClusterNotFoundException; ServiceNotFoundException; InvalidParameterException for filters that exclude each other, a
/// family or container instance of a wrong form, a page size or token that is not one.
pub async fn list_tasks(call: Call, input: ListTasksRequest) -> Result<ListTasksResponse, Failure> {
    check_exclusive(&input)?;
    let mut reader = call.control.store.read().await?;
    let cluster = resolve::cluster(&mut reader, &call.scope, input.cluster.as_deref()).await?;
    let ids = match filter(&mut reader, &call, &cluster, &input).await? {
        Some(filter) => gantry_store::task::filter(&mut reader, &call.scope, &filter).await?,
        None => Vec::new(),
    };
    let arns = ids.iter().map(|id| Arn::task(&call.scope, &cluster.name, id).to_string()).collect();
    let (task_arns, next_token) = paging::page(arns, input.next_token.as_deref(), input.max_results)?;
    Ok(ListTasksResponse { task_arns: Some(task_arns), next_token })
}

fn check_exclusive(input: &ListTasksRequest) -> Result<(), ApiError> {
    if input.started_by.is_some()
        && (input.family.is_some() || input.service_name.is_some() || input.container_instance.is_some())
    {
        let text =
            "startedBy must be the only filter: family, serviceName and containerInstance cannot stand beside it.";
        return Err(ApiError::invalid_parameter(text));
    }
    if input.daemon_name.is_some() {
        return Err(ApiError::invalid_parameter("daemonName is not available: Gantry has no managed daemons."));
    }
    Ok(())
}

/// The filter that the request asks for; `None` when nothing can pass it.
async fn filter(
    conn: &mut Conn,
    call: &Call,
    cluster: &Cluster,
    input: &ListTasksRequest,
) -> Result<Option<TaskFilter>, Failure> {
    let desired = match input.desired_status.as_deref() {
        None | Some("RUNNING") => DesiredStatus::Running,
        Some("STOPPED") => DesiredStatus::Stopped,
        // "ECS never sets the desired status of a task to that value" (API reference).
        Some(_) => return Ok(None),
    };
    let launch_type = match input.launch_type.as_deref() {
        None => None,
        Some("EC2") => Some(LaunchType::Ec2),
        Some("FARGATE") => Some(LaunchType::Fargate),
        Some("EXTERNAL") => Some(LaunchType::External),
        Some(_) => return Ok(None),
    };
    let service = match input.service_name.as_deref() {
        None => None,
        Some(text) => {
            let found = describe_services::named(conn, &call.scope, &cluster.name, text).await?;
            Some(found.ok_or_else(ApiError::service_not_found)?.name)
        }
    };
    let instance = match input.container_instance.as_deref() {
        None => None,
        Some(text) => Some(
            resolve::container_instance_id(&call.scope, &cluster.name, text)
                .ok_or_else(ApiError::container_instance_not_found)?,
        ),
    };
    let family = input.family.as_deref().map(Family::parse).transpose();
    Ok(Some(TaskFilter {
        cluster: Some(cluster.name.clone()),
        instance,
        family: family.map_err(|e| ApiError::invalid_parameter(format!("Invalid family: the {e}.")))?,
        service,
        deployment: None,
        started_by: input.started_by.clone(),
        desired_status: Some(desired),
        launch_type,
        stopped_since: Some(call.now.plus_seconds(-LISTED_S)),
    }))
}
