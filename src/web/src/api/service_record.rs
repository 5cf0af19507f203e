//! What a service has been through: its deployments and how its last days were.

use gantry_model::health::HealthHistory;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::state::State;

/// The record of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRecord {
    /// The newest first, as many as a page holds.
    pub deployments: Vec<PastDeployment>,
    pub health: HealthHistory,
}

/// A deployment, finished or not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PastDeployment {
    pub arn: String,
    /// As ECS writes it: `SUCCESSFUL`, `IN_PROGRESS`, `ROLLBACK_FAILED`, …
    pub status: String,
    pub reason: String,
    /// `family:revision` of what it replaced; more than one when it came in the midst of another.
    pub from: Vec<String>,
    pub to: String,
    pub created_at: Option<i64>,
    pub finished_at: Option<i64>,
}

impl PastDeployment {
    /// Its status as shape and word.
    #[must_use]
    pub fn health(&self) -> (State, String) {
        let state = match self.status.as_str() {
            "SUCCESSFUL" => State::Running,
            "PENDING" | "IN_PROGRESS" => State::Pending,
            "STOPPED" => State::Stopped,
            "STOP_REQUESTED" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" => State::Draining,
            _ => State::Failed,
        };
        (state, crate::format::sentence(&self.status))
    }

    /// Whether it can still be stopped.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "PENDING" | "IN_PROGRESS")
    }
}

/// Reads the record of a service.
#[server(prefix = "/ui/api", endpoint = "service-record")]
pub async fn load_service_record(cluster: String, service: String) -> Result<ServiceRecord, ApiError> {
    let ecs = crate::sdk::ecs()?;
    Ok(ServiceRecord {
        deployments: read::deployments(&ecs, &cluster, &service).await?,
        health: read::health(&ecs, &cluster, &service).await?,
    })
}

/// Stops a deployment: `how` is `ROLLBACK`, or `ABORT` to leave everything as it is.
///
/// # Errors
/// What StopServiceDeployment answers.
#[server(prefix = "/ui/api", endpoint = "stop-deployment")]
pub async fn stop_deployment(deployment: String, how: String) -> Result<(), ApiError> {
    let call = crate::sdk::ecs()?.stop_service_deployment().service_deployment_arn(deployment);
    call.stop_type(how.as_str().into()).send().await?;
    Ok(())
}

/// Deploys another image in one container: registers the revision with it, and deploys that.
///
/// # Errors
/// `NotFound` when the definition has no such container; what RegisterTaskDefinition and UpdateService answer.
#[server(prefix = "/ui/api", endpoint = "deploy-image")]
pub async fn deploy_image(cluster: String, service: String, container: String, image: String) -> Result<(), ApiError> {
    let ecs = crate::sdk::ecs()?;
    let answer = ecs.describe_services().cluster(&cluster).services(&service).send().await?;
    let found = answer.services().first().ok_or_else(|| ApiError::missing("service", &service))?;
    let present = crate::format::last_part(found.task_definition().unwrap_or_default());
    let base = super::task_definitions::read::revision(present).await?;
    let definition =
        with_image(&base.json, &container, image.trim()).ok_or_else(|| ApiError::missing("container", &container))?;
    let answer = crate::sdk::ecs_json("RegisterTaskDefinition", &definition).await?;
    let arn = answer.pointer("/taskDefinition/taskDefinitionArn").and_then(|arn| arn.as_str()).unwrap_or_default();
    ecs.update_service().cluster(&cluster).service(&service).task_definition(arn).send().await?;
    leptos_axum::redirect(&format!("/clusters/{cluster}/services/{service}"));
    Ok(())
}

/// The definition with another image in one container; nothing when it has no such container.
#[must_use]
pub fn with_image(json: &str, container: &str, image: &str) -> Option<serde_json::Value> {
    let mut definition: serde_json::Value = serde_json::from_str(json).ok()?;
    let containers = definition.get_mut("containerDefinitions")?.as_array_mut()?;
    let found = containers.iter_mut().find(|one| one.get("name").and_then(|name| name.as_str()) == Some(container))?;
    found.as_object_mut()?.insert("image".to_owned(), image.into());
    Some(definition)
}

#[cfg(feature = "ssr")]
mod read {
    use std::collections::BTreeMap;

    use aws_sdk_ecs::Client;
    use aws_sdk_ecs::types::ServiceDeployment;
    use gantry_model::health::HealthHistory;

    use super::PastDeployment;
    use crate::api::board_view::DAYS;
    use crate::api::boards::read::{boards, failed};
    use crate::api::convert::{millis, text};
    use crate::error::ApiError;
    use crate::format::last_part;

