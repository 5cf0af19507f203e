//! Deployments: how one begins, completes, fails, is rolled back and leaves.
//!
//! The list in the service is newest first and its first is PRIMARY. An old deployment leaves once none of its tasks
//! lingers; the last completed one stays until the PRIMARY has completed, since a rollback returns to it. As on AWS, a
//! rollback makes the *same* deployment PRIMARY again, so that its tasks that still run are kept.

use gantry_model::rollout::{LifecycleStage, Rollout, Strategy};
use gantry_model::service::{
    Deployment, DeploymentStatus, FailedBy, RolloutState, SchedulingStrategy, Service, StartThrottle,
};
use gantry_model::service_deployment::record_id;
use gantry_model::task::Task;
use gantry_model::{DeploymentId, TaskDefinitionId, UnixMillis};

use super::standing::{Standing, changes_at};
use super::{Live, Pass, REPEAT_AFTER_MILLIS, lingers};
use crate::message::Message;

/// `service` with a new PRIMARY deployment of `task_definition`; those before become ACTIVE, the start throttle and any
/// impediment are forgotten. For CreateService and for an UpdateService that deploys.
#[must_use]
pub fn start_deployment(
    service: &Service,
    id: DeploymentId,
    task_definition: TaskDefinitionId,
    now: UnixMillis,
) -> Service {
    let mut service = service.clone();
    for deployment in &mut service.deployments {
        deployment.status = DeploymentStatus::Active;
    }
    let rollout = first_stage(&service)
        .map(|stage| Rollout::begin(record_id(&id), stage, &service.deployment_configuration.lifecycle_hooks, now));
    let new = Deployment::new(id, task_definition.clone(), service.workload(), now);
    // Green goes where blue is not; anything else where what serves now is.
    let serving = last_completed(&service).and_then(|id| service.deployments.iter().find(|d| d.id == id));
    let serving = serving.or(service.deployments.first()).is_some_and(|deployment| deployment.is_alternate);
    let is_alternate = if rollout.is_some() && !service.deployments.is_empty() { !serving } else { serving };
    let deployment = Deployment { rollout, is_alternate, ..new };
    service.deployments.insert(0, deployment);
    service.task_definition = Some(task_definition);
    forget_troubles(&mut service);
    service
}

/// Where a deployment in stages begins; `None` for one that does not go in stages. ECS reconciles first when more than one
/// revision is there already.
fn first_stage(service: &Service) -> Option<LifecycleStage> {
    let rolling = service.deployment_configuration.strategy == Strategy::Rolling;
    let replicas = service.scheduling_strategy == SchedulingStrategy::Replica;
    let first =
        if service.deployments.len() > 1 { LifecycleStage::ReconcileService } else { LifecycleStage::PreScaleUp };
    (replicas && !rolling).then_some(first)
}

fn forget_troubles(service: &mut Service) {
    service.start_throttle = StartThrottle::default();
    service.impediment = None;
    service.steady_since = None;
    service.rebalancing = None;
}

fn in_progress(id: &DeploymentId) -> String {
    format!("ECS deployment {id} in progress.")
}

pub(super) fn completed(id: &DeploymentId) -> String {
    format!("ECS deployment {id} completed.")
}

/// `service` with its PRIMARY deployment given up and the last completed one PRIMARY again, and which that is; `None` when
/// none is under way or none completed before it. For StopServiceDeployment.
#[must_use]
pub fn stop_and_roll_back(service: &Service, now: UnixMillis) -> Option<(Service, DeploymentId)> {
    let mut service = service.clone();
    let failed = service.primary().filter(|p| p.rollout_state == RolloutState::InProgress)?.id.clone();
    let target = last_completed(&service)?;
    let reason = format!("ECS deployment stopped: rolling back to deploymentId {target}.");
    fail_primary(&mut service, FailedBy::Request, reason, now);
    roll_back(&mut service, &failed, &target, now);
    Some((service, target))
}

/// `service` with its PRIMARY deployment given up and nothing in its place: what runs stays and nothing is started. `None`
/// when none is under way. For StopServiceDeployment.
#[must_use]
pub fn stop_deployment(service: &Service, now: UnixMillis) -> Option<Service> {
    let mut service = service.clone();
    service.primary().filter(|p| p.rollout_state == RolloutState::InProgress)?;
    fail_primary(&mut service, FailedBy::Request, "ECS deployment stopped by the user.".to_owned(), now);
    Some(service)
}

pub(super) fn last_completed(service: &Service) -> Option<DeploymentId> {
    let mut old = service.deployments.iter().filter(|d| d.status != DeploymentStatus::Primary);
    old.find(|d| d.rollout_state == RolloutState::Completed).map(|d| d.id.clone())
}

pub(super) fn fail_primary(service: &mut Service, by: FailedBy, reason: String, now: UnixMillis) {
    if let Some(primary) = service.primary_mut() {
        primary.rollout_state = RolloutState::Failed;
        primary.failed_by = Some(by);
        primary.updated_at = now;
        primary.rollout_state_reason = reason;
    }
}

pub(super) fn roll_back(service: &mut Service, failed: &DeploymentId, target: &DeploymentId, now: UnixMillis) {
    let Some(position) = service.deployments.iter().position(|d| d.id == *target) else { return };
    let mut deployment = service.deployments.remove(position);
    deployment.status = DeploymentStatus::Primary;
    deployment.rollout_state = RolloutState::InProgress;
    deployment.rollout_state_reason = in_progress(&deployment.id);
    deployment.failed_tasks = 0;
    deployment.failed_by = None;
    deployment.updated_at = now;
    deployment.rolled_back_from = Some(failed.clone());
    service.task_definition = Some(deployment.task_definition.clone());
    if let Some(workload) = &deployment.workload {
        service.adopt(workload);
    }
    for other in &mut service.deployments {
        other.status = DeploymentStatus::Active;
    }
    service.deployments.insert(0, deployment);
    forget_troubles(service);
}

