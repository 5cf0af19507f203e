//! One service: what is known of it, and what can be done to it.

#![expect(clippy::too_many_arguments, reason = "a form without WebAssembly posts flat fields")]

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::cluster_events::ServiceEvent;
use super::service_list::ServiceSummary;
use super::staged::StagedDeployment;
use crate::error::ApiError;

/// A service as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceDetail {
    pub summary: ServiceSummary,
    pub created_at: Option<i64>,
    pub minimum_percent: u32,
    pub maximum_percent: u32,
    pub breaker: Breaker,
    /// `ROLLING`, `BLUE_GREEN`, `LINEAR` or `CANARY`.
    pub strategy: String,
    /// The deployment that is under way, when it goes in stages.
    pub staged: Option<StagedDeployment>,
    /// The newest first; the first is PRIMARY.
    pub deployments: Vec<DeploymentSummary>,
    /// The newest first.
    pub events: Vec<ServiceEvent>,
    /// What it was created with, as label and value.
    pub configuration: Vec<(String, String)>,
    /// The ACTIVE revisions of its family, newest first.
    pub revisions: Vec<u32>,
    /// The containers of its definition with their images.
    pub containers: Vec<(String, String)>,
}

/// `deploymentCircuitBreaker`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Breaker {
    Off,
    Stops,
    RollsBack,
}

impl Breaker {
    /// What it does, in words.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Off => "circuit breaker off",
            Self::Stops => "circuit breaker stops a failing deployment",
            Self::RollsBack => "circuit breaker rolls a failing deployment back",
        }
    }
}

/// A deployment of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentSummary {
    pub id: String,
    /// `PRIMARY` or `ACTIVE`.
    pub status: String,
    /// `family:revision`.
    pub task_definition: String,
    pub desired: u32,
    pub running: u32,
    pub pending: u32,
    pub failed: u32,
    /// `COMPLETED`, `IN_PROGRESS` or `FAILED`.
    pub rollout: String,
    pub reason: String,
    pub created_at: Option<i64>,
    pub updated_at: Option<i64>,
}

impl DeploymentSummary {
    /// Whether it is the one that the service is on its way to.
    #[must_use]
    pub fn is_primary(&self) -> bool {
        self.status == "PRIMARY"
    }
}

impl ServiceDetail {
    /// How it deploys, in words.
    #[must_use]
    pub fn deploys(&self) -> String {
        match self.strategy.as_str() {
            "BLUE_GREEN" => "blue/green".to_owned(),
            "LINEAR" => "linear".to_owned(),
            "CANARY" => "canary".to_owned(),
            _ => format!("rolling, {}\u{a0}% to {}\u{a0}%", self.minimum_percent, self.maximum_percent),
        }
    }

    /// The family of its task definition.
    #[must_use]
    pub fn family(&self) -> &str {
        self.summary.task_definition.split(':').next().unwrap_or_default()
    }

    /// The definition to go back to: the one that is being replaced, else the revision before the present one.
    #[must_use]
    pub fn previous(&self) -> Option<String> {
        if let Some(replaced) = self.summary.replaces.as_ref().filter(|r| **r != self.summary.task_definition) {
            return Some(replaced.clone());
        }
        let present: u32 = self.summary.task_definition.split_once(':')?.1.parse().ok()?;
        let before = self.revisions.iter().copied().filter(|r| *r < present).max()?;
        Some(format!("{}:{before}", self.family()))
    }
}

/// One service.
///
/// # Errors
/// `NotFound` when the cluster has none of that name.
#[server(prefix = "/ui/api", endpoint = "describe-service")]
pub async fn describe_service(cluster: String, service: String) -> Result<ServiceDetail, ApiError> {
    let ecs = crate::sdk::ecs()?;
    let answer = ecs.describe_services().cluster(&cluster).services(&service).send().await?;
    let found = answer.services().first().ok_or_else(|| ApiError::missing("service", &service))?;
    let mut detail = read::detail(&cluster, found);
    if detail.strategy != "ROLLING" {
        detail.staged = super::staged::read::under_way(&ecs, found.current_service_deployment()).await?;
    }
    // A service of task sets has no definition of its own.
    if !detail.summary.task_definition.is_empty() {
        let definition = super::task_definitions::read::revision(&detail.summary.task_definition).await?;
        detail.containers =
            definition.containers.into_iter().map(|container| (container.name, container.image)).collect();
    }
    detail.revisions = super::task_definitions::read::active_revisions(&ecs, detail.family()).await?;
    Ok(detail)
}

/// Sets how many tasks a service should have.
///
/// # Errors
/// `InvalidParameterException` when `desired` is not a number; what UpdateService answers.
#[server(prefix = "/ui/api", endpoint = "scale-service")]
pub async fn scale_service(cluster: String, service: String, desired: String) -> Result<(), ApiError> {
    let desired = read::number("Desired", &desired)?;
    crate::sdk::ecs()?.update_service().cluster(cluster).service(service).desired_count(desired).send().await?;
    Ok(())
}

