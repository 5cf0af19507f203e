//! The services of a cluster, as lists show them.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::components::StateCounts;
use crate::error::ApiError;
use crate::state::State;

/// A service as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServiceSummary {
    pub name: String,
    pub cluster: String,
    pub status: String,
    pub desired: u32,
    pub running: u32,
    pub pending: u32,
    /// `family:revision` of the newest deployment.
    pub task_definition: String,
    /// The revision that is being replaced, while a deployment runs.
    pub replaces: Option<String>,
    /// `COMPLETED`, `IN_PROGRESS` or `FAILED`.
    pub rollout: String,
    pub rollout_reason: String,
    /// Tasks of the newest deployment that failed to start.
    pub failed_tasks: u32,
    /// Tasks of the newest deployment: running, pending.
    pub new_tasks: (u32, u32),
    /// Running tasks of the deployments that it replaces.
    pub old_tasks: u32,
    pub launch_type: String,
    /// When the newest deployment last changed.
    pub changed_at: Option<i64>,
}

impl ServiceSummary {
    /// The state of the service in one shape and word.
    #[must_use]
    pub fn health(&self) -> (State, &'static str) {
        match self.status.as_str() {
            "DRAINING" => return (State::Draining, "Draining"),
            "INACTIVE" => return (State::Stopped, "Deleted"),
            _ => {}
        }
        if self.rollout == "FAILED" {
            return (State::Failed, "Failed");
        }
        if self.failed_tasks > 0 && self.running < self.desired {
            return (State::Failed, "Failing");
        }
        if self.replaces.is_some() {
            return (State::Pending, "Deploying");
        }
        match self.running.cmp(&self.desired) {
            std::cmp::Ordering::Less => (State::Pending, "Starting"),
            std::cmp::Ordering::Greater => (State::Draining, "Scaling in"),
            std::cmp::Ordering::Equal if self.desired == 0 => (State::Stopped, "Scaled to 0"),
            std::cmp::Ordering::Equal => (State::Running, "Steady"),
        }
    }

    /// Its tasks as blocks.
    #[must_use]
    pub fn counts(&self) -> StateCounts {
        StateCounts { running: self.running, pending: self.pending, ..StateCounts::default() }
    }

    /// The address of its page.
    #[must_use]
    pub fn href(&self) -> String {
        format!("/clusters/{}/services/{}", self.cluster, self.name)
    }
}

/// Sorts what needs a look to the top, the rest by name.
pub fn trouble_first(services: &mut [ServiceSummary]) {
    services.sort_by(|a, b| a.health().0.urgency().cmp(&b.health().0.urgency()).then_with(|| a.name.cmp(&b.name)));
}

/// All services of a cluster, those that need a look first.
#[server(prefix = "/ui/api", endpoint = "list-services")]
pub async fn list_services(cluster: String) -> Result<Vec<ServiceSummary>, ApiError> {
    let ecs = crate::sdk::ecs()?;
    let mut services: Vec<ServiceSummary> =
        read::describe_all(&ecs, &cluster).await?.iter().map(|service| read::summary(&cluster, service)).collect();
    trouble_first(&mut services);
    Ok(services)
}

#[cfg(feature = "ssr")]
pub(crate) mod read {
    //! Reading services through the SDK.

    use aws_sdk_ecs::Client;
    use aws_sdk_ecs::types::Service;

    use super::ServiceSummary;
    use crate::api::convert::{count, millis, text};
    use crate::error::ApiError;
    use crate::format::last_part;

    /// DescribeServices takes ten at a time (ECS API reference).
    const AT_A_TIME: usize = 10;

    /// The ARN of every service of `cluster`.
    pub(crate) async fn arns(ecs: &Client, cluster: &str) -> Result<Vec<String>, ApiError> {
        let pages = ecs.list_services().cluster(cluster).max_results(100).into_paginator();
        Ok(pages.items().send().collect::<Result<_, _>>().await?)
    }

    /// Every service of `cluster`.
    pub(crate) async fn describe_all(ecs: &Client, cluster: &str) -> Result<Vec<Service>, ApiError> {
        let arns = arns(ecs, cluster).await?;
        let mut services = Vec::with_capacity(arns.len());
        for some in arns.chunks(AT_A_TIME) {
            let answer = ecs.describe_services().cluster(cluster).set_services(Some(some.to_vec())).send().await?;
            services.extend(answer.services.unwrap_or_default());
        }
        Ok(services)
    }

    pub(crate) fn summary(cluster: &str, service: &Service) -> ServiceSummary {
        let primary = service.deployments().iter().find(|d| d.status() == Some("PRIMARY"));
        let others = || service.deployments().iter().filter(|d| d.status() != Some("PRIMARY"));
        let task_definition = primary.and_then(|d| d.task_definition()).or(service.task_definition());
        ServiceSummary {
            name: text(service.service_name()),
            cluster: cluster.to_owned(),
            status: text(service.status()),
            desired: count(service.desired_count()),
            running: count(service.running_count()),
            pending: count(service.pending_count()),
            task_definition: last_part(task_definition.unwrap_or_default()).to_owned(),
            replaces: others().next().and_then(|d| d.task_definition()).map(|arn| last_part(arn).to_owned()),
            rollout: primary.and_then(|d| d.rollout_state()).map(|s| s.as_str().to_owned()).unwrap_or_default(),
            rollout_reason: text(primary.and_then(|d| d.rollout_state_reason())),
            failed_tasks: primary.map_or(0, |d| count(d.failed_tasks())),
            new_tasks: primary.map_or((0, 0), |d| (count(d.running_count()), count(d.pending_count()))),
            old_tasks: others().map(|d| count(d.running_count())).sum(),
            launch_type: text(service.launch_type().map(|l| l.as_str())),
            changed_at: millis(primary.and_then(|d| d.updated_at())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str) -> ServiceSummary {
        ServiceSummary {
            name: name.to_owned(),
            cluster: "prod".to_owned(),
            status: "ACTIVE".to_owned(),
            desired: 2,
            running: 2,
            pending: 0,
            task_definition: "web:1".to_owned(),
            replaces: None,
            rollout: "COMPLETED".to_owned(),
            rollout_reason: String::new(),
            failed_tasks: 0,
            new_tasks: (2, 0),
            old_tasks: 0,
            launch_type: "EC2".to_owned(),
            changed_at: None,
        }
    }

    #[test]
    fn a_service_says_in_one_word_how_it_is() {
        assert_eq!(service("a").health(), (State::Running, "Steady"));
        assert_eq!(ServiceSummary { running: 1, ..service("a") }.health(), (State::Pending, "Starting"));
        assert_eq!(ServiceSummary { running: 3, ..service("a") }.health(), (State::Draining, "Scaling in"));
        assert_eq!(ServiceSummary { rollout: "FAILED".into(), ..service("a") }.health(), (State::Failed, "Failed"));
        assert_eq!(
            ServiceSummary { replaces: Some("web:0".into()), ..service("a") }.health(),
            (State::Pending, "Deploying")
        );
        assert_eq!(
            ServiceSummary { status: "DRAINING".into(), ..service("a") }.health(),
            (State::Draining, "Draining")
        );
    }

    #[test]
    fn trouble_comes_first_then_names() {
        let mut services =
            vec![service("b"), service("a"), ServiceSummary { rollout: "FAILED".into(), ..service("z") }];
        trouble_first(&mut services);
        assert_eq!(services.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["z", "a", "b"]);
    }
}
