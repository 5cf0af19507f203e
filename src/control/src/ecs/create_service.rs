//! CreateService: keeps a number of tasks of a definition running (ECS API reference, `CreateService`).

use gantry_model::ServiceName;
use gantry_model::cluster::Cluster;
use gantry_model::service::{DeploymentController, SchedulingStrategy, Service, ServiceStatus};
use gantry_model::task::LaunchType;
use gantry_scheduler::start_deployment;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{CreateServiceRequest, CreateServiceResponse};
use serde_json::{Map, Value, json};

use crate::context::Call;
use crate::ecs::launch::{self, Capacity, Runnable};
use crate::ecs::{
    describe_services, idempotency, load_balancers, record, resolve, service_spec, unsupported, zone_rebalancing,
};
use crate::error::Failure;
use crate::ids;

/// Answers CreateService. The service's tasks follow; nothing waits for them.
///
/// # Errors
/// ClusterNotFoundException, ClientException for the task definition, InvalidParameterException also for a name that an
/// ACTIVE or DRAINING service has.
pub async fn create_service(call: Call, input: CreateServiceRequest) -> Result<CreateServiceResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { create(tx, &call, &input).await })).await
}

async fn create(tx: &mut Tx, call: &Call, input: &CreateServiceRequest) -> Result<CreateServiceResponse, Failure> {
    let cluster = resolve::cluster(tx, &call.scope, input.cluster.as_deref()).await?;
    let token = input.client_token.as_deref();
    if let Some(answer) = idempotency::earlier(tx, &call.scope, "CreateService", token, input).await? {
        return Ok(answer);
    }
    refuse_unsupported(input)?;
    let name = ServiceName::parse(input.service_name.clone().unwrap_or_default())
        .map_err(|e| ApiError::invalid_parameter(format!("serviceName: {e}.")))?;
    if let Some(existing) = gantry_store::service::get(tx, &call.scope, &cluster.name, &name).await? {
        match existing.status {
            ServiceStatus::Active => {
                return Err(ApiError::invalid_parameter("Creation of service was not idempotent.").into());
            }
            ServiceStatus::Draining => {
                return Err(ApiError::invalid_parameter("Unable to Start a service that is still Draining.").into());
            }
            ServiceStatus::Inactive => {}
        }
    }
    let controller = controller(input);
    let runnable = match input.task_definition.as_deref() {
        Some(definition) => Some(launch::runnable(tx, &call.scope, definition).await?),
        None if controller == DeploymentController::Ecs => {
            return Err(ApiError::invalid_parameter("TaskDefinition can not be blank.").into());
        }
        None => None,
    };
    let strategy = input.capacity_provider_strategy.as_deref().unwrap_or_default();
    let capacity = launch::capacity(tx, &cluster, input.launch_type.as_deref(), strategy).await?;
    let mut service = service(call, input, &cluster, name, runnable.as_ref(), &capacity)?;
    if let (Some(given), Some(runnable)) = (&input.load_balancers, &runnable) {
        let strategy = service.deployment_configuration.strategy;
        load_balancers::check(tx, call, given, &runnable.document, strategy).await?;
    }
    if let Some(runnable) = runnable.filter(|_| controller == DeploymentController::Ecs) {
        service = start_deployment(&service, ids::deployment_id()?, runnable.model.id, call.now);
    }
    record::put_service(tx, &mut service).await?;
    let answer = CreateServiceResponse { service: Some(describe_services::view_of(tx, &service, true).await?) };
    idempotency::remember(tx, &call.scope, "CreateService", token, input, &answer, call.now).await?;
    Ok(answer)
}

fn refuse_unsupported(input: &CreateServiceRequest) -> Result<(), ApiError> {
    unsupported::refuse_traffic(
        input.service_registries.as_deref(),
        input.service_connect_configuration.as_ref(),
        input.vpc_lattice_configurations.as_deref(),
    )?;
    unsupported::refuse_volumes(input.volume_configurations.as_deref())?;
    unsupported::refuse_deployments(input.deployment_controller.as_ref(), input.deployment_configuration.as_ref())
}