/// Deploys a task definition; with `force` also when nothing changed.
///
/// # Errors
/// What UpdateService answers.
#[server(prefix = "/ui/api", endpoint = "deploy-service")]
pub async fn deploy_service(
    cluster: String,
    service: String,
    task_definition: String,
    force: Option<String>,
) -> Result<(), ApiError> {
    let update = crate::sdk::ecs()?.update_service().cluster(&cluster).service(&service);
    update.task_definition(task_definition).force_new_deployment(force.is_some()).send().await?;
    leptos_axum::redirect(&format!("/clusters/{cluster}/services/{service}"));
    Ok(())
}

/// Deletes a service with its tasks and goes to its cluster.
///
/// # Errors
/// What DeleteService answers.
#[server(prefix = "/ui/api", endpoint = "delete-service")]
pub async fn delete_service(cluster: String, service: String) -> Result<(), ApiError> {
    crate::sdk::ecs()?.delete_service().cluster(&cluster).service(service).force(true).send().await?;
    leptos_axum::redirect(&format!("/clusters/{cluster}"));
    Ok(())
}

/// Creates a service from the fields of the form and goes to its page.
///
/// # Errors
/// `InvalidParameterException` for a field that is not a number; what CreateService answers.
#[server(prefix = "/ui/api", endpoint = "create-service")]
pub async fn create_service(
    cluster: String,
    name: String,
    task_definition: String,
    desired: String,
    launch_type: String,
    minimum_percent: String,
    maximum_percent: String,
    breaker: String,
    subnets: String,
    security_groups: String,
    target_group: String,
    container: String,
    container_port: String,
) -> Result<(), ApiError> {
    let name = name.trim();
    let percents = (read::number("Minimum", &minimum_percent)?, read::number("Maximum", &maximum_percent)?);
    crate::sdk::ecs()?
        .create_service()
        .cluster(&cluster)
        .service_name(name)
        .task_definition(task_definition.trim())
        .desired_count(read::number("Desired", &desired)?)
        .launch_type(launch_type.as_str().into())
        .deployment_configuration(read::deployment_configuration(percents, &breaker)?)
        .set_network_configuration(super::network::configuration(&subnets, &security_groups)?)
        .set_load_balancers(read::load_balancers(&target_group, &container, &container_port)?)
        .send()
        .await?;
    leptos_axum::redirect(&format!("/clusters/{cluster}/services/{}", crate::format::query_value(name)));
    Ok(())
}

#[cfg(feature = "ssr")]
mod read {
    use aws_sdk_ecs::types::{Deployment, DeploymentCircuitBreaker, DeploymentConfiguration, LoadBalancer, Service};

    use super::{Breaker, DeploymentSummary, ServiceDetail};
    use crate::api::cluster_events::read::events;
    use crate::api::convert::{count, millis, text};
    use crate::api::service_list::read::summary;
    use crate::error::ApiError;
    use crate::format::{date_and_clock, last_part};

    pub(super) fn number(field: &str, text: &str) -> Result<i32, ApiError> {
        let refused = |_| {
            let message = format!("{field} must be a whole number, not \u{201c}{}\u{201d}.", text.trim());
            ApiError::refused("InvalidParameterException", message)
        };
        text.trim().parse().map_err(refused)
    }

    /// What the service stands behind, when a target group is chosen.
    pub(super) fn load_balancers(
        group: &str,
        container: &str,
        port: &str,
    ) -> Result<Option<Vec<LoadBalancer>>, ApiError> {
        if group.is_empty() {
            return Ok(None);
        }
        let one = LoadBalancer::builder().target_group_arn(group).container_name(container.trim());
        Ok(Some(vec![one.container_port(number("The container's port", port)?).build()]))
    }

    pub(super) fn deployment_configuration(
        (minimum, maximum): (i32, i32),
        breaker: &str,
    ) -> Result<DeploymentConfiguration, ApiError> {
        let breaker = DeploymentCircuitBreaker::builder().enable(breaker != "off").rollback(breaker == "rolls-back");
        Ok(DeploymentConfiguration::builder()
            .minimum_healthy_percent(minimum)
            .maximum_percent(maximum)
            .deployment_circuit_breaker(breaker.build())
            .build())
    }

    pub(super) fn detail(cluster: &str, service: &Service) -> ServiceDetail {
        let configuration = service.deployment_configuration();
        let breaker = configuration.and_then(|c| c.deployment_circuit_breaker());
        ServiceDetail {
            summary: summary(cluster, service),
            created_at: millis(service.created_at()),
            minimum_percent: configuration.and_then(|c| c.minimum_healthy_percent()).map_or(100, count),
            maximum_percent: configuration.and_then(|c| c.maximum_percent()).map_or(200, count),
            breaker: match breaker {
                Some(breaker) if breaker.enable() && breaker.rollback() => Breaker::RollsBack,
                Some(breaker) if breaker.enable() => Breaker::Stops,
                _ => Breaker::Off,
            },
            strategy: configuration.and_then(|c| c.strategy()).map_or("ROLLING", |s| s.as_str()).to_owned(),
            staged: None,
            deployments: service.deployments().iter().map(deployment).collect(),
            events: events(cluster, service),
            configuration: facts(service),
            revisions: Vec::new(),
            containers: Vec::new(),
        }
    }

