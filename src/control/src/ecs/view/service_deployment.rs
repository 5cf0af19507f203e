//! Service deployments and revisions as the API answers them (ECS API reference, `ServiceDeployment`, `ServiceRevision`).

use gantry_model::rollout::{ALL, HookRun};
use gantry_model::service::{DeploymentStatus, Service};
use gantry_model::service_deployment::{ServiceDeployment, ServiceDeploymentStatus, record_id};
use gantry_model::task::{DesiredStatus, Task, TaskStatus};
use gantry_model::{Arn, DeploymentId, Resource};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;
use serde_json::Value;

use crate::ecs::service_history::Recorded;
use crate::ecs::view;

/// The ARN of a deployment's record.
#[must_use]
pub fn deployment_arn(record: &ServiceDeployment) -> String {
    arn_of(record, &record.deployment, Resource::ServiceDeployment)
}

/// The ARN of the revision that a deployment of `record`'s service rolled out.
fn revision_arn(record: &ServiceDeployment, deployment: &DeploymentId) -> String {
    arn_of(record, deployment, Resource::ServiceRevision)
}

fn arn_of(
    record: &ServiceDeployment,
    deployment: &DeploymentId,
    resource: fn(gantry_model::ClusterName, gantry_model::ServiceName, String) -> Resource,
) -> String {
    let id = record_id(deployment).to_owned();
    Arn::new(&record.scope, resource(record.cluster.clone(), record.service.clone(), id)).to_string()
}

/// A deployment in full.
#[must_use]
pub fn deployment(recorded: &Recorded) -> wire::ServiceDeployment {
    let record = &recorded.deployment;
    let (test, production) = shares(record);
    let summary = |deployment: &DeploymentId, green: bool| wire::ServiceRevisionSummary {
        arn: Some(revision_arn(record, deployment)),
        requested_test_traffic_weight: test.map(|share| weight(share, green)),
        requested_production_traffic_weight: production.map(|share| weight(share, green)),
        ..counts(recorded.service.as_ref(), deployment, &recorded.tasks)
    };
    wire::ServiceDeployment {
        service_deployment_arn: Some(deployment_arn(record)),
        service_arn: Some(Arn::service(&record.scope, &record.cluster, &record.service).to_string()),
        cluster_arn: Some(Arn::cluster(&record.scope, &record.cluster).to_string()),
        created_at: Some(record.created_at.into()),
        started_at: Some(record.created_at.into()),
        finished_at: record.finished_at.map(Into::into),
        stopped_at: record.stopped_at.map(Into::into),
        updated_at: Some(record.updated_at.into()),
        source_service_revisions: Some(record.sources.iter().map(|source| summary(source, false)).collect()),
        target_service_revision: Some(summary(&record.deployment, true)),
        status: Some(record.status.as_str().to_owned()),
        status_reason: record.status_reason.clone(),
        lifecycle_stage: record.rollout.as_ref().map(|rollout| rollout.stage.as_str().to_owned()),
        lifecycle_hook_details: record.rollout.as_ref().map(|rollout| rollout.hooks.iter().map(hook).collect()),
        deployment_configuration: Some(view::service::deployment_configuration(&record.configuration)),
        rollback: record.rollback.as_ref().map(|rollback| wire::Rollback {
            reason: Some(rollback.reason.clone()),
            started_at: Some(rollback.started_at.into()),
            service_revision_arn: Some(revision_arn(record, &rollback.target)),
        }),
        deployment_circuit_breaker: Some(circuit_breaker(recorded)),
        ..wire::ServiceDeployment::default()
    }
}

/// Green's share of the test and the production traffic while it is under way in stages, in thousandths. Once it went back,
/// blue has all of it.
fn shares(record: &ServiceDeployment) -> (Option<u32>, Option<u32>) {
    let Some(rollout) = &record.rollout else { return (None, None) };
    if record.rollback.is_some() {
        return (Some(0), Some(0));
    }
    (Some(rollout.test_permille), Some(rollout.production_permille))
}

fn weight(green_share: u32, green: bool) -> f64 {
    view::service::percent(if green { green_share } else { ALL.saturating_sub(green_share) })
}

fn hook(run: &HookRun) -> wire::DeploymentLifecycleHookDetail {
    let (target_type, target_arn) = view::service::hook_target(&run.hook.target);
    wire::DeploymentLifecycleHookDetail {
        hook_id: Some(run.id.clone()),
        target_type: Some(target_type.to_owned()),
        target_arn,
        status: Some(run.status.as_str().to_owned()),
        expires_at: Some(run.expires_at.into()),
        timeout_action: Some(run.hook.on_timeout.as_str().to_owned()),
    }
}

/// How many tasks of a deployment there are, and are to be.
fn counts(service: Option<&Service>, deployment: &DeploymentId, tasks: &[Task]) -> wire::ServiceRevisionSummary {
    let count = |is: &dyn Fn(&Task) -> bool| {
        let own = tasks.iter().filter(|t| t.deployment.as_ref() == Some(deployment) && is(t));
        view::int(own.count())
    };
    let wanted = |t: &Task| t.desired_status == DesiredStatus::Running;
    let primary = service.and_then(Service::primary).filter(|primary| primary.id == *deployment);
    let requested = match (service, primary) {
        (Some(service), Some(_)) => view::int(service.desired_count),
        _ => count(&wanted),
    };
    wire::ServiceRevisionSummary {
        requested_task_count: Some(requested),
        running_task_count: Some(count(&|t| t.last_status == TaskStatus::Running)),
        pending_task_count: Some(count(&|t| wanted(t) && t.last_status < TaskStatus::Running)),
        ..wire::ServiceRevisionSummary::default()
    }
}

