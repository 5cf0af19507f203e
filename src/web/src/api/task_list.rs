//! Tasks, as lists show them.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Page;
use crate::error::ApiError;
use crate::format::sentence;
use crate::state::State;

/// A task as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TaskSummary {
    pub id: String,
    pub cluster: String,
    /// The service that it belongs to.
    pub service: Option<String>,
    /// `family:revision`.
    pub task_definition: String,
    pub last_status: String,
    pub desired_status: String,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`.
    pub health_status: String,
    /// The id of the container instance.
    pub instance: Option<String>,
    pub availability_zone: Option<String>,
    pub launch_type: String,
    pub created_at: Option<i64>,
    pub started_at: Option<i64>,
    pub stopped_at: Option<i64>,
    pub stop_code: Option<String>,
    pub stopped_reason: Option<String>,
    pub containers: Vec<ContainerSummary>,
}

/// A container of a task as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ContainerSummary {
    pub name: String,
    pub last_status: String,
    pub exit_code: Option<i32>,
    pub reason: Option<String>,
}

impl TaskSummary {
    /// Whether it stopped because something went wrong, not because somebody wanted it to.
    #[must_use]
    pub fn failed(&self) -> bool {
        match self.stop_code.as_deref() {
            Some("TaskFailedToStart") => true,
            Some("EssentialContainerExited") => self.containers.iter().any(|c| c.exit_code != Some(0)),
            _ => false,
        }
    }

    /// The state in one shape and word.
    #[must_use]
    pub fn health(&self) -> (State, String) {
        let state = State::of_task(&self.last_status, self.failed());
        let word = match (state, self.health_status.as_str()) {
            (State::Running, "HEALTHY") => "Healthy".to_owned(),
            (State::Running, "UNHEALTHY") => return (State::Failed, "Unhealthy".to_owned()),
            (State::Failed, _) => "Failed".to_owned(),
            _ => sentence(&self.last_status),
        };
        (state, word)
    }

    /// The address of its page.
    #[must_use]
    pub fn href(&self) -> String {
        format!("/clusters/{}/tasks/{}", self.cluster, self.id)
    }

    /// The exit code that tells most: the first that is not 0.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        let codes = || self.containers.iter().filter_map(|c| c.exit_code);
        codes().find(|code| *code != 0).or_else(|| codes().next())
    }

    /// Why it stopped: its own reason, and the first container's.
    #[must_use]
    pub fn why_stopped(&self) -> String {
        let own = self.stopped_reason.clone().unwrap_or_default();
        let told = |c: &'_ ContainerSummary| c.reason.clone().filter(|reason| *reason != own);
        match self.containers.iter().find_map(|c| told(c).map(|reason| (c.name.as_str(), reason))) {
            Some((name, reason)) => format!("{own} ({name}: {reason})"),
            None => own,
        }
    }
}

/// Tasks that failed for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureGroup {
    pub reason: String,
    pub tasks: u32,
    pub last_at: Option<i64>,
    pub exit_code: Option<i32>,
    /// The page of the last of them.
    pub href: String,
}

/// What tasks failed of, the commonest first. `stopped` is in the order of a list: the newest first.
#[must_use]
pub fn failures_by_reason(stopped: &[TaskSummary]) -> Vec<FailureGroup> {
    let mut groups: Vec<FailureGroup> = Vec::new();
    for task in stopped.iter().filter(|task| task.failed()) {
        let reason = task.why_stopped();
        match groups.iter_mut().find(|group| group.reason == reason) {
            Some(group) => group.tasks += 1,
            None => groups.push(FailureGroup {
                reason,
                tasks: 1,
                last_at: task.stopped_at,
                exit_code: task.exit_code(),
                href: task.href(),
            }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse((group.tasks, group.last_at)));
    groups
}

/// Which tasks of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFilter {
    pub cluster: String,
    pub service: Option<String>,
    /// The id of a container instance.
    pub instance: Option<String>,
    /// Stopped tasks in place of those that are wanted.
    pub stopped: bool,
}

/// The tasks that match, newest first; a list ends after some hundreds.
#[server(prefix = "/ui/api", endpoint = "list-tasks", input = leptos::server_fn::codec::Json)]
pub async fn list_tasks(filter: TaskFilter) -> Result<Page<TaskSummary>, ApiError> {
    let ecs = crate::sdk::ecs()?;
    read::tasks(&ecs, &filter).await
}

#[cfg(feature = "ssr")]
pub(crate) mod read {
    //! Reading tasks through the SDK.

    use aws_sdk_ecs::Client;
    use aws_sdk_ecs::types::{DesiredStatus, Task};

    use super::{ContainerSummary, Page, TaskFilter, TaskSummary};
    use crate::api::convert::{millis, text};
    use crate::error::ApiError;
    use crate::format::last_part;

    /// Lists end here; the pages say so.
    const LONGEST: usize = 500;

    /// The ARN of every task of `cluster` that is to run.
    pub(crate) async fn arns(ecs: &Client, cluster: &str) -> Result<Vec<String>, ApiError> {
        let pages = ecs.list_tasks().cluster(cluster).max_results(100).into_paginator();
        Ok(pages.items().send().collect::<Result<_, _>>().await?)
    }

    pub(crate) async fn tasks(ecs: &Client, filter: &TaskFilter) -> Result<Page<TaskSummary>, ApiError> {
        let wanted = if filter.stopped { DesiredStatus::Stopped } else { DesiredStatus::Running };
        let mut arns: Vec<String> = Vec::new();
        let mut next = None;
        loop {
            let answer = ecs
                .list_tasks()
                .cluster(&filter.cluster)
                .set_service_name(filter.service.clone())
                .set_container_instance(filter.instance.clone())
                .desired_status(wanted.clone())
                .max_results(100)
                .set_next_token(next)
                .send()
                .await?;
            arns.extend(answer.task_arns.unwrap_or_default());
            next = answer.next_token;
            if next.is_none() || arns.len() >= LONGEST {
                break;
            }
        }
        let mut items = Vec::with_capacity(arns.len());
        for some in arns.chunks(100) {
            let answer = ecs.describe_tasks().cluster(&filter.cluster).set_tasks(Some(some.to_vec())).send().await?;
            items.extend(answer.tasks().iter().map(|task| summary(&filter.cluster, task)));
        }
        items.sort_by_key(|task| std::cmp::Reverse((task.stopped_at, task.created_at, task.id.clone())));
        Ok(Page { items, more: next.is_some() })
    }

    pub(crate) fn summary(cluster: &str, task: &Task) -> TaskSummary {
        TaskSummary {
            id: last_part(task.task_arn().unwrap_or_default()).to_owned(),
            cluster: cluster.to_owned(),
            service: task.group().and_then(|group| group.strip_prefix("service:")).map(str::to_owned),
            task_definition: last_part(task.task_definition_arn().unwrap_or_default()).to_owned(),
            last_status: text(task.last_status()),
            desired_status: text(task.desired_status()),
            health_status: text(task.health_status().map(|h| h.as_str())),
            instance: task.container_instance_arn().map(|arn| last_part(arn).to_owned()),
            availability_zone: task.availability_zone().map(str::to_owned),
            launch_type: text(task.launch_type().map(|l| l.as_str())),
            created_at: millis(task.created_at()),
            started_at: millis(task.started_at()),
            stopped_at: millis(task.stopped_at()),
            stop_code: task.stop_code().map(|code| code.as_str().to_owned()),
            stopped_reason: task.stopped_reason().map(str::to_owned),
            containers: task
                .containers()
                .iter()
                .map(|container| ContainerSummary {
                    name: text(container.name()),
                    last_status: text(container.last_status()),
                    exit_code: container.exit_code(),
                    reason: container.reason().map(str::to_owned),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stopped(id: &str, at: i64, exit_code: i32, reason: &str) -> TaskSummary {
        TaskSummary {
            id: id.to_owned(),
            cluster: "prod".to_owned(),
            service: None,
            task_definition: "web:1".to_owned(),
            last_status: "STOPPED".to_owned(),
            desired_status: "STOPPED".to_owned(),
            health_status: "UNKNOWN".to_owned(),
            instance: None,
            availability_zone: None,
            launch_type: "EC2".to_owned(),
            created_at: None,
            started_at: None,
            stopped_at: Some(at),
            stop_code: Some("EssentialContainerExited".to_owned()),
            stopped_reason: Some(reason.to_owned()),
            containers: vec![ContainerSummary {
                name: "app".to_owned(),
                last_status: "STOPPED".to_owned(),
                exit_code: Some(exit_code),
                reason: None,
            }],
        }
    }

    #[test]
    fn failures_are_told_by_their_reason_the_commonest_first() {
        let tasks = [
            stopped("d", 40, 1, "out of disk"),
            stopped("c", 30, 137, "out of memory"),
            stopped("b", 20, 0, "done"),
            stopped("a", 10, 137, "out of memory"),
        ];
        let told: Vec<_> =
            failures_by_reason(&tasks).into_iter().map(|g| (g.reason, g.tasks, g.last_at, g.exit_code)).collect();
        let expected = [("out of memory", 2, Some(30), Some(137)), ("out of disk", 1, Some(40), Some(1))];
        assert_eq!(told, expected.map(|(reason, tasks, at, code)| (reason.to_owned(), tasks, at, code)));
    }
}
