//! A service as the API answers it (ECS API reference, `Service`).

use gantry_model::Arn;
use gantry_model::cluster::CapacityProviderStrategyItem;
use gantry_model::placement::{BinpackField, PlacementConstraint, PlacementStrategy};
use gantry_model::rollout::{HookTarget, LifecycleHook, Strategy};
use gantry_model::service::{
    BreakerThreshold, Deployment, DeploymentConfiguration, DeploymentController, DeploymentStatus, RolloutState,
    SchedulingStrategy, Service, ServiceEvent,
};
use gantry_model::task::{DesiredStatus, Task, TaskStatus};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;
use serde_json::{Map, Value};

use super::{service_deployment, task_set};

/// The service with the counts of `tasks` (those that are not STOPPED) and its last `messages`.
///
/// # Errors
/// ServerException when a member that was kept as given does not read as what it is.
pub fn service(
    service: &Service,
    tasks: &[Task],
    messages: &[ServiceEvent],
    with_tags: bool,
) -> Result<wire::Service, ApiError> {
    let own = |_: &Task| true;
    let mut view = from_kept(&service.extra)?;
    view.service_arn = Some(Arn::service(&service.scope, &service.cluster, &service.name).to_string());
    view.service_name = Some(service.name.to_string());
    view.cluster_arn = Some(Arn::cluster(&service.scope, &service.cluster).to_string());
    view.status = Some(service.status.as_str().to_owned());
    view.desired_count = Some(signed(service.desired_count));
    view.running_count = Some(running(tasks, own));
    view.pending_count = Some(pending(tasks, own));
    view.launch_type = service.launch_type.map(|l| l.as_str().to_owned());
    view.capacity_provider_strategy = strategy_items(&service.capacity_provider_strategy);
    view.task_definition =
        service.task_definition.as_ref().map(|id| Arn::task_definition(&service.scope, id).to_string());
    view.deployment_configuration = Some(deployment_configuration(&service.deployment_configuration));
    view.deployment_controller =
        Some(wire::DeploymentController { r#type: Some(service.deployment_controller.as_str().to_owned()) });
    if service.deployment_controller != DeploymentController::Ecs {
        view.task_sets = Some(
            service
                .task_sets
                .iter()
                .map(|set| task_set::task_set(service, set, tasks, false))
                .collect::<Result<_, _>>()?,
        );
    }
    (view.current_service_deployment, view.current_service_revisions) = service_deployment::current(service, tasks);
    view.deployments =
        Some(service.deployments.iter().map(|d| deployment(service, d, tasks)).collect::<Result<_, _>>()?);
    view.events = Some(messages.iter().map(event).collect());
    view.created_at = Some(service.created_at.into());
    view.created_by = Some(service.created_by.clone());
    view.load_balancers.get_or_insert_default();
    view.service_registries = Some(Vec::new());
    view.placement_constraints = Some(service.placement_constraints.iter().map(constraint).collect());
    view.placement_strategy = Some(service.placement_strategy.iter().map(strategy).collect());
    view.health_check_grace_period_seconds = Some(service.health_check_grace_period_s.map_or(0, signed));
    view.scheduling_strategy = Some(
        match service.scheduling_strategy {
            SchedulingStrategy::Replica => "REPLICA",
            SchedulingStrategy::Daemon => "DAEMON",
        }
        .to_owned(),
    );
    view.tags = with_tags.then(|| {
        service.tags.iter().map(|t| wire::Tag { key: Some(t.key.clone()), value: Some(t.value.clone()) }).collect()
    });
    Ok(view)
}

/// The members that are kept as given, by their names in the API.
pub(super) fn from_kept(extra: &Map<String, Value>) -> Result<wire::Service, ApiError> {
    serde_json::from_value(Value::Object(extra.clone()))
        .map_err(|e| ApiError::server(format!("what a service keeps as given does not read: {e}")))
}

fn signed(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn count(tasks: &[Task], is: impl Fn(&Task) -> bool) -> i32 {
    i32::try_from(tasks.iter().filter(|t| is(t)).count()).unwrap_or(i32::MAX)
}

pub(super) fn running(tasks: &[Task], own: impl Fn(&Task) -> bool) -> i32 {
    count(tasks, |t| own(t) && t.last_status == TaskStatus::Running)
}

pub(super) fn pending(tasks: &[Task], own: impl Fn(&Task) -> bool) -> i32 {
    count(tasks, |t| own(t) && t.desired_status == DesiredStatus::Running && t.last_status < TaskStatus::Running)
}

/// A capacity provider strategy as the API writes it; none when there is none.
pub(super) fn strategy_items(
    items: &[CapacityProviderStrategyItem],
) -> Option<Vec<wire::CapacityProviderStrategyItem>> {
    let item = |item: &CapacityProviderStrategyItem| wire::CapacityProviderStrategyItem {
        capacity_provider: Some(item.capacity_provider.clone()),
        weight: Some(signed(item.weight)),
        base: Some(signed(item.base)),
    };
    (!items.is_empty()).then(|| items.iter().map(item).collect())
}

fn deployment(service: &Service, deployment: &Deployment, tasks: &[Task]) -> Result<wire::Deployment, ApiError> {
    let own = |t: &Task| t.deployment.as_ref() == Some(&deployment.id);
    let workload = service.workload_of(&deployment.id);
    let kept = from_kept(&workload.kept)?;
    Ok(wire::Deployment {
        id: Some(deployment.id.to_string()),
        status: Some(
            match deployment.status {
                DeploymentStatus::Primary => "PRIMARY",
                DeploymentStatus::Active => "ACTIVE",
                DeploymentStatus::Inactive => "INACTIVE",
            }
            .to_owned(),
        ),
        task_definition: Some(Arn::task_definition(&service.scope, &deployment.task_definition).to_string()),
        desired_count: Some(match deployment.status {
            DeploymentStatus::Primary => signed(service.desired_count),
            DeploymentStatus::Active | DeploymentStatus::Inactive => {
                count(tasks, |t| own(t) && t.desired_status == DesiredStatus::Running)
            }
        }),
        running_count: Some(running(tasks, own)),
        pending_count: Some(pending(tasks, own)),
        failed_tasks: Some(signed(deployment.failed_tasks)),
        created_at: Some(deployment.created_at.into()),
        updated_at: Some(deployment.updated_at.into()),
        launch_type: workload.launch_type.map(|l| l.as_str().to_owned()),
        capacity_provider_strategy: strategy_items(&workload.capacity_provider_strategy),
        platform_version: kept.platform_version,
        platform_family: kept.platform_family,
        network_configuration: kept.network_configuration,
        rollout_state: Some(
            match deployment.rollout_state {
                RolloutState::InProgress => "IN_PROGRESS",
                RolloutState::Completed => "COMPLETED",
                RolloutState::Failed => "FAILED",
            }
            .to_owned(),
        ),
        rollout_state_reason: Some(deployment.rollout_state_reason.clone()),
        ..wire::Deployment::default()
    })
}

/// The bounds of a deployment as the API writes them.
pub(super) fn deployment_configuration(configuration: &DeploymentConfiguration) -> wire::DeploymentConfiguration {
    let breaker = configuration.circuit_breaker.as_ref();
    let staged = configuration.strategy != Strategy::Rolling;
    let threshold = breaker.map(|b| match b.threshold {
        BreakerThreshold::BoundedPercent(n) => ("BOUNDED_PERCENT", n),
        BreakerThreshold::UnboundedPercent(n) => ("UNBOUNDED_PERCENT", n),
        BreakerThreshold::Count(n) => ("COUNT", n),
    });
    wire::DeploymentConfiguration {
        minimum_healthy_percent: Some(signed(configuration.minimum_healthy_percent)),
        maximum_percent: Some(signed(configuration.maximum_percent)),
        deployment_circuit_breaker: Some(wire::DeploymentCircuitBreaker {
            enable: Some(breaker.is_some_and(|b| b.enable)),
            rollback: Some(breaker.is_some_and(|b| b.rollback)),
            reset_on_healthy_task: breaker.map(|b| b.reset_on_healthy_task),
            threshold_configuration: threshold.map(|(kind, value)| wire::ThresholdConfiguration {
                r#type: Some(kind.to_owned()),
                value: Some(signed(value)),
            }),
        }),
        strategy: Some(configuration.strategy.as_str().to_owned()),
        bake_time_in_minutes: staged.then(|| signed(configuration.bake_minutes)),
        lifecycle_hooks: staged.then(|| configuration.lifecycle_hooks.iter().map(hook).collect()),
        linear_configuration: match configuration.strategy {
            Strategy::Linear { step_permille, bake_minutes } => Some(wire::LinearConfiguration {
                step_percent: Some(percent(step_permille)),
                step_bake_time_in_minutes: Some(signed(bake_minutes)),
            }),
            _ => None,
        },
        canary_configuration: match configuration.strategy {
            Strategy::Canary { permille, bake_minutes } => Some(wire::CanaryConfiguration {
                canary_percent: Some(percent(permille)),
                canary_bake_time_in_minutes: Some(signed(bake_minutes)),
            }),
            _ => None,
        },
        early_success_criteria: configuration.early_success.map(|early| wire::DeploymentEarlySuccessCriteria {
            enable: Some(true),
            healthy_percent: Some(signed(early.healthy_percent)),
            source_service_revision_cleanup: Some(
                if early.cleanup_is_deferred { "DEFERRED" } else { "BLOCKING" }.to_owned(),
            ),
        }),
        ..wire::DeploymentConfiguration::default()
    }
}

/// Thousandths as the API writes them.
#[must_use]
pub fn percent(permille: u32) -> f64 {
    f64::from(permille) / 10.0
}

fn hook(hook: &LifecycleHook) -> wire::DeploymentLifecycleHook {
    let (target_type, hook_target_arn) = hook_target(&hook.target);
    wire::DeploymentLifecycleHook {
        target_type: Some(target_type.to_owned()),
        hook_target_arn,
        role_arn: hook.role_arn.clone(),
        lifecycle_stages: Some(hook.stages.iter().map(|stage| stage.as_str().to_owned()).collect()),
        hook_details: hook.details.clone(),
        timeout_configuration: Some(wire::DeploymentLifecycleHookTimeoutConfiguration {
            timeout_in_minutes: Some(signed(hook.timeout_minutes)),
            action: Some(hook.on_timeout.as_str().to_owned()),
        }),
    }
}

/// The type of a hook's target, and its address when it has one.
pub(super) fn hook_target(target: &HookTarget) -> (&'static str, Option<String>) {
    match target {
        HookTarget::Webhook(url) => ("AWS_LAMBDA", Some(url.clone())),
        HookTarget::Pause => ("PAUSE", None),
    }
}

fn event(event: &ServiceEvent) -> wire::ServiceEvent {
    wire::ServiceEvent {
        id: Some(event.id.clone()),
        created_at: Some(event.created_at.into()),
        message: Some(event.message.clone()),
    }
}

/// A placement constraint as the API writes it.
#[must_use]
pub fn constraint(constraint: &PlacementConstraint) -> wire::PlacementConstraint {
    let (kind, expression) = match constraint {
        PlacementConstraint::DistinctInstance => ("distinctInstance", None),
        PlacementConstraint::MemberOf { expression } => ("memberOf", Some(expression.clone())),
    };
    wire::PlacementConstraint { r#type: Some(kind.to_owned()), expression }
}

fn strategy(strategy: &PlacementStrategy) -> wire::PlacementStrategy {
    let (kind, field) = match strategy {
        PlacementStrategy::Random => ("random", None),
        PlacementStrategy::Spread { field } => ("spread", Some(field.clone())),
        PlacementStrategy::Binpack { field: BinpackField::Cpu } => ("binpack", Some("CPU".to_owned())),
        PlacementStrategy::Binpack { field: BinpackField::Memory } => ("binpack", Some("MEMORY".to_owned())),
    };
    wire::PlacementStrategy { r#type: Some(kind.to_owned()), field }
}
