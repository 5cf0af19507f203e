//! UpdateService: changes what a service should be (ECS API reference, `UpdateService`).
//!
//! A new task definition, network, platform version or `forceNewDeployment` starts a deployment; a new count or bounds
//! do not. What is omitted stays; an empty list takes away.

use gantry_model::cluster::Cluster;
use gantry_model::service::{DeploymentController, SchedulingStrategy, Service, ServiceStatus, StartThrottle};
use gantry_scheduler::start_deployment;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{UpdateServiceRequest, UpdateServiceResponse};
use serde_json::{Value, json};

use crate::context::Call;
use crate::ecs::launch;
use crate::ecs::{describe_services, load_balancers, record, resolve, service_spec, unsupported, zone_rebalancing};
use crate::error::Failure;
use crate::ids;

/// Answers UpdateService.
///
/// # Errors
/// ClusterNotFoundException, ServiceNotFoundException, ServiceNotActiveException, ClientException for the task
/// definition, InvalidParameterException.
pub async fn update_service(call: Call, input: UpdateServiceRequest) -> Result<UpdateServiceResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { update(tx, &call, &input).await })).await
}

async fn update(tx: &mut Tx, call: &Call, input: &UpdateServiceRequest) -> Result<UpdateServiceResponse, Failure> {
    let cluster = resolve::cluster(tx, &call.scope, input.cluster.as_deref()).await?;
    refuse_unsupported(input)?;
    let before = describe_services::named(tx, &call.scope, &cluster.name, input.service.as_deref().unwrap_or_default())
        .await?
        .ok_or_else(ApiError::service_not_found)?;
    if before.status != ServiceStatus::Active {
        return Err(ApiError::service_not_active().into());
    }
    refuse_for_controller(&before, input)?;
    let mut service = with_bounds(&before, input)?;
    with_capacity(tx, &cluster, &mut service, input).await?;
    with_extra(&mut service, input)?;
    let given = input.availability_zone_rebalancing.as_deref();
    zone_rebalancing::set(&mut service, given, before.rebalances_zones())?;
    service = with_deployment(tx, call, input, &before, service).await?;
    if service != before {
        service.steady_since = None;
        // An update is a new chance: the wait of a service whose tasks failed to start ends at once (developer guide,
        // "Service throttle logic").
        service.start_throttle = StartThrottle::default();
        record::put_service(tx, &mut service).await?;
    }
    Ok(UpdateServiceResponse { service: Some(describe_services::view_of(tx, &service, true).await?) })
}

fn refuse_unsupported(input: &UpdateServiceRequest) -> Result<(), ApiError> {
    unsupported::refuse_traffic(
        input.service_registries.as_deref(),
        input.service_connect_configuration.as_ref(),
        input.vpc_lattice_configurations.as_deref(),
    )?;
    unsupported::refuse_volumes(input.volume_configurations.as_deref())?;
    unsupported::refuse_deployments(input.deployment_controller.as_ref(), input.deployment_configuration.as_ref())
}