impl Pass<'_> {
    /// The newest deployment before the PRIMARY one that completed.
    pub(super) fn last_completed(&self) -> Option<DeploymentId> {
        last_completed(&self.service)
    }

    /// A deployment that was replaced before it was seen to complete, but whose tasks are all healthy, did complete: a
    /// rollback may return to it.
    pub(super) fn complete_superseded(&mut self) {
        let Some(age) = self.service.deployments.iter().position(|d| d.status != DeploymentStatus::Primary) else {
            return;
        };
        let of_it = |live: &&Live<'_>| live.age == age && live.standing == Standing::Healthy;
        let healthy = u32::try_from(self.live().iter().filter(of_it).count()).unwrap_or(u32::MAX);
        let deployment = &mut self.service.deployments[age];
        if deployment.rollout_state == RolloutState::InProgress && healthy > 0 && healthy >= self.service.desired_count
        {
            deployment.rollout_state = RolloutState::Completed;
            deployment.rollout_state_reason = completed(&deployment.id);
            deployment.updated_at = self.input.now;
        }
    }

    /// Marks the PRIMARY deployment as failed by the breaker; `target` is the deployment that takes over, if one does.
    pub(super) fn fail_primary(&mut self, target: Option<&DeploymentId>) {
        let reason = match target {
            None => "ECS deployment circuit breaker: tasks failed to start.".to_owned(),
            Some(target) => format!("ECS deployment circuit breaker: rolling back to deploymentId {target}."),
        };
        fail_primary(&mut self.service, FailedBy::CircuitBreaker, reason, self.input.now);
    }

    /// Makes `target` PRIMARY again in place of `failed`.
    pub(super) fn roll_back(&mut self, failed: &DeploymentId, target: &DeploymentId) {
        roll_back(&mut self.service, failed, target, self.input.now);
    }

    /// Completes the PRIMARY deployment, lets drained ones go and says when the service is steady.
    pub(super) fn settle_deployments(&mut self) {
        let keepers: Vec<Live<'_>> = self.live().into_iter().filter(Live::is_keeper).collect();
        let up = self.starts.is_empty()
            && u32::try_from(keepers.len()) == Ok(self.service.desired_count)
            && keepers.iter().all(|keeper| keeper.standing == Standing::Healthy);
        let is_whole = up && self.lingering().all(|task| self.is_of_primary(task));
        if is_whole || self.succeeds_early(&keepers) {
            self.complete_primary();
        }
        self.drop_drained();
        // Keepers linger too, so that as many as there are keepers means that nothing else does.
        self.note_steadiness(up && self.lingering().count() == keepers.len());
        for task in self.live_tasks() {
            if let Some(at) = changes_at(task, &self.service) {
                self.wake(at);
            }
        }
    }

    /// Whether enough of a rolling deployment is healthy that it counts as done.
    fn succeeds_early(&self, keepers: &[Live<'_>]) -> bool {
        let Some(criteria) = self.service.deployment_configuration.early_success else { return false };
        let healthy = keepers.iter().filter(|keeper| keeper.standing == Standing::Healthy).count();
        healthy >= super::percent(self.service.desired_count, criteria.healthy_percent, 99)
            && (criteria.cleanup_is_deferred || self.lingering().all(|task| self.is_of_primary(task)))
    }

    fn lingering(&self) -> impl Iterator<Item = &Task> {
        self.input.tasks.iter().filter(|task| lingers(task))
    }

    pub(super) fn is_of_primary(&self, task: &Task) -> bool {
        self.service.primary().is_some_and(|primary| task.deployment.as_ref() == Some(&primary.id))
    }

    fn complete_primary(&mut self) {
        let now = self.input.now;
        let underway = |primary: &&mut Deployment| primary.rollout_state == RolloutState::InProgress;
        let Some(primary) = self.service.primary_mut().filter(underway) else {
            return;
        };
        primary.rollout_state = RolloutState::Completed;
        primary.rollout_state_reason = completed(&primary.id);
        primary.updated_at = now;
        let deployment = primary.id.clone();
        self.messages.push(Message::DeploymentCompleted { deployment });
    }

    fn drop_drained(&mut self) {
        let completed = self.service.primary().is_some_and(|p| p.rollout_state == RolloutState::Completed);
        let target = if completed { None } else { self.last_completed() };
        let tasks = self.input.tasks;
        let busy = |id: &DeploymentId| tasks.iter().any(|task| lingers(task) && task.deployment.as_ref() == Some(id));
        self.service.deployments.retain(|deployment| {
            deployment.status == DeploymentStatus::Primary
                || target.as_ref() == Some(&deployment.id)
                || busy(&deployment.id)
        });
    }

    fn note_steadiness(&mut self, steady: bool) {
        let steady = steady && self.service.deployments.len() == 1 && !self.is_frozen();
        if !steady {
            self.service.steady_since = None;
            return;
        }
        let now = self.input.now;
        let said = self.service.steady_since.filter(|&at| now.millis_since(at) < REPEAT_AFTER_MILLIS);
        if said.is_none() {
            self.messages.push(Message::SteadyState);
        }
        let since = said.unwrap_or(now);
        self.service.steady_since = Some(since);
        self.wake(since.plus_millis(REPEAT_AFTER_MILLIS));
    }
}
