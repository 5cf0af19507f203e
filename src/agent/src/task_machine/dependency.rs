//! When a container may be created, started and stopped, given the others.
//!
//! Each question is answered "yes", "not yet" or "never", the last with the words that the container's reason will
//! carry. Never is an answer too: a dependency that has failed must not leave its dependants pending for ever.

use gantry_model::UnixMillis;
use gantry_model::task::HealthStatus;

use super::{Phase, Task};
use crate::spec::{Condition, Dependency, PAUSE_CONTAINER};

/// A dependency that can never be met any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unmet {
    #[error("TaskDependencyError: container {of} needs container {on}, which could not be started{because}")]
    NeverStarted { of: String, on: String, because: String },
    #[error("TaskDependencyError: container {of} needs container {on} to succeed, but it {exited}")]
    NoSuccess { of: String, on: String, exited: String },
    #[error("TaskDependencyError: container {of} needs container {on} to be healthy, but it stopped first")]
    StoppedUnhealthy { of: String, on: String },
    #[error(
        "TaskDependencyError: container {on} did not reach {condition} within {seconds} s, so {of} was not started"
    )]
    TimedOut { of: String, on: String, condition: &'static str, seconds: i64 },
    #[error("TaskDependencyError: container {of} depends on container {on}, which the task does not have")]
    Unknown { of: String, on: String },
}

impl Task {
    /// Whether everything that `container` must be created after exists.
    pub(super) fn may_create(&self, container: usize) -> Result<bool, Unmet> {
        let spec = &self.spec.containers[container];
        for name in spec.created_after() {
            let on = self.spec.position(name).ok_or_else(|| unknown(&spec.name, name))?;
            let other = &self.containers[on];
            if other.phase == Phase::Stopped && other.docker_id.is_none() {
                return Err(self.never_started(container, on));
            }
            if other.phase < Phase::Created {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether all that `container` depends on is as far as it must be.
    pub(super) fn may_start(&self, container: usize, now: UnixMillis) -> Result<bool, Unmet> {
        let spec = &self.spec.containers[container];
        let mut met = true;
        for dependency in &spec.depends_on {
            let on =
                self.spec.position(&dependency.container).ok_or_else(|| unknown(&spec.name, &dependency.container))?;
            if self.is_met(container, on, dependency.condition)? {
                continue;
            }
            met = false;
            if self.deadline_of(dependency, on).is_some_and(|deadline| now >= deadline) {
                return Err(Unmet::TimedOut {
                    of: spec.name.clone(),
                    on: dependency.container.clone(),
                    condition: condition_name(dependency.condition),
                    seconds: self.spec.containers[on].start_timeout_s.unwrap_or_default(),
                });
            }
        }
        // A linked container's address is written into this one's hosts file when it starts.
        let linked = |link: &String| {
            let name = link.split(':').next().unwrap_or(link);
            self.spec.position(name).is_none_or(|on| self.containers[on].first_started_at.is_some())
        };
        Ok(met && spec.links.iter().all(linked))
    }

    fn is_met(&self, of: usize, on: usize, condition: Condition) -> Result<bool, Unmet> {
        let other = &self.containers[on];
        let stopped = other.phase == Phase::Stopped;
        if stopped && other.first_started_at.is_none() {
            return Err(self.never_started(of, on));
        }
        let names = || (self.spec.containers[of].name.clone(), self.spec.containers[on].name.clone());
        match condition {
            Condition::Start => Ok(other.first_started_at.is_some()),
            Condition::Complete => Ok(stopped),
            Condition::Success if stopped && other.exit_code != Some(0) => {
                let (of, on) = names();
                let exited =
                    other.exit_code.map_or("has no exit code".to_owned(), |code| format!("exited with {code}"));
                Err(Unmet::NoSuccess { of, on, exited })
            }
            Condition::Success => Ok(stopped),
            Condition::Healthy if stopped => {
                let (of, on) = names();
                Err(Unmet::StoppedUnhealthy { of, on })
            }
            Condition::Healthy => Ok(other.health == HealthStatus::Healthy),
        }
    }

    fn never_started(&self, of: usize, on: usize) -> Unmet {
        let because = self.containers[on].reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
        let name = |container: usize| self.spec.containers[container].name.clone();
        Unmet::NeverStarted { of: name(of), on: name(on), because }
    }

    /// When the wait of `container` for one of its dependencies ends, if it waits and there is an end.
    pub(super) fn dependency_deadline(&self, container: usize) -> Option<UnixMillis> {
        if self.containers[container].phase != Phase::Created {
            return None;
        }
        let deadline = |dependency: &Dependency| {
            let on = self.spec.position(&dependency.container)?;
            let waits = matches!(self.is_met(container, on, dependency.condition), Ok(false));
            self.deadline_of(dependency, on).filter(|_| waits)
        };
        self.spec.containers[container].depends_on.iter().filter_map(deadline).min()
    }

    fn deadline_of(&self, dependency: &Dependency, on: usize) -> Option<UnixMillis> {
        if dependency.condition == Condition::Start {
            return None;
        }
        let seconds = self.spec.containers[on].start_timeout_s?;
        Some(self.containers[on].first_started_at?.plus_seconds(seconds))
    }

    /// Whether every container that depends on `container` has stopped.
    pub(super) fn dependants_stopped(&self, container: usize) -> bool {
        let name = &self.spec.containers[container].name;
        self.spec.containers.iter().zip(&self.containers).all(|(spec, state)| {
            let depends = spec.depends_on.iter().any(|d| d.container == *name)
                || spec.created_after().any(|n| n == name)
                || (*name == PAUSE_CONTAINER && !spec.internal);
            !depends || state.phase == Phase::Stopped
        })
    }
}

fn unknown(of: &str, on: &str) -> Unmet {
    Unmet::Unknown { of: of.to_owned(), on: on.to_owned() }
}

fn condition_name(condition: Condition) -> &'static str {
    match condition {
        Condition::Start => "START",
        Condition::Complete => "COMPLETE",
        Condition::Success => "SUCCESS",
        Condition::Healthy => "HEALTHY",
    }
}
