//! StartTask: runs a task definition on the container instances that the caller names, one task each (ECS API
//! reference, `StartTask`). The scheduler does not choose, but a host that does not fit is refused all the same.

use gantry_model::Arn;
use gantry_model::container_instance::ContainerInstance;
use gantry_model::resources::Requirements;
use gantry_model::task::LaunchType;
use gantry_scheduler::{DefaultStrategy, PlacementRequest, explain};
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{Failure as WireFailure, StartTaskRequest, StartTaskResponse};

use crate::context::Call;
use crate::ecs::hosts::Hosts;
use crate::ecs::launch;
use crate::ecs::new_task::TaskTemplate;
use crate::ecs::run_task::{checked_overrides, group};
use crate::ecs::{record, requirements, resolve, unsupported, view};
use crate::error::Failure;

/// Answers StartTask.
///
/// # Errors
/// ClusterNotFoundException, ClientException for the task definition, InvalidParameterException.
pub async fn start_task(call: Call, input: StartTaskRequest) -> Result<StartTaskResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { start(tx, &call, &input).await })).await
}

async fn start(tx: &mut Tx, call: &Call, input: &StartTaskRequest) -> Result<StartTaskResponse, Failure> {
    let cluster = resolve::cluster(tx, &call.scope, input.cluster.as_deref()).await?;
    unsupported::refuse_volumes(input.volume_configurations.as_deref())?;
    let named = input.container_instances.as_deref().unwrap_or_default();
    if named.is_empty() || named.len() > 10 {
        return Err(ApiError::invalid_parameter("containerInstances must name 1 to 10 container instances.").into());
    }
    let runnable = launch::runnable(tx, &call.scope, input.task_definition.as_deref().unwrap_or_default()).await?;
    launch::check_network(&runnable.document, LaunchType::Ec2, input.network_configuration.as_ref())?;
    let overrides = checked_overrides(input.overrides.as_ref(), &runnable)?;
    let required = requirements::of_task(&runnable.document, &overrides, LaunchType::Ec2);
    let group = group(input.group.as_deref(), &runnable)?;
    let network = input.network_configuration.as_ref().map(launch::kept).transpose()?;
    let tags = launch::task_tags(
        input.tags.as_deref(),
        input.propagate_tags.as_deref(),
        input.enable_ecs_managed_tags,
        &runnable.model.tags,
        &cluster.name,
    )?;
    let template = TaskTemplate {
        scope: &call.scope,
        cluster: &cluster.name,
        definition_id: &runnable.model.id,
        definition: &runnable.document,
        requirements: &required,
        overrides: &overrides,
        launch_type: LaunchType::Ec2,
        capacity_provider: None,
        platform_version: None,
        group: &group,
        started_by: input.started_by.as_deref(),
        service: None,
        network_configuration: network.as_ref(),
        enable_execute_command: input.enable_execute_command.unwrap_or(false),
        constraints: &[],
        strategy: &[],
        tags: &tags,
    };
    let mut hosts = Hosts::load(tx, &call.scope, &cluster.name, LaunchType::Ec2).await?;
    let mut answer = StartTaskResponse { tasks: Some(Vec::new()), failures: Some(Vec::new()) };
    for text in named {
        let id = resolve::container_instance_id(&call.scope, &cluster.name, text);
        let host = id.and_then(|id| hosts.instances.iter().find(|h| h.id == id).cloned());
        let refusal = match &host {
            None => Some("MISSING".to_owned()),
            Some(host) => why_not(&hosts, host, &required, &group),
        };
        match (host, refusal) {
            (Some(host), None) => {
                hosts.state.reserve(&host.id, &required, &group);
                let mut task = template.on(&host, call.now)?;
                record::put_task(tx, &mut task).await?;
                answer.tasks.get_or_insert_default().push(view::task::task(&task, true));
            }
            (host, reason) => answer.failures.get_or_insert_default().push(WireFailure {
                arn: Some(host.map_or_else(
                    || text.clone(),
                    |h| Arn::container_instance(&h.scope, &h.cluster, &h.id).to_string(),
                )),
                reason,
                detail: None,
            }),
        }
    }
    Ok(answer)
}

/// Why the task does not fit on `host`, in the words of the API.
fn why_not(hosts: &Hosts, host: &ContainerInstance, required: &Requirements, group: &str) -> Option<String> {
    let request = PlacementRequest {
        requirements: required,
        group,
        constraints: &[],
        strategy: &[],
        default_strategy: DefaultStrategy::RunTask,
        capacity_provider: None,
    };
    explain(&hosts.state, &request)
        .into_iter()
        .find(|refusal| refusal.instance == host.id)
        .map(|refusal| refusal.reason.as_api().to_owned())
}