    /// DescribeServiceDeployments and DescribeServiceRevisions take twenty at a time (ECS API reference).
    const AT_A_TIME: usize = 20;

    pub(super) async fn deployments(
        ecs: &Client,
        cluster: &str,
        service: &str,
    ) -> Result<Vec<PastDeployment>, ApiError> {
        let listed = ecs.list_service_deployments().cluster(cluster).service(service).max_results(20).send().await?;
        let arns: Vec<String> = listed
            .service_deployments()
            .iter()
            .filter_map(|deployment| deployment.service_deployment_arn().map(str::to_owned))
            .collect();
        if arns.is_empty() {
            return Ok(Vec::new());
        }
        let described = ecs.describe_service_deployments().set_service_deployment_arns(Some(arns)).send().await?;
        let definitions = definitions(ecs, described.service_deployments()).await?;
        let mut past: Vec<_> = described.service_deployments().iter().map(|d| deployment(d, &definitions)).collect();
        past.sort_by_key(|deployment| std::cmp::Reverse(deployment.created_at));
        Ok(past)
    }

    /// `family:revision` by the ARN of each revision of the service that the deployments name.
    async fn definitions(
        ecs: &Client,
        deployments: &[ServiceDeployment],
    ) -> Result<BTreeMap<String, String>, ApiError> {
        let mut arns: Vec<String> = deployments.iter().flat_map(|d| sources(d).into_iter().chain(target(d))).collect();
        arns.sort();
        arns.dedup();
        let mut found = BTreeMap::new();
        for some in arns.chunks(AT_A_TIME) {
            let answer = ecs.describe_service_revisions().set_service_revision_arns(Some(some.to_vec())).send().await?;
            found.extend(answer.service_revisions().iter().map(|revision| {
                let definition = last_part(revision.task_definition().unwrap_or_default());
                (text(revision.service_revision_arn()), definition.to_owned())
            }));
        }
        Ok(found)
    }

    fn sources(deployment: &ServiceDeployment) -> Vec<String> {
        deployment.source_service_revisions().iter().filter_map(|revision| revision.arn().map(str::to_owned)).collect()
    }

    fn target(deployment: &ServiceDeployment) -> Option<String> {
        deployment.target_service_revision()?.arn().map(str::to_owned)
    }

    fn deployment(deployment: &ServiceDeployment, definitions: &BTreeMap<String, String>) -> PastDeployment {
        let name = |arn: &String| definitions.get(arn).cloned().unwrap_or_else(|| last_part(arn).to_owned());
        PastDeployment {
            arn: text(deployment.service_deployment_arn()),
            status: text(deployment.status().map(|status| status.as_str())),
            reason: text(deployment.status_reason()),
            from: sources(deployment).iter().map(name).collect(),
            to: target(deployment).as_ref().map(name).unwrap_or_default(),
            created_at: millis(deployment.created_at()),
            finished_at: millis(deployment.finished_at()),
        }
    }

    pub(super) async fn health(ecs: &Client, cluster: &str, service: &str) -> Result<HealthHistory, ApiError> {
        let answer = ecs.describe_services().cluster(cluster).services(service).send().await?;
        let arn = text(answer.services().first().and_then(|service| service.service_arn()));
        let mut found = boards()?.history(&[arn], DAYS).await.map_err(failed)?;
        Ok(found.pop().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_image_of_the_one_container_changes() {
        let definition = json!({ "family": "web", "containerDefinitions": [
            { "name": "app", "image": "web:1", "cpu": 1 }, { "name": "side", "image": "side:1" }
        ] });
        let changed = with_image(&definition.to_string(), "app", "web:2").unwrap();
        assert_eq!(changed.to_string(), definition.to_string().replace("web:1", "web:2"));
        assert_eq!(with_image(&definition.to_string(), "other", "web:2"), None);
    }

    #[test]
    fn a_deployment_is_drawn_by_its_status() {
        let of = |status: &str| PastDeployment {
            arn: String::new(),
            status: status.to_owned(),
            reason: String::new(),
            from: Vec::new(),
            to: String::new(),
            created_at: None,
            finished_at: None,
        };
        for (status, state, word) in [
            ("SUCCESSFUL", State::Running, "Successful"),
            ("IN_PROGRESS", State::Pending, "In progress"),
            ("ROLLBACK_SUCCESSFUL", State::Failed, "Rollback successful"),
            ("ROLLBACK_IN_PROGRESS", State::Draining, "Rollback in progress"),
            ("STOPPED", State::Stopped, "Stopped"),
        ] {
            assert_eq!(of(status).health(), (state, word.to_owned()));
        }
        assert!(of("PENDING").is_open() && !of("SUCCESSFUL").is_open());
    }
}