fn circuit_breaker(recorded: &Recorded) -> wire::ServiceDeploymentCircuitBreaker {
    let record = &recorded.deployment;
    let enabled = record.configuration.circuit_breaker.as_ref().is_some_and(|breaker| breaker.enable);
    let status = match (enabled, record.breaker_opened, record.status) {
        (false, ..) => "DISABLED",
        (true, true, _) => "TRIGGERED",
        (true, false, ServiceDeploymentStatus::InProgress) => "MONITORING",
        (true, false, _) => "MONITORING_COMPLETE",
    };
    let threshold = recorded.service.as_ref().filter(|_| enabled).and_then(gantry_scheduler::breaker_threshold);
    wire::ServiceDeploymentCircuitBreaker {
        status: Some(status.to_owned()),
        failure_count: Some(view::int(record.failed_tasks)),
        threshold: threshold.map(view::int),
    }
}

/// A deployment as ListServiceDeployments answers it.
#[must_use]
pub fn brief(record: &ServiceDeployment) -> wire::ServiceDeploymentBrief {
    wire::ServiceDeploymentBrief {
        service_deployment_arn: Some(deployment_arn(record)),
        service_arn: Some(Arn::service(&record.scope, &record.cluster, &record.service).to_string()),
        cluster_arn: Some(Arn::cluster(&record.scope, &record.cluster).to_string()),
        started_at: Some(record.created_at.into()),
        created_at: Some(record.created_at.into()),
        finished_at: record.finished_at.map(Into::into),
        target_service_revision_arn: Some(revision_arn(record, &record.deployment)),
        status: Some(record.status.as_str().to_owned()),
        status_reason: record.status_reason.clone(),
    }
}

/// The revision that a deployment rolled out. The digests of its images are those that its tasks reported.
///
/// # Errors
/// ServerException when a member that was kept as given does not read as what it is.
pub fn revision(
    record: &ServiceDeployment,
    definition: Option<&wire::TaskDefinition>,
    tasks: &[Task],
) -> Result<wire::ServiceRevision, ApiError> {
    let workload = &record.workload;
    let kept: wire::ServiceRevision = serde_json::from_value(Value::Object(workload.kept.clone()))
        .map_err(|e| ApiError::server(format!("what a revision keeps as given does not read: {e}")))?;
    let own: Vec<&Task> = tasks.iter().filter(|t| t.deployment.as_ref() == Some(&record.deployment)).collect();
    let digest = |name: Option<&String>| {
        let mut containers = own.iter().flat_map(|task| &task.containers).filter(|c| Some(&c.name) == name);
        containers.find_map(|c| c.image_digest.clone())
    };
    let images = definition.and_then(|d| d.container_definitions.as_deref()).unwrap_or_default();
    Ok(wire::ServiceRevision {
        service_revision_arn: Some(revision_arn(record, &record.deployment)),
        service_arn: Some(Arn::service(&record.scope, &record.cluster, &record.service).to_string()),
        cluster_arn: Some(Arn::cluster(&record.scope, &record.cluster).to_string()),
        task_definition: Some(Arn::task_definition(&record.scope, &record.task_definition).to_string()),
        launch_type: workload.launch_type.map(|l| l.as_str().to_owned()),
        capacity_provider_strategy: view::service::strategy_items(&workload.capacity_provider_strategy),
        container_images: Some(
            images
                .iter()
                .map(|c| wire::ContainerImage {
                    container_name: c.name.clone(),
                    image_digest: digest(c.name.as_ref()),
                    image: c.image.clone(),
                })
                .collect(),
        ),
        created_at: Some(record.created_at.into()),
        ..kept
    })
}

/// The ARN that belongs to a deployment of `service`: that of its record or of its revision, as `resource` says.
#[must_use]
pub fn arn_in(
    service: &Service,
    deployment: &DeploymentId,
    resource: fn(gantry_model::ClusterName, gantry_model::ServiceName, String) -> Resource,
) -> String {
    let id = record_id(deployment).to_owned();
    Arn::new(&service.scope, resource(service.cluster.clone(), service.name.clone(), id)).to_string()
}

/// The records that `service` is at: that of its present deployment, and the revisions that have tasks.
pub(super) fn current(
    service: &Service,
    tasks: &[Task],
) -> (Option<String>, Option<Vec<wire::ServiceCurrentRevisionSummary>>) {
    let arn = |resource, deployment| arn_in(service, deployment, resource);
    let Some(primary) = service.primary().filter(|primary| primary.workload.is_some()) else { return (None, None) };
    let present = primary.rolled_back_from.as_ref().unwrap_or(&primary.id);
    let revisions = service.deployments.iter().filter(|d| d.status != DeploymentStatus::Inactive).map(|d| {
        let counts = counts(Some(service), &d.id, tasks);
        wire::ServiceCurrentRevisionSummary {
            arn: Some(arn(Resource::ServiceRevision, &d.id)),
            requested_task_count: counts.requested_task_count,
            running_task_count: counts.running_task_count,
            pending_task_count: counts.pending_task_count,
        }
    });
    (Some(arn(Resource::ServiceDeployment, present)), Some(revisions.collect()))
}
