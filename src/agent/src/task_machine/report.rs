//! What the control plane is told, and when.
//!
//! A task is reported when its status changes: RUNNING when every container has started, STOPPED when every one has
//! stopped. A container that ends while the task goes on is reported by itself. A report is a snapshot and stays in the
//! task's outbox until it is acknowledged, so that the control plane sees every status in order even when it was away.

use gantry_model::UnixMillis;
use gantry_model::task::NetworkBinding;
use serde::{Deserialize, Serialize};

use super::{Phase, Status, Task};

/// The longest reason that is sent (ECS agent protocol).
const MAX_REASON: usize = 1024;

/// A report that the control plane is to acknowledge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Report {
    Task(TaskReport),
    Container(ContainerReport),
}

/// A task's new status, with what is known of its containers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskReport {
    pub status: Status,
    pub reason: Option<String>,
    pub containers: Vec<ContainerReport>,
    pub pull_started_at: Option<UnixMillis>,
    pub pull_stopped_at: Option<UnixMillis>,
    pub execution_stopped_at: Option<UnixMillis>,
}

/// What is known of a container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainerReport {
    pub name: String,
    pub status: Status,
    pub exit_code: Option<i64>,
    pub reason: Option<String>,
    pub runtime_id: Option<String>,
    pub image_digest: Option<String>,
    pub network_bindings: Vec<NetworkBinding>,
    /// The address of the task's own network, if it has one.
    pub address: Option<String>,
}

impl Task {
    /// Puts a report into the outbox when the task's status has changed.
    pub(super) fn settle(&mut self, now: UnixMillis) {
        let status = self.present_status();
        if status <= self.status {
            return;
        }
        self.status = status;
        if status == Status::Stopped {
            self.execution_stopped_at.get_or_insert(now);
        }
        let report = TaskReport {
            status,
            reason: self.reason.as_deref().map(cut),
            containers: self.reported().map(|c| self.container_report(c)).collect(),
            pull_started_at: self.pull_started_at,
            pull_stopped_at: self.pull_stopped_at,
            execution_stopped_at: self.execution_stopped_at,
        };
        self.outbox.push_back(Report::Task(report));
    }

    /// Reports the task's status again: the control plane asks about a task that it was told of before.
    pub fn report_again(&mut self, now: UnixMillis) {
        if self.outbox.is_empty() {
            self.status = Status::Pending;
            self.settle(now);
        }
    }

    fn present_status(&self) -> Status {
        if self.is_stopped() {
            return Status::Stopped;
        }
        let steady = self.containers.iter().all(|c| c.first_started_at.is_some() || c.phase == Phase::Stopped);
        if steady && !self.stopping { Status::Running } else { Status::Pending }
    }

    /// Reports that `container` has stopped while others go on.
    pub(super) fn report_container(&mut self, container: usize) {
        let last = self.containers.iter().all(|c| c.phase == Phase::Stopped);
        if !last && !self.spec.containers[container].internal {
            let report = self.container_report(container);
            self.outbox.push_back(Report::Container(report));
        }
    }

    /// The address of the pause container, which is that of all containers of the task.
    fn own_address(&self) -> Option<String> {
        let pause = self.spec.containers.iter().position(|c| c.internal)?;
        self.containers[pause].address.clone()
    }

    fn reported(&self) -> impl Iterator<Item = usize> {
        (0..self.containers.len()).filter(|&c| !self.spec.containers[c].internal)
    }

    fn container_report(&self, container: usize) -> ContainerReport {
        let c = &self.containers[container];
        ContainerReport {
            name: self.spec.containers[container].name.clone(),
            status: match c.phase {
                Phase::Stopped => Status::Stopped,
                _ if c.first_started_at.is_some() => Status::Running,
                _ => Status::Pending,
            },
            exit_code: c.exit_code,
            reason: c.reason.as_deref().map(cut),
            runtime_id: c.docker_id.clone(),
            image_digest: c.image_digest.clone(),
            network_bindings: c.network_bindings.clone(),
            address: c.address.clone().or_else(|| self.own_address()),
        }
    }
}

fn cut(reason: &str) -> String {
    reason.chars().take(MAX_REASON).collect()
}
