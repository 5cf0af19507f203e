//! Service deployments and revisions: the history of what was rolled out, when, and how it ended.
//!
//! Each deployment of a service makes one revision and one record of itself; both have the digits of the deployment's id
//! as theirs. The record follows the service ([`ServiceDeployment::follow`]); nothing is decided by it.
//!
//! Source: ECS API reference, `ServiceDeployment`, `ServiceRevision`; ECS developer guide, "View service history".

use serde::{Deserialize, Serialize};

use crate::ids::{ClusterName, DeploymentId, Scope, ServiceName, TaskDefinitionId};
use crate::rollout::Rollout;
use crate::service::{Deployment, DeploymentConfiguration, FailedBy, RolloutState, Service, ServiceStatus, Workload};
use crate::time::UnixMillis;

/// A deployment of a service with the revision that it rolls out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceDeployment {
    pub scope: Scope,
    pub cluster: ClusterName,
    pub service: ServiceName,
    pub deployment: DeploymentId,
    pub status: ServiceDeploymentStatus,
    pub status_reason: Option<String>,
    /// The revision's definition.
    pub task_definition: TaskDefinitionId,
    /// What else the revision fixes.
    pub workload: Workload,
    pub configuration: DeploymentConfiguration,
    /// The deployments whose revisions ran when this one began.
    pub sources: Vec<DeploymentId>,
    pub rollback: Option<Rollback>,
    /// Failures that the circuit breaker counted, as of the end.
    pub failed_tasks: u32,
    /// Whether the circuit breaker ended it.
    pub breaker_opened: bool,
    /// How far it got, when it went in stages.
    #[serde(default)]
    pub rollout: Option<Rollout>,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
    pub finished_at: Option<UnixMillis>,
    /// When it was asked to stop.
    pub stopped_at: Option<UnixMillis>,
}

/// The way back from a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollback {
    pub reason: String,
    pub started_at: UnixMillis,
    /// The deployment whose revision takes over.
    pub target: DeploymentId,
}

/// How far a service deployment is (ECS API reference, `ServiceDeployment.status`; PENDING is AWS's own: here a deployment
/// begins at once).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ServiceDeploymentStatus {
    Successful,
    Stopped,
    StopRequested,
    InProgress,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

impl ServiceDeploymentStatus {
    /// The status as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Successful => "SUCCESSFUL",
            Self::Stopped => "STOPPED",
            Self::StopRequested => "STOP_REQUESTED",
            Self::InProgress => "IN_PROGRESS",
            Self::RollbackRequested => "ROLLBACK_REQUESTED",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Self::RollbackFailed => "ROLLBACK_FAILED",
        }
    }

    /// Whether it goes no further.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Successful | Self::Stopped | Self::RollbackSuccessful | Self::RollbackFailed)
    }
}

/// The id of a deployment's revision and record: its digits.
#[must_use]
pub fn record_id(deployment: &DeploymentId) -> &str {
    deployment.as_str().strip_prefix("ecs-svc/").unwrap_or_default()
}

/// The deployment whose revision and record have `id`; `None` when no deployment can.
#[must_use]
pub fn deployment_of(id: &str) -> Option<DeploymentId> {
    DeploymentId::parse(format!("ecs-svc/{id}")).ok()
}

impl ServiceDeployment {
    /// The record of `primary`, the PRIMARY deployment of `service`, which has just begun.
    #[must_use]
    pub fn begin(service: &Service, primary: &Deployment) -> Self {
        let others = service.deployments.iter().filter(|d| d.id != primary.id);
        Self {
            scope: service.scope.clone(),
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            deployment: primary.id.clone(),
            status: ServiceDeploymentStatus::InProgress,
            status_reason: None,
            task_definition: primary.task_definition.clone(),
            workload: primary.workload.clone().unwrap_or_else(|| service.workload()),
            configuration: service.deployment_configuration.clone(),
            sources: others.map(|d| d.id.clone()).collect(),
            rollback: None,
            failed_tasks: 0,
            breaker_opened: false,
            rollout: primary.rollout.clone(),
            created_at: primary.created_at,
            updated_at: primary.created_at,
            finished_at: None,
            stopped_at: None,
        }
    }

    /// Brings the record to what `service` is now. What is final stays.
    pub fn follow(&mut self, service: &Service, now: UnixMillis) {
        if self.status.is_final() {
            return;
        }
        if service.status != ServiceStatus::Active {
            return self.end(ServiceDeploymentStatus::Stopped, Some("The service was deleted."), now);
        }
        let own = service.deployments.iter().find(|d| d.id == self.deployment);
        if let Some(own) = own {
            self.failed_tasks = own.failed_tasks;
            self.rollout.clone_from(&own.rollout);
        }
        let Some(primary) = service.primary() else { return };
        if primary.id == self.deployment {
            self.follow_own(primary, now);
        } else if primary.rolled_back_from.as_ref() == Some(&self.deployment) {
            self.follow_rollback(own, primary, now);
        } else {
            self.end(ServiceDeploymentStatus::Stopped, Some("Another deployment took its place."), now);
        }
    }

    fn follow_own(&mut self, own: &Deployment, now: UnixMillis) {
        match own.rollout_state {
            RolloutState::InProgress => {}
            RolloutState::Completed => self.end(ServiceDeploymentStatus::Successful, None, now),
            RolloutState::Failed => {
                self.breaker_opened = self.failed_by(Some(own)) == FailedBy::CircuitBreaker;
                self.end(ServiceDeploymentStatus::Stopped, Some(&own.rollout_state_reason), now);
            }
        }
    }