fn controller(input: &CreateServiceRequest) -> DeploymentController {
    let kind = input.deployment_controller.as_ref().and_then(|c| c.r#type.as_deref());
    if kind == Some("EXTERNAL") { DeploymentController::External } else { DeploymentController::Ecs }
}

/// The service that the request describes, without a deployment yet.
fn service(
    call: &Call,
    input: &CreateServiceRequest,
    cluster: &Cluster,
    name: ServiceName,
    runnable: Option<&Runnable>,
    capacity: &Capacity,
) -> Result<Service, Failure> {
    let scheduling_strategy = scheduling_strategy(input)?;
    service_spec::refuse_idle(controller(input), input.deployment_configuration.as_ref())?;
    if let Some(runnable) = runnable {
        launch::check_network(&runnable.document, capacity.launch_type, input.network_configuration.as_ref())?;
    }
    if scheduling_strategy == SchedulingStrategy::Daemon && controller(input) != DeploymentController::Ecs {
        let text = "The daemon scheduling strategy is only for services whose deployment controller is ECS.";
        return Err(ApiError::invalid_parameter(text).into());
    }
    if scheduling_strategy == SchedulingStrategy::Daemon && capacity.launch_type == LaunchType::Fargate {
        return Err(ApiError::invalid_parameter("The daemon scheduling strategy is not supported on Fargate.").into());
    }
    let placement_strategy = launch::placement_strategy(input.placement_strategy.as_deref().unwrap_or_default())?;
    if scheduling_strategy == SchedulingStrategy::Daemon && !placement_strategy.is_empty() {
        return Err(ApiError::invalid_parameter("placementStrategy must be empty for DAEMON services.").into());
    }
    let mut service = Service {
        scheduling_strategy,
        desired_count: desired_count(input, scheduling_strategy)?,
        task_definition: runnable.map(|runnable| runnable.model.id.clone()),
        launch_type: capacity.own_launch_type(),
        capacity_provider_strategy: capacity.strategy.clone(),
        deployment_configuration: service_spec::deployment_configuration(
            input.deployment_configuration.as_ref(),
            &service_spec::default_configuration(scheduling_strategy),
            scheduling_strategy,
        )?,
        placement_constraints: launch::placement_constraints(
            input.placement_constraints.as_deref().unwrap_or_default(),
        )?,
        placement_strategy,
        health_check_grace_period_s: service_spec::grace_period(input.health_check_grace_period_seconds)?,
        extra: extra(input, capacity)?,
        client_token: input.client_token.clone(),
        created_by: call.principal.arn.clone(),
        tags: launch::tags(input.tags.as_deref().unwrap_or_default())?,
        deployment_controller: controller(input),
        ..Service::new(call.scope.clone(), cluster.name.clone(), name, call.now)
    };
    let given = input.availability_zone_rebalancing.as_deref();
    zone_rebalancing::set(&mut service, given, true)?;
    Ok(service)
}

fn scheduling_strategy(input: &CreateServiceRequest) -> Result<SchedulingStrategy, ApiError> {
    match input.scheduling_strategy.as_deref() {
        None | Some("REPLICA") => Ok(SchedulingStrategy::Replica),
        Some("DAEMON") => Ok(SchedulingStrategy::Daemon),
        Some(other) => Err(ApiError::invalid_parameter(format!("schedulingStrategy: unknown value '{other}'."))),
    }
}

fn desired_count(input: &CreateServiceRequest, strategy: SchedulingStrategy) -> Result<u32, ApiError> {
    match (strategy, input.desired_count) {
        (SchedulingStrategy::Replica, Some(count)) => service_spec::desired_count(count),
        (SchedulingStrategy::Replica, None) => {
            Err(ApiError::invalid_parameter("desiredCount is required for REPLICA services."))
        }
        (SchedulingStrategy::Daemon, None | Some(0)) => Ok(0),
        (SchedulingStrategy::Daemon, Some(_)) => {
            Err(ApiError::invalid_parameter("desiredCount must not be given for DAEMON services."))
        }
    }
}

/// The members that the service keeps and answers as they were given.
fn extra(input: &CreateServiceRequest, capacity: &Capacity) -> Result<Map<String, Value>, ApiError> {
    let mut extra = Map::new();
    let version = launch::platform_version(capacity.launch_type, input.platform_version.as_deref())?;
    if version.is_some() {
        extra.insert("platformVersion".to_owned(), json!(input.platform_version.as_deref().unwrap_or("LATEST")));
        extra.insert("platformFamily".to_owned(), json!("Linux"));
    }
    service_spec::keep(&mut extra, "networkConfiguration", input.network_configuration.as_ref())?;
    service_spec::keep(&mut extra, load_balancers::MEMBER, input.load_balancers.as_ref())?;
    service_spec::keep(&mut extra, "roleArn", input.role.as_ref())?;
    let propagate = service_spec::propagate_tags(input.propagate_tags.as_deref().unwrap_or("NONE"))?;
    extra.insert("propagateTags".to_owned(), json!(propagate));
    extra.insert("enableECSManagedTags".to_owned(), json!(input.enable_ecs_managed_tags.unwrap_or(false)));
    extra.insert("enableExecuteCommand".to_owned(), json!(input.enable_execute_command.unwrap_or(false)));
    Ok(extra)
}
