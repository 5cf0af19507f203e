//! Deployments in stages: green is brought up whole beside blue, traffic goes over, and blue goes at the end.
//!
//! While such a deployment is under way each of the two revisions is kept up as if it were a service of its own: blue until
//! the clean-up, green from its scale-up on. [`Stages::advance`] moves from stage to stage: it waits for hooks, for green
//! to be up, for bake times. Whatever fails before the end goes back to blue, which has been running all the time; that
//! is what blue is kept for, so it is done whatever the circuit breaker says of rollbacks.

use gantry_model::UnixMillis;
use gantry_model::rollout::{ALL, HookAction, HookRun, HookStatus, LifecycleStage, Rollout};
use gantry_model::service::{Deployment, DeploymentStatus, FailedBy, RolloutState, Service, StartThrottle};
use gantry_model::service_deployment::record_id;
use gantry_model::task::Task;

use super::deployment::{completed, fail_primary, last_completed, roll_back};
use super::failures::breaker_threshold;
use super::standing::{Standing, changes_at, standing};
use super::{Outcome, ServiceInput, is_live, lingers, reconcile};
use crate::message::Message;
use crate::state::ClusterState;

/// Whether a deployment in stages is under way. A rollback is none: what it goes back to runs already.
pub(super) fn is_under_way(service: &Service) -> bool {
    green(service).is_some()
}

fn green(service: &Service) -> Option<&Deployment> {
    service.primary().filter(|primary| {
        primary.rollout.is_some()
            && primary.rollout_state == RolloutState::InProgress
            && primary.rolled_back_from.is_none()
    })
}

/// Decides what a service does now whose deployment goes in stages; `state` as for [`reconcile`].
pub(super) fn reconcile_staged(input: &ServiceInput<'_>, state: &mut ClusterState) -> Outcome {
    let mut stages = Stages { input, service: input.service.clone(), messages: Vec::new(), wake_at: None };
    stages.advance();
    let Stages { service, messages, wake_at, .. } = stages;
    let mut whole = Outcome { service, starts: Vec::new(), stops: Vec::new(), messages, wake_at };
    if !is_under_way(&whole.service) {
        let rest = reconcile(&ServiceInput { service: &whole.service, ..*input }, state);
        whole.service = rest.service.clone();
        merge(&mut whole, rest, |_| true);
        return whole;
    }
    keep_blue(input, &mut whole, state);
    keep_green(input, &mut whole, state);
    whole
}

/// Keeps blue as it was until the clean-up, and then as long as green is not up. Where no revision before has completed, the
/// tasks of the newest that has any serve in its place; nothing is started of it.
fn keep_blue(input: &ServiceInput<'_>, whole: &mut Outcome, state: &mut ClusterState) {
    let service = &whole.service;
    let Some((id, stage)) = green(service).and_then(|g| Some((g.id.clone(), g.rollout.as_ref()?.stage))) else {
        return;
    };
    let others: Vec<Task> = input.tasks.iter().filter(|t| t.deployment.as_ref() != Some(&id)).cloned().collect();
    let serves = |d: &&Deployment| others.iter().any(|t| is_live(t) && t.deployment.as_ref() == Some(&d.id));
    let completed = last_completed(service);
    let blue = service.deployments.iter().find(|d| completed.as_ref() == Some(&d.id));
    let Some(blue) = blue.or_else(|| service.deployments.iter().find(serves)) else { return };
    let cleaning = stage == LifecycleStage::CleanUp;
    let gone = cleaning && is_green_up(input, service);
    let kept = completed.is_some() && !cleaning;
    let deployment = Deployment {
        status: DeploymentStatus::Primary,
        rollout_state: if kept { RolloutState::Completed } else { RolloutState::Failed },
        rollout: None,
        ..blue.clone()
    };
    let desired = if gone { 0 } else { service.desired_count };
    let part = Service { start_throttle: service.start_throttle, ..part(service, desired, vec![deployment]) };
    let outcome = reconcile(&ServiceInput { service: &part, tasks: &others, ..*input }, state);
    merge(whole, outcome, |message| matches!(message, Message::Stopped { .. }));
}