    fn follow_rollback(&mut self, own: Option<&Deployment>, target: &Deployment, now: UnixMillis) {
        if self.rollback.is_none() {
            let by = self.failed_by(own);
            self.breaker_opened = by == FailedBy::CircuitBreaker;
            let reason = match by {
                FailedBy::Request => "Service deployment rolled back because it was asked to stop.".to_owned(),
                FailedBy::CircuitBreaker => {
                    "Service deployment rolled back because the circuit breaker threshold was exceeded.".to_owned()
                }
                FailedBy::LifecycleHook => {
                    let why = own.map(|own| own.rollout_state_reason.as_str()).unwrap_or_default();
                    format!("Service deployment rolled back because of a lifecycle hook: {why}")
                }
            };
            self.rollback = Some(Rollback { reason: reason.clone(), started_at: now, target: target.id.clone() });
            self.status = ServiceDeploymentStatus::RollbackInProgress;
            self.status_reason = Some(reason);
            self.updated_at = now;
        }
        match target.rollout_state {
            RolloutState::InProgress => {}
            RolloutState::Completed => self.end(ServiceDeploymentStatus::RollbackSuccessful, None, now),
            RolloutState::Failed => {
                self.end(ServiceDeploymentStatus::RollbackFailed, Some(&target.rollout_state_reason), now);
            }
        }
    }

    /// What gave it up; deployments of before this was noted failed by request or by the breaker.
    fn failed_by(&self, own: Option<&Deployment>) -> FailedBy {
        let unnoted = if self.stopped_at.is_some() { FailedBy::Request } else { FailedBy::CircuitBreaker };
        own.and_then(|own| own.failed_by).unwrap_or(unnoted)
    }

    fn end(&mut self, status: ServiceDeploymentStatus, reason: Option<&str>, now: UnixMillis) {
        self.status = status;
        if let Some(reason) = reason {
            self.status_reason = Some(reason.to_owned());
        }
        self.finished_at = Some(now);
        self.updated_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::DeploymentStatus;

    fn deployment(number: u32, status: DeploymentStatus, rollout_state: RolloutState) -> Deployment {
        let id = DeploymentId::parse(format!("ecs-svc/{number}")).unwrap();
        let definition = format!("web:{number}").parse().unwrap();
        let new = Deployment::new(id, definition, Workload::default(), UnixMillis(i64::from(number)));
        Deployment { status, rollout_state, ..new }
    }

    fn service(deployments: Vec<Deployment>) -> Service {
        let scope = Scope { account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() };
        let new = Service::new(scope, "default".parse().unwrap(), "web".parse().unwrap(), UnixMillis(0));
        Service { deployments, ..new }
    }

    const PRIMARY: DeploymentStatus = DeploymentStatus::Primary;
    const ACTIVE: DeploymentStatus = DeploymentStatus::Active;
    const NOW: UnixMillis = UnixMillis(9);

    /// The record of deployment 2, which replaces deployment 1.
    fn record() -> ServiceDeployment {
        let old = deployment(1, ACTIVE, RolloutState::Completed);
        let service = service(vec![deployment(2, PRIMARY, RolloutState::InProgress), old]);
        ServiceDeployment::begin(&service, &service.deployments[0])
    }

    #[test]
    fn a_record_begins_with_where_it_comes_from_and_where_it_goes() {
        let record = record();
        assert_eq!(record.status, ServiceDeploymentStatus::InProgress);
        assert_eq!(record_id(&record.deployment), "2");
        assert_eq!(record.sources, [DeploymentId::parse("ecs-svc/1").unwrap()]);
        assert_eq!(record.task_definition.revision, 2);
    }

    #[test]
    fn a_record_ends_as_its_deployment_does() {
        for (state, expected) in [
            (RolloutState::InProgress, ServiceDeploymentStatus::InProgress),
            (RolloutState::Completed, ServiceDeploymentStatus::Successful),
            (RolloutState::Failed, ServiceDeploymentStatus::Stopped),
        ] {
            let mut record = record();
            record.follow(&service(vec![deployment(2, PRIMARY, state)]), NOW);
            assert_eq!(record.status, expected);
            assert_eq!(record.finished_at.is_some(), expected.is_final());
        }
    }

    #[test]
    fn a_rollback_is_part_of_the_record_of_what_failed() {
        let back = |state| {
            let mut target = deployment(1, PRIMARY, state);
            target.rolled_back_from = Some(DeploymentId::parse("ecs-svc/2").unwrap());
            service(vec![target, deployment(2, ACTIVE, RolloutState::Failed)])
        };
        let mut record = record();
        record.follow(&back(RolloutState::InProgress), NOW);
        assert_eq!(record.status, ServiceDeploymentStatus::RollbackInProgress);
        assert!(record.breaker_opened);
        assert_eq!(record.rollback.as_ref().unwrap().target.as_str(), "ecs-svc/1");
        record.follow(&back(RolloutState::Completed), UnixMillis(10));
        assert_eq!(record.status, ServiceDeploymentStatus::RollbackSuccessful);
        assert_eq!(record.finished_at, Some(UnixMillis(10)));
    }

    #[test]
    fn a_newer_deployment_and_a_deleted_service_stop_it() {
        let newer = service(vec![deployment(3, PRIMARY, RolloutState::InProgress)]);
        let deleted = Service { status: ServiceStatus::Draining, ..service(Vec::new()) };
        for after in [newer, deleted] {
            let mut record = record();
            record.follow(&after, NOW);
            assert_eq!(record.status, ServiceDeploymentStatus::Stopped);
        }
    }

    #[test]
    fn what_is_final_stays() {
        let mut record = record();
        record.follow(&service(vec![deployment(2, PRIMARY, RolloutState::Completed)]), NOW);
        let ended = record.clone();
        record.follow(&service(vec![deployment(3, PRIMARY, RolloutState::InProgress)]), UnixMillis(20));
        assert_eq!(record, ended);
    }
}
