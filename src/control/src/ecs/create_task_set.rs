//! CreateTaskSet: a further share of a service that an external controller deploys (ECS API reference, `CreateTaskSet`).

use gantry_model::service::{Service, TaskSet, Workload};
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{CreateTaskSetRequest, CreateTaskSetResponse};
use serde_json::{Map, json};

use crate::context::Call;
use crate::ecs::{idempotency, launch, record, resolve, service_spec, task_sets};
use crate::error::Failure;
use crate::ids;

/// The most sets that one service has.
const MOST: usize = 5;
const OPERATION: &str = "CreateTaskSet";

/// Answers CreateTaskSet; its tasks follow.
///
/// # Errors
/// As [`task_sets::service`]; ClientException for the task definition and the launch type; LimitExceededException beyond
/// five sets; InvalidParameterException.
pub async fn create_task_set(call: Call, input: CreateTaskSetRequest) -> Result<CreateTaskSetResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { create(tx, &call, &input).await })).await
}

async fn create(tx: &mut Tx, call: &Call, input: &CreateTaskSetRequest) -> Result<CreateTaskSetResponse, Failure> {
    let mut service = task_sets::service(tx, &call.scope, input.cluster.as_deref(), input.service.as_deref()).await?;
    let token = input.client_token.as_deref();
    if let Some(answer) = idempotency::earlier(tx, &call.scope, OPERATION, token, input).await? {
        return Ok(answer);
    }
    if service.task_sets.len() >= MOST {
        return Err(ApiError::new("LimitExceededException", "A service has at most five task sets.").into());
    }
    if let Some(external_id) = &input.external_id
        && service.task_sets.iter().any(|set| set.external_id.as_ref() == Some(external_id))
    {
        let text = format!("externalId: the service has a task set of the id '{external_id}' already.");
        return Err(ApiError::invalid_parameter(text).into());
    }
    let runnable = launch::runnable(tx, &call.scope, input.task_definition.as_deref().unwrap_or_default()).await?;
    let workload = workload(tx, call, &service, input, &runnable).await?;
    let set = TaskSet {
        scale: task_sets::scale(input.scale.as_ref())?,
        external_id: input.external_id.clone(),
        tags: launch::tags(input.tags.as_deref().unwrap_or_default())?,
        ..TaskSet::new(ids::deployment_id()?, runnable.model.id, workload, call.now)
    };
    service.task_sets.push(set.clone());
    service.steady_since = None;
    record::put_service(tx, &mut service).await?;
    let answer =
        CreateTaskSetResponse { task_set: Some(task_sets::view_of(tx, &service, &set, !set.tags.is_empty()).await?) };
    idempotency::remember(tx, &call.scope, OPERATION, token, input, &answer, call.now).await?;
    Ok(answer)
}

/// What the set's tasks are made with. Its balancers and registries are kept for its controller, which moves the traffic.
async fn workload(
    tx: &mut Tx,
    call: &Call,
    service: &Service,
    input: &CreateTaskSetRequest,
    runnable: &launch::Runnable,
) -> Result<Workload, Failure> {
    let launch_type = input.launch_type.as_deref();
    if launch_type == Some("EXTERNAL") {
        return Err(ApiError::client("launch type should be one of [EC2,FARGATE]").into());
    }
    let items = input.capacity_provider_strategy.as_deref().unwrap_or_default();
    let asked = launch_type.or_else(|| if items.is_empty() { service.launch_type.map(|l| l.as_str()) } else { None });
    let cluster = resolve::cluster(tx, &call.scope, input.cluster.as_deref()).await?;
    let capacity = launch::capacity(tx, &cluster, asked, items).await?;
    launch::check_network(&runnable.document, capacity.launch_type, input.network_configuration.as_ref())?;
    launch::platform_version(capacity.launch_type, input.platform_version.as_deref())?;
    let mut kept = Map::new();
    // Also on hosts of one's own, where it means nothing: clients of the API expect it.
    kept.insert("platformVersion".to_owned(), json!(input.platform_version.as_deref().unwrap_or("LATEST")));
    service_spec::keep(&mut kept, "networkConfiguration", input.network_configuration.as_ref())?;
    service_spec::keep(&mut kept, "loadBalancers", input.load_balancers.as_ref())?;
    service_spec::keep(&mut kept, "serviceRegistries", input.service_registries.as_ref())?;
    Ok(Workload { launch_type: capacity.own_launch_type(), capacity_provider_strategy: capacity.strategy, kept })
}