    fn deployment(deployment: &Deployment) -> DeploymentSummary {
        DeploymentSummary {
            id: text(deployment.id()),
            status: text(deployment.status()),
            task_definition: last_part(deployment.task_definition().unwrap_or_default()).to_owned(),
            desired: count(deployment.desired_count()),
            running: count(deployment.running_count()),
            pending: count(deployment.pending_count()),
            failed: count(deployment.failed_tasks()),
            rollout: text(deployment.rollout_state().map(|s| s.as_str())),
            reason: text(deployment.rollout_state_reason()),
            created_at: millis(deployment.created_at()),
            updated_at: millis(deployment.updated_at()),
        }
    }

    /// Label and value of what was asked for; what was not asked for is left out.
    fn facts(service: &Service) -> Vec<(String, String)> {
        let mut facts: Vec<(&str, String)> = vec![
            ("ARN", text(service.service_arn())),
            ("Created", millis(service.created_at()).map(date_and_clock).unwrap_or_default()),
            ("Created by", text(service.created_by())),
            ("Scheduling", text(service.scheduling_strategy().map(|s| s.as_str()))),
            ("Launch type", text(service.launch_type().map(|l| l.as_str()))),
            ("Platform version", text(service.platform_version())),
            ("Propagate tags", text(service.propagate_tags().map(|p| p.as_str()))),
        ];
        let grace = service.health_check_grace_period_seconds();
        facts.push(("Health check grace", grace.map(|s| format!("{s}\u{a0}s")).unwrap_or_default()));
        facts.push(("ECS Exec", if service.enable_execute_command() { "on" } else { "off" }.to_owned()));
        facts.extend(service.capacity_provider_strategy().iter().map(|item| {
            let base = item.base();
            ("Capacity provider", format!("{} weight {} base {base}", item.capacity_provider(), item.weight()))
        }));
        if let Some(network) = service.network_configuration().and_then(|n| n.awsvpc_configuration()) {
            facts.push(("Subnets", network.subnets().join(", ")));
            facts.push(("Security groups", network.security_groups().join(", ")));
            facts.push(("Public IP", text(network.assign_public_ip().map(|a| a.as_str()))));
        }
        facts.extend(service.placement_strategy().iter().map(|s| {
            let kind = text(s.r#type().map(|t| t.as_str()));
            ("Placement strategy", format!("{kind} {}", text(s.field())).trim().to_owned())
        }));
        facts.extend(service.placement_constraints().iter().map(|c| {
            let kind = text(c.r#type().map(|t| t.as_str()));
            ("Placement constraint", format!("{kind} {}", text(c.expression())).trim().to_owned())
        }));
        facts.extend(service.load_balancers().iter().map(|lb| {
            let target = lb.target_group_arn().or(lb.load_balancer_name()).map(last_part).unwrap_or_default();
            let port = lb.container_port().unwrap_or_default();
            ("Load balancer", format!("{target} to {}:{port}", text(lb.container_name())))
        }));
        let given = facts.into_iter().filter(|(_, value)| !value.is_empty());
        given.map(|(label, value)| (label.to_owned(), value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(definition: &str, replaces: Option<&str>, revisions: &[u32]) -> ServiceDetail {
        ServiceDetail {
            summary: ServiceSummary {
                name: "web".into(),
                cluster: "prod".into(),
                status: "ACTIVE".into(),
                desired: 1,
                running: 1,
                pending: 0,
                task_definition: definition.into(),
                replaces: replaces.map(str::to_owned),
                rollout: "COMPLETED".into(),
                rollout_reason: String::new(),
                failed_tasks: 0,
                new_tasks: (1, 0),
                old_tasks: 0,
                launch_type: "EC2".into(),
                changed_at: None,
            },
            created_at: None,
            minimum_percent: 100,
            maximum_percent: 200,
            breaker: Breaker::Off,
            strategy: "ROLLING".into(),
            staged: None,
            deployments: Vec::new(),
            events: Vec::new(),
            configuration: Vec::new(),
            revisions: revisions.to_vec(),
            containers: Vec::new(),
        }
    }

    #[test]
    fn a_rollback_goes_to_what_is_being_replaced_else_to_the_revision_before() {
        for (present, replaces, revisions, expected) in [
            ("web:9", Some("web:4"), &[9, 8, 4][..], Some("web:4")),
            ("web:9", None, &[9, 7, 4], Some("web:7")),
            ("web:7", None, &[9, 7, 4], Some("web:4")),
            ("web:1", None, &[1], None),
            ("web:9", Some("web:9"), &[9, 8], Some("web:8")),
        ] {
            assert_eq!(service(present, replaces, revisions).previous().as_deref(), expected, "{present} {replaces:?}");
        }
    }
}
