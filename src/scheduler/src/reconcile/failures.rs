//! What failing tasks do to their service: the start throttle and the circuit breaker.
//!
//! A task *fails to start* when it stops by itself before it has proved itself: before RUNNING, before its first healthy
//! report if it has health checks, else within [`PROVING_MILLIS`] of RUNNING. AWS counts only the first two; a container
//! that starts and exits at once would then be started again for ever and as fast as the host can, and would never open
//! a breaker. Docker's restart policy draws the line at the same ten seconds.
//!
//! Three failures in a row delay the next start by a second, each further one doubles that up to 15 minutes (AWS
//! publishes only the 15 minutes). A success after the last failure, or a new deployment, ends it.

use gantry_model::UnixMillis;
use gantry_model::service::{
    BreakerThreshold, Deployment, DeploymentStatus, RolloutState, Service, StartThrottle, TaskSet,
};
use gantry_model::task::{DesiredStatus, HealthStatus, StopCode, Task, TaskStatus};

use super::Pass;
use super::staged::is_under_way;
use super::standing::{grace_period_s, has_checks, health};
use super::task_sets::{part, take_back};
use crate::message::Message;

/// How long a task without health checks must have been RUNNING for its end not to be a failure to start.
pub const PROVING_MILLIS: i64 = 10_000;
/// From this many failures in a row on, starts are delayed.
const THROTTLED_FROM: u32 = 3;
const LONGEST_DELAY_S: i64 = 900;

/// Takes note that `task` is RUNNING now; once per transition, in the transaction that writes it.
pub fn note_running(service: &mut Service, task: &Task, now: UnixMillis) {
    as_part(service, task, now, |service| mark_running(service, task, now));
}

fn mark_running(service: &mut Service, task: &Task, now: UnixMillis) {
    if let Some(deployment) = deployment_of(service, task)
        && !deployment.reached_running
    {
        deployment.reached_running = true;
        deployment.updated_at = now;
    }
}

/// Takes note that the health of `task`, by its containers or by load balancers, changed to what it is now; once per change,
/// in the transaction that writes it.
///
/// A task that turns unhealthy is a failure that the breaker counts. In a service with a grace period it is counted when
/// the task is given up instead, since bad health inside the period means nothing.
pub fn note_health(service: &mut Service, task: &Task, now: UnixMillis) {
    as_part(service, task, now, |service| mark_health(service, task, now));
}

fn mark_health(service: &mut Service, task: &Task, now: UnixMillis) {
    let graceful = grace_period_s(service) > 0;
    match health(task) {
        HealthStatus::Healthy => note_success(service, task),
        HealthStatus::Unhealthy if !graceful && task.desired_status == DesiredStatus::Running => {
            if let Some(deployment) = deployment_of(service, task) {
                count_failure(deployment, now);
            }
        }
        HealthStatus::Unhealthy | HealthStatus::Unknown => {}
    }
}

/// Takes note that `task` is STOPPED now; once, in the transaction that writes it. `was_running` says whether it had
/// been RUNNING.
pub fn note_stopped(service: &mut Service, task: &Task, was_running: bool, now: UnixMillis) {
    as_part(service, task, now, |service| mark_stopped(service, task, was_running, now));
}

/// Has `note` done to the service, or to the task set that the task is of as if it were one.
fn as_part(service: &mut Service, task: &Task, now: UnixMillis, note: impl FnOnce(&mut Service)) {
    let of_task = |set: &TaskSet| task.deployment.as_ref() == Some(&set.id);
    match service.task_sets.iter().position(of_task) {
        None => note(service),
        Some(index) => {
            let mut part = part(service, &service.task_sets[index]);
            note(&mut part);
            take_back(&mut service.task_sets[index], &part, now);
        }
    }
}

fn mark_stopped(service: &mut Service, task: &Task, was_running: bool, now: UnixMillis) {
    if was_running && has_proved_itself(task, now) {
        if started_after_last_failure(service, task) {
            note_success(service, task);
        }
        return;
    }
    // What turned unhealthy first was counted then.
    if !ended_by_itself(task) || (was_running && health(task) == HealthStatus::Unhealthy) {
        return;
    }
    // While a deployment goes in stages the tasks of the revision before it are replaced, too.
    let staged = is_under_way(service);
    if let Some(deployment) = deployment_of(service, task) {
        count_failure(deployment, now);
        if deployment.status == DeploymentStatus::Primary || staged {
            delay_starts(&mut service.start_throttle, now);
        }
    }
}

fn deployment_of<'s>(service: &'s mut Service, task: &Task) -> Option<&'s mut Deployment> {
    let id = task.deployment.as_ref()?;
    service.deployments.iter_mut().find(|deployment| deployment.id == *id)
}

fn count_failure(deployment: &mut Deployment, now: UnixMillis) {
    if deployment.rollout_state == RolloutState::InProgress {
        deployment.failed_tasks = deployment.failed_tasks.saturating_add(1);
        deployment.updated_at = now;
    }
}

fn delay_starts(throttle: &mut StartThrottle, now: UnixMillis) {
    throttle.consecutive_failures = throttle.consecutive_failures.saturating_add(1);
    throttle.not_before = Some(now.plus_seconds(delay_s(throttle.consecutive_failures)));
}