/// Keeps green up from its scale-up on; its troubles are the service's.
fn keep_green(input: &ServiceInput<'_>, whole: &mut Outcome, state: &mut ClusterState) {
    let service = &whole.service;
    let Some((id, stage)) = green(service).and_then(|g| Some((g.id.clone(), g.rollout.as_ref()?.stage))) else {
        return;
    };
    let own: Vec<Task> = input.tasks.iter().filter(|t| t.deployment.as_ref() == Some(&id)).cloned().collect();
    let desired = if stage >= LifecycleStage::ScaleUp { service.desired_count } else { 0 };
    let plain = service.deployments.iter().map(|d| Deployment { rollout: None, ..d.clone() });
    let part = Service {
        start_throttle: service.start_throttle,
        impediment: service.impediment.clone(),
        ..part(service, desired, plain.collect())
    };
    let outcome = reconcile(&ServiceInput { service: &part, tasks: &own, ..*input }, state);
    whole.service.start_throttle = outcome.service.start_throttle;
    whole.service.impediment.clone_from(&outcome.service.impediment);
    let counted = outcome.service.deployments.iter().find(|d| d.id == id).map(|d| d.failed_tasks);
    if let (Some(counted), Some(primary)) = (counted, whole.service.primary_mut()) {
        primary.failed_tasks = counted;
    }
    merge(whole, outcome, |m| !matches!(m, Message::SteadyState | Message::DeploymentCompleted { .. }));
}

/// `service` as if `deployments`, of which there is one at least and the first is PRIMARY, were all of it.
fn part(service: &Service, desired_count: u32, deployments: Vec<Deployment>) -> Service {
    let primary = deployments[0].clone();
    let mut part = Service {
        desired_count,
        task_definition: Some(primary.task_definition),
        deployments,
        start_throttle: StartThrottle::default(),
        impediment: None,
        steady_since: None,
        ..service.clone()
    };
    if let Some(workload) = &primary.workload {
        part.adopt(workload);
    }
    part.left_in_place()
}

/// Adds what was decided of a part, and of what it says what is `told`.
fn merge(whole: &mut Outcome, part: Outcome, told: impl Fn(&Message) -> bool) {
    whole.starts.extend(part.starts);
    whole.stops.extend(part.stops);
    whole.messages.extend(part.messages.into_iter().filter(told));
    whole.wake_at = [whole.wake_at, part.wake_at].into_iter().flatten().min();
}

struct Stages<'a> {
    input: &'a ServiceInput<'a>,
    service: Service,
    messages: Vec<Message>,
    wake_at: Option<UnixMillis>,
}

/// What the hooks of a stage come to.
enum Verdict {
    GoOn,
    /// Until then at the latest.
    Wait(UnixMillis),
    GoBack(String),
}

