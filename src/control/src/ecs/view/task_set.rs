//! A task set as the API answers it (ECS API reference, `TaskSet`).

use gantry_model::service::{Service, TaskSet};
use gantry_model::task::Task;
use gantry_model::{Arn, Resource};
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;

use super::service::{from_kept, pending, running, strategy_items};
use super::{int, tags};

/// The ARN of a task set.
#[must_use]
pub fn arn(service: &Service, set: &TaskSet) -> String {
    let resource = Resource::TaskSet(service.cluster.clone(), service.name.clone(), set.id.clone());
    Arn::new(&service.scope, resource).to_string()
}

/// The set with the counts of `tasks`, those of its service that are not STOPPED.
///
/// # Errors
/// ServerException when a member that was kept as given does not read as what it is.
pub fn task_set(service: &Service, set: &TaskSet, tasks: &[Task], with_tags: bool) -> Result<wire::TaskSet, ApiError> {
    let own = |task: &Task| task.deployment.as_ref() == Some(&set.id);
    let kept = from_kept(&set.workload.kept)?;
    let stability = if set.steady_since.is_some() { "STEADY_STATE" } else { "STABILIZING" };
    Ok(wire::TaskSet {
        id: Some(set.id.to_string()),
        task_set_arn: Some(arn(service, set)),
        service_arn: Some(Arn::service(&service.scope, &service.cluster, &service.name).to_string()),
        cluster_arn: Some(Arn::cluster(&service.scope, &service.cluster).to_string()),
        external_id: set.external_id.clone(),
        status: Some(set.status.as_str().to_owned()),
        task_definition: Some(Arn::task_definition(&service.scope, &set.task_definition).to_string()),
        computed_desired_count: Some(int(set.computed_desired_count(service.desired_count))),
        pending_count: Some(pending(tasks, own)),
        running_count: Some(running(tasks, own)),
        created_at: Some(set.created_at.into()),
        updated_at: Some(set.updated_at.into()),
        launch_type: set.workload.launch_type.map(|l| l.as_str().to_owned()),
        capacity_provider_strategy: strategy_items(&set.workload.capacity_provider_strategy),
        platform_version: kept.platform_version,
        platform_family: kept.platform_family,
        network_configuration: kept.network_configuration,
        load_balancers: Some(kept.load_balancers.unwrap_or_default()),
        service_registries: Some(Vec::new()),
        scale: Some(wire::Scale { value: Some(f64::from(set.scale) / 100.0), unit: Some("PERCENT".to_owned()) }),
        stability_status: Some(stability.to_owned()),
        stability_status_at: Some(set.stability_at.into()),
        tags: with_tags.then(|| tags(&set.tags)),
        ..wire::TaskSet::default()
    })
}