/// How long starts are delayed after so many failures in a row.
fn delay_s(failures: u32) -> i64 {
    match failures.checked_sub(THROTTLED_FROM) {
        None => 0,
        Some(doublings) => {
            1_i64.checked_shl(doublings).filter(|&s| s > 0).map_or(LONGEST_DELAY_S, |s| s.min(LONGEST_DELAY_S))
        }
    }
}

/// Forgets the failures that came before a task of the PRIMARY deployment proved itself.
fn note_success(service: &mut Service, task: &Task) {
    let resets = service.deployment_configuration.circuit_breaker.as_ref().is_none_or(|b| b.reset_on_healthy_task);
    let Some(deployment) = deployment_of(service, task).filter(|d| d.status == DeploymentStatus::Primary) else {
        return;
    };
    if resets && deployment.rollout_state == RolloutState::InProgress {
        deployment.failed_tasks = 0;
    }
    service.start_throttle = StartThrottle::default();
}

fn ended_by_itself(task: &Task) -> bool {
    match task.stop_code {
        Some(StopCode::TaskFailedToStart | StopCode::EssentialContainerExited) => true,
        Some(_) => false,
        None => task.desired_status == DesiredStatus::Running,
    }
}

fn has_proved_itself(task: &Task, now: UnixMillis) -> bool {
    match (has_checks(task), task.started_at) {
        (true, _) => health(task) == HealthStatus::Healthy,
        (false, started_at) => started_at.is_none_or(|at| now.millis_since(at) >= PROVING_MILLIS),
    }
}

fn started_after_last_failure(service: &Service, task: &Task) -> bool {
    let StartThrottle { consecutive_failures, not_before } = service.start_throttle;
    let failed_at = not_before.map(|at| at.plus_seconds(-delay_s(consecutive_failures)));
    failed_at.is_none_or(|failed_at| task.started_at.is_some_and(|started_at| started_at > failed_at))
}

/// After how many failures a deployment of `desired_count` tasks fails; `None` without a breaker.
#[must_use]
pub fn breaker_threshold(service: &Service) -> Option<u32> {
    let breaker = service.deployment_configuration.circuit_breaker.as_ref().filter(|breaker| breaker.enable)?;
    let share = |percent: u32| {
        let share = (u64::from(service.desired_count) * u64::from(percent)).div_ceil(100);
        u32::try_from(share).unwrap_or(u32::MAX)
    };
    Some(match breaker.threshold {
        BreakerThreshold::BoundedPercent(percent) => share(percent).clamp(3, 200),
        BreakerThreshold::UnboundedPercent(percent) => share(percent).max(1),
        BreakerThreshold::Count(count) => count.max(1),
    })
}

impl Pass<'_> {
    /// Ends the throttle when a task without health checks has proved itself by running on; those with checks did so by
    /// [`note_health`].
    pub(super) fn acknowledge_successes(&mut self) {
        for task in self.live_tasks() {
            if self.service.start_throttle.consecutive_failures == 0 {
                return;
            }
            let Some(started_at) = task.started_at else { continue };
            let running = task.last_status == TaskStatus::Running && !has_checks(task);
            if !running || !self.is_of_primary(task) || !started_after_last_failure(&self.service, task) {
                continue;
            }
            if has_proved_itself(task, self.input.now) {
                note_success(&mut self.service, task);
            } else {
                self.wake(started_at.plus_millis(PROVING_MILLIS));
            }
        }
    }

    /// Failures in a row impede the service, unless its deployment failed and starts nothing anyway.
    pub(super) fn impede_if_starts_fail(&mut self) {
        if self.service.start_throttle.consecutive_failures >= THROTTLED_FROM && !self.is_frozen() {
            self.impede("start-impaired", Message::StartImpaired);
        }
    }

    /// Whether starts are delayed now; if so, asks to be called when the delay is over.
    pub(super) fn is_throttled(&mut self) -> bool {
        let not_before = self.service.start_throttle.not_before.filter(|&at| self.input.now < at);
        if let Some(not_before) = not_before {
            self.wake(not_before);
        }
        not_before.is_some()
    }

    /// Counts an unhealthy task that is given up, where [`note_health`] did not.
    pub(super) fn count_unhealthy_after_grace(&mut self) {
        if grace_period_s(&self.service) > 0
            && let Some(primary) = self.service.primary_mut()
        {
            count_failure(primary, self.input.now);
        }
    }

    /// Fails the PRIMARY deployment when too many of its tasks failed, and goes back to the last completed one if the
    /// service wants that and there is one.
    pub(super) fn open_breaker(&mut self) {
        let Some(threshold) = breaker_threshold(&self.service) else { return };
        let failed = self
            .service
            .primary()
            .filter(|primary| primary.rollout_state == RolloutState::InProgress && primary.failed_tasks >= threshold);
        let Some(failed) = failed.map(|primary| primary.id.clone()) else { return };
        self.messages.push(Message::DeploymentFailed { deployment: failed.clone() });
        let rollback =
            self.service.deployment_configuration.circuit_breaker.as_ref().is_some_and(|breaker| breaker.rollback);
        let target = if rollback { self.last_completed() } else { None };
        self.fail_primary(target.as_ref());
        if let Some(target) = target {
            self.roll_back(&failed, &target);
            self.messages.push(Message::RollingBack { deployment: target });
        }
    }
}