impl Stages<'_> {
    /// Moves on until something must be waited for, or the deployment has ended.
    fn advance(&mut self) {
        self.wake_when_green_changes();
        if self.breaker_opens() {
            let reason = "ECS deployment circuit breaker: tasks failed to start.";
            return self.fail(FailedBy::CircuitBreaker, reason.to_owned());
        }
        while let Some(rollout) = green(&self.service).and_then(|green| green.rollout.clone()) {
            let rollout = self.time_out(rollout);
            match verdict(&rollout.hooks) {
                Verdict::GoBack(reason) => return self.fail(FailedBy::LifecycleHook, reason),
                Verdict::Wait(until) => return self.wake(until),
                Verdict::GoOn => {}
            }
            let Some(next) = self.next_stage(&rollout) else { return };
            self.enter(rollout, next);
        }
    }

    /// Green may be up by the passing of time alone.
    fn wake_when_green_changes(&mut self) {
        let Some(green) = green(&self.service).map(|green| green.id.clone()) else { return };
        for task in self.input.tasks.iter().filter(|t| is_live(t) && t.deployment.as_ref() == Some(&green)) {
            if let Some(at) = changes_at(task, &self.service) {
                self.wake(at);
            }
        }
    }

    fn breaker_opens(&mut self) -> bool {
        let Some(threshold) = breaker_threshold(&self.service) else { return false };
        let Some(green) = green(&self.service).filter(|green| green.failed_tasks >= threshold) else { return false };
        self.messages.push(Message::DeploymentFailed { deployment: green.id.clone() });
        true
    }

    /// Ends the hooks whose time is over, and writes the rollout.
    fn time_out(&mut self, mut rollout: Rollout) -> Rollout {
        let now = self.input.now;
        for run in rollout.hooks.iter_mut().filter(|run| run.status.is_open() && run.expires_at <= now) {
            run.status = HookStatus::TimedOut;
            run.call_at = None;
        }
        self.write(rollout.clone());
        rollout
    }

    fn write(&mut self, rollout: Rollout) {
        if let Some(primary) = self.service.primary_mut() {
            primary.rollout = Some(rollout);
        }
    }

    /// The stage after the present one, whose hooks are done; `None` when it is not over, or was the last.
    fn next_stage(&mut self, rollout: &Rollout) -> Option<LifecycleStage> {
        use LifecycleStage as Stage;
        let strategy = self.service.deployment_configuration.strategy;
        match rollout.stage {
            Stage::ReconcileService => Some(Stage::PreScaleUp),
            Stage::PreScaleUp => Some(Stage::ScaleUp),
            Stage::ScaleUp => is_green_up(self.input, &self.service).then_some(Stage::PostScaleUp),
            Stage::PostScaleUp => Some(Stage::TestTrafficShift),
            Stage::TestTrafficShift => Some(Stage::PostTestTrafficShift),
            Stage::PostTestTrafficShift => Some(Stage::PreProductionTrafficShift),
            Stage::PreProductionTrafficShift => Some(Stage::ProductionTrafficShift),
            Stage::ProductionTrafficShift => Some(Stage::PostProductionTrafficShift),
            Stage::PostProductionTrafficShift if rollout.production_permille >= ALL => Some(Stage::BakeTime),
            Stage::PostProductionTrafficShift => {
                self.has_baked(rollout, strategy.step_bake_minutes()).then_some(Stage::PreProductionTrafficShift)
            }
            Stage::BakeTime => {
                let minutes = self.service.deployment_configuration.bake_minutes;
                // Nothing of before runs beside the first deployment of a service.
                let alone = last_completed(&self.service).is_none();
                (alone || self.has_baked(rollout, minutes)).then_some(Stage::CleanUp)
            }
            Stage::CleanUp => {
                self.complete();
                None
            }
        }
    }

    fn enter(&mut self, mut rollout: Rollout, stage: LifecycleStage) {
        let Some(id) = green(&self.service).map(|green| green.id.clone()) else { return };
        let configuration = &self.service.deployment_configuration;
        match stage {
            LifecycleStage::TestTrafficShift => rollout.test_permille = ALL,
            LifecycleStage::ProductionTrafficShift => {
                rollout.production_permille = configuration.strategy.next_share(rollout.production_permille);
            }
            LifecycleStage::CleanUp => rollout.test_permille = 0,
            _ => {}
        }
        rollout.enter(record_id(&id), stage, &configuration.lifecycle_hooks, self.input.now);
        self.write(rollout);
    }

    fn has_baked(&mut self, rollout: &Rollout, minutes: u32) -> bool {
        let until = rollout.since.plus_seconds(i64::from(minutes) * 60);
        self.wake(until);
        self.input.now >= until
    }

    /// Completes the deployment once nothing of before runs.
    fn complete(&mut self) {
        let Some(id) = green(&self.service).map(|green| green.id.clone()) else { return };
        let gone = !self.input.tasks.iter().any(|t| lingers(t) && t.deployment.as_ref() != Some(&id));
        if !gone || !is_green_up(self.input, &self.service) {
            return;
        }
        let now = self.input.now;
        if let Some(primary) = self.service.primary_mut() {
            primary.rollout_state = RolloutState::Completed;
            primary.rollout_state_reason = completed(&id);
            primary.updated_at = now;
        }
        self.messages.push(Message::DeploymentCompleted { deployment: id });
    }

    fn fail(&mut self, by: FailedBy, reason: String) {
        let now = self.input.now;
        let Some(failed) = green(&self.service).map(|green| green.id.clone()) else { return };
        fail_primary(&mut self.service, by, reason, now);
        if let Some(target) = last_completed(&self.service) {
            roll_back(&mut self.service, &failed, &target, now);
            self.messages.push(Message::RollingBack { deployment: target });
        }
    }

    fn wake(&mut self, at: UnixMillis) {
        if at > self.input.now {
            self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at)));
        }
    }
}

/// Whether as many of green's tasks are healthy as the service wants.
fn is_green_up(input: &ServiceInput<'_>, service: &Service) -> bool {
    let Some(green) = green(service) else { return false };
    let own = input.tasks.iter().filter(|t| is_live(t) && t.deployment.as_ref() == Some(&green.id));
    let healthy = own.filter(|t| standing(t, service, input.now) == Standing::Healthy).count();
    u32::try_from(healthy) == Ok(service.desired_count)
}

fn verdict(hooks: &[HookRun]) -> Verdict {
    let backs = hooks.iter().find_map(|run| match run.status {
        HookStatus::Failed => Some(run.reason.clone().unwrap_or_else(|| format!("Lifecycle hook {} failed.", run.id))),
        HookStatus::TimedOut if run.hook.on_timeout == HookAction::Rollback => {
            Some(format!("Lifecycle hook {} timed out.", run.id))
        }
        _ => None,
    });
    match (backs, hooks.iter().filter(|run| run.status.is_open()).map(|run| run.expires_at).min()) {
        (Some(reason), _) => Verdict::GoBack(reason),
        (None, Some(until)) => Verdict::Wait(until),
        (None, None) => Verdict::GoOn,
    }
}