/// Refuses what the controller of `before` decides, and to change it.
fn refuse_for_controller(before: &Service, input: &UpdateServiceRequest) -> Result<(), ApiError> {
    let asked = input.deployment_controller.as_ref().and_then(|c| c.r#type.as_deref());
    if asked.is_some_and(|kind| kind != before.deployment_controller.as_str()) {
        return Err(ApiError::invalid_parameter("deploymentController cannot be changed."));
    }
    service_spec::refuse_idle(before.deployment_controller, input.deployment_configuration.as_ref())?;
    let deploys = input.task_definition.is_some()
        || input.force_new_deployment == Some(true)
        || input.network_configuration.is_some()
        || input.load_balancers.is_some()
        || input.platform_version.is_some()
        || input.capacity_provider_strategy.is_some();
    if deploys && before.deployment_controller != DeploymentController::Ecs {
        return Err(ApiError::invalid_parameter(
            "Unable to update task definition, network, platform or capacity on services with an EXTERNAL deployment \
             controller. Use task sets.",
        ));
    }
    Ok(())
}

fn with_bounds(before: &Service, input: &UpdateServiceRequest) -> Result<Service, Failure> {
    let mut service = before.clone();
    if let Some(count) = input.desired_count {
        if service.scheduling_strategy == SchedulingStrategy::Daemon {
            return Err(ApiError::invalid_parameter("desiredCount must not be given for DAEMON services.").into());
        }
        service.desired_count = service_spec::desired_count(count)?;
    }
    service.deployment_configuration = service_spec::deployment_configuration(
        input.deployment_configuration.as_ref(),
        &before.deployment_configuration,
        before.scheduling_strategy,
    )?;
    if let Some(constraints) = &input.placement_constraints {
        service.placement_constraints = launch::placement_constraints(constraints)?;
    }
    if let Some(strategy) = &input.placement_strategy {
        service.placement_strategy = launch::placement_strategy(strategy)?;
    }
    if input.health_check_grace_period_seconds.is_some() {
        service.health_check_grace_period_s = service_spec::grace_period(input.health_check_grace_period_seconds)?;
    }
    Ok(service)
}

/// Other capacity is taken in place: what is started from now on goes there, also of the present deployment.
async fn with_capacity(
    tx: &mut Tx,
    cluster: &Cluster,
    service: &mut Service,
    input: &UpdateServiceRequest,
) -> Result<(), Failure> {
    let Some(items) = &input.capacity_provider_strategy else { return Ok(()) };
    let capacity = launch::capacity(tx, cluster, None, items).await?;
    service.launch_type = capacity.own_launch_type();
    service.capacity_provider_strategy = capacity.strategy;
    let workload = service.workload();
    if let Some(primary) = service.primary_mut() {
        primary.workload = Some(workload);
    }
    Ok(())
}

fn with_extra(service: &mut Service, input: &UpdateServiceRequest) -> Result<(), Failure> {
    let launch_type = launch::launch_type_of(service);
    let extra = &mut service.extra;
    service_spec::keep(extra, "networkConfiguration", input.network_configuration.as_ref())?;
    service_spec::keep(extra, load_balancers::MEMBER, input.load_balancers.as_ref())?;
    if let Some(version) = &input.platform_version {
        launch::platform_version(launch_type, Some(version))?;
        extra.insert("platformVersion".to_owned(), json!(version));
    }
    if let Some(propagate) = &input.propagate_tags {
        extra.insert("propagateTags".to_owned(), json!(service_spec::propagate_tags(propagate)?));
    }
    service_spec::keep(extra, "enableECSManagedTags", input.enable_ecs_managed_tags.as_ref())?;
    service_spec::keep(extra, "enableExecuteCommand", input.enable_execute_command.as_ref())?;
    Ok(())
}

async fn with_deployment(
    tx: &mut Tx,
    call: &Call,
    input: &UpdateServiceRequest,
    before: &Service,
    service: Service,
) -> Result<Service, Failure> {
    let present = before.task_definition.as_ref().map(ToString::to_string).unwrap_or_default();
    let wanted = input.task_definition.clone().unwrap_or(present);
    let forced = input.force_new_deployment == Some(true);
    let moved = ["networkConfiguration", "platformVersion", load_balancers::MEMBER]
        .into_iter()
        .any(|member| changed(before, &service, member));
    if input.task_definition.is_none() && !forced && !moved {
        return Ok(service);
    }
    let (id, document) = if input.task_definition.is_some() {
        let runnable = launch::runnable(tx, &call.scope, &wanted).await?;
        (runnable.model.id, runnable.document)
    } else {
        let model = resolve::task_definition(tx, &call.scope, &wanted).await?;
        let model = model.ok_or_else(|| ApiError::client("TaskDefinition not found."))?;
        (model.id.clone(), launch::document(&model)?)
    };
    check_network(&service, &document)?;
    let balanced = load_balancers::of(&service.workload());
    let strategy = service.deployment_configuration.strategy;
    load_balancers::check(tx, call, &balanced, &document, strategy).await?;
    if Some(&id) == before.task_definition.as_ref() && !forced && !moved {
        return Ok(service);
    }
    Ok(start_deployment(&service, ids::deployment_id()?, id, call.now))
}

fn check_network(service: &Service, document: &gantry_wire::shapes::ecs::TaskDefinition) -> Result<(), Failure> {
    let network = service
        .extra
        .get("networkConfiguration")
        .map(|n| serde_json::from_value(n.clone()))
        .transpose()
        .map_err(|e| ApiError::server(format!("the network configuration of a service does not read: {e}")))?;
    launch::check_network(document, launch::launch_type_of(service), network.as_ref())?;
    Ok(())
}

fn changed(before: &Service, after: &Service, member: &str) -> bool {
    let of = |service: &Service| service.extra.get(member).cloned().unwrap_or(Value::Null);
    of(before) != of(after)
}
