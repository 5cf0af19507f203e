//! The whole installation at a glance: what the home page shows.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::cluster_events::ServiceEvent;
use super::clusters::ClusterSummary;
use super::service_list::ServiceSummary;
use crate::components::{Capacity, StateCounts};
use crate::error::ApiError;
use crate::state::State;

/// Everything on the home page.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Overview {
    pub clusters: Vec<ClusterOverview>,
    /// Services that need a look, worst first.
    pub attention: Vec<Attention>,
    /// Services that are being moved to another revision.
    pub rollouts: Vec<ServiceSummary>,
    /// The newest events, of all clusters.
    pub events: Vec<ServiceEvent>,
    /// What is there already, as long as no service is.
    pub first_steps: Option<FirstSteps>,
}

/// How far somebody is on the way to the first service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FirstSteps {
    /// Whether some cluster has a host.
    pub host: bool,
    /// Whether some repository has an image.
    pub image: bool,
    /// Whether a task definition is registered.
    pub definition: bool,
    /// Host and port of the registry, as `docker` takes it.
    pub registry_host: String,
}

/// A cluster with the sums over its services and hosts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClusterOverview {
    pub cluster: ClusterSummary,
    /// Sum of what its services want.
    pub desired: u32,
    /// Services whose state is failed.
    pub failed: u32,
    /// Hosts whose agent answers.
    pub hosts_connected: u32,
    pub cpu: Capacity,
    pub memory: Capacity,
}

/// A service that needs a look, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    pub service: ServiceSummary,
    pub why: String,
}

impl ClusterOverview {
    /// The state of the cluster in one shape and word.
    #[must_use]
    pub fn health(&self) -> (State, String) {
        match self.failed {
            0 => self.cluster.health(),
            n => (State::Failed, format!("{n} failed")),
        }
    }

    /// Its tasks as blocks.
    #[must_use]
    pub fn counts(&self) -> StateCounts {
        StateCounts { running: self.cluster.running, pending: self.cluster.pending, ..StateCounts::default() }
    }
}

/// Reads the overview.
#[server(prefix = "/ui/api", endpoint = "overview")]
pub async fn load_overview() -> Result<Overview, ApiError> {
    let mut overview = Overview::default();
    for cluster in super::clusters::list_clusters().await? {
        read::add_cluster(&mut overview, cluster).await?;
    }
    overview.attention.sort_by_key(|attention| attention.service.health().0 != State::Failed);
    overview.events.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    overview.events.truncate(read::NEWEST_EVENTS);
    if overview.clusters.iter().all(|cluster| cluster.cluster.services == 0) {
        let host = overview.clusters.iter().any(|cluster| cluster.cluster.instances > 0);
        overview.first_steps = Some(read::first_steps(host).await?);
    }
    Ok(overview)
}

#[cfg(feature = "ssr")]
pub(crate) mod read {
    use super::{Attention, ClusterOverview, FirstSteps, Overview};
    use crate::api::cluster_events::{ServiceEvent, read::events};
    use crate::api::clusters::ClusterSummary;
    use crate::api::instances::{InstanceSummary, list_instances, sum};
    use crate::api::service_list::{ServiceSummary, read};
    use crate::error::ApiError;
    use crate::state::State;

    pub(super) const NEWEST_EVENTS: usize = 12;

    /// How far it is to the first service.
    pub(super) async fn first_steps(host: bool) -> Result<FirstSteps, ApiError> {
        let (ecs, ecr) = (crate::sdk::ecs()?, crate::sdk::ecr()?);
        let families = ecs.list_task_definition_families().max_results(1).send().await?;
        let repositories = ecr.describe_repositories().max_results(100).send().await?;
        let mut image = false;
        for repository in repositories.repositories() {
            let name = repository.repository_name().unwrap_or_default();
            image = !ecr.list_images().repository_name(name).max_results(1).send().await?.image_ids().is_empty();
            if image {
                break;
            }
        }
        let registry_host = crate::sdk::web_context()?.registry_host;
        Ok(FirstSteps { host, image, definition: !families.families().is_empty(), registry_host })
    }

    /// One cluster as the overview shows it.
    pub(crate) async fn cluster(found: ClusterSummary) -> Result<ClusterOverview, ApiError> {
        let mut overview = Overview::default();
        let missing = ApiError::missing("cluster", &found.name);
        // A deleted cluster holds nothing, and the API refuses to list what it holds.
        if found.status != "ACTIVE" {
            return Err(missing);
        }
        add_cluster(&mut overview, found).await?;
        overview.clusters.pop().ok_or(missing)
    }

    pub(super) async fn add_cluster(overview: &mut Overview, cluster: ClusterSummary) -> Result<(), ApiError> {
        let described = read::describe_all(&crate::sdk::ecs()?, &cluster.name).await?;
        let hosts = list_instances(cluster.name.clone()).await?;
        let mut desired = 0;
        let mut failed = 0;
        for service in &described {
            let summary = read::summary(&cluster.name, service);
            let feed = events(&cluster.name, service);
            desired += summary.desired;
            failed += u32::from(summary.health().0 == State::Failed);
            if summary.replaces.is_some() {
                overview.rollouts.push(summary.clone());
            }
            if let Some(why) = trouble(&summary, &feed) {
                overview.attention.push(Attention { service: summary, why });
            }
            overview.events.extend(feed.into_iter().take(NEWEST_EVENTS));
        }
        overview.clusters.push(ClusterOverview {
            desired,
            failed,
            hosts_connected: u32::try_from(hosts.iter().filter(|h| h.agent_connected).count()).unwrap_or(u32::MAX),
            cpu: sum(hosts.iter().map(InstanceSummary::cpu_reserved)),
            memory: sum(hosts.iter().map(InstanceSummary::memory_reserved)),
            cluster,
        });
        Ok(())
    }

    /// Why a service needs a look: what its deployment says when that has failed, else its newest complaint.
    fn trouble(service: &ServiceSummary, feed: &[ServiceEvent]) -> Option<String> {
        let complains = |event: &&ServiceEvent| event.state() == State::Failed || event.message.contains(ON_ITS_OWN);
        let complaint = || feed.iter().find(complains).map(|event| reason(event.sentence()).to_owned());
        match service.health().0 {
            State::Failed if service.rollout == "FAILED" => Some(service.rollout_reason.clone()),
            State::Failed => {
                Some(complaint().unwrap_or_else(|| format!("{} tasks failed to start", service.failed_tasks)))
            }
            State::Pending => feed.first().filter(|e| e.state() == State::Failed).map(|e| e.sentence().to_owned()),
            _ => None,
        }
    }

    /// What stands between a task's id and why it ended, in an event.
    const ON_ITS_OWN: &str = "stopped on its own: ";

    /// A sentence from its reason on, when it has one.
    fn reason(sentence: &str) -> &str {
        sentence.split_once(ON_ITS_OWN).map_or(sentence, |(_, reason)| reason)
    }
}
