//! Task definitions: families, revisions, registering.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// A family as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FamilySummary {
    pub name: String,
    /// The latest ACTIVE revision; none when all are deregistered.
    pub latest: Option<u32>,
    /// ACTIVE revisions.
    pub active: u32,
}

/// A revision as the list of its family shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RevisionSummary {
    pub revision: u32,
    pub active: bool,
    /// Services that run it or roll it out, as (cluster, service).
    pub used_by: Vec<(String, String)>,
}

/// One revision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    pub family: String,
    pub revision: u32,
    pub status: String,
    pub registered_at: Option<i64>,
    pub registered_by: Option<String>,
    pub network_mode: String,
    /// Task-level cpu in units and memory in MiB, where they are set.
    pub cpu: Option<i64>,
    pub memory_mib: Option<i64>,
    pub compatibilities: Vec<String>,
    pub requires_attributes: Vec<String>,
    pub containers: Vec<ContainerOfRevision>,
    /// The definition as it can be registered again.
    pub json: String,
    pub used_by: Vec<(String, String)>,
    /// All revisions of the family, newest first, for choosing one to compare with.
    pub revisions: Vec<u32>,
}

/// A container of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerOfRevision {
    pub name: String,
    pub image: String,
    pub essential: bool,
    pub cpu: i64,
    pub memory_mib: Option<i64>,
    pub memory_reservation_mib: Option<i64>,
    /// `8080 → any`, `8080 → 80`.
    pub ports: Vec<String>,
    /// Names of the environment's variables; values are in the JSON.
    pub environment: Vec<String>,
    pub depends_on: Vec<String>,
    pub has_health_check: bool,
}

/// All families, by name.
#[server(prefix = "/ui/api", endpoint = "list-families")]
pub async fn list_families() -> Result<Vec<FamilySummary>, ApiError> {
    let ecs = crate::sdk::ecs()?;
    let mut families: std::collections::BTreeMap<String, FamilySummary> = read::families(&ecs)
        .await?
        .into_iter()
        .map(|name| (name.clone(), FamilySummary { name, latest: None, active: 0 }))
        .collect();
    for (name, revision) in read::revisions(&ecs, None, true).await? {
        let family = families.entry(name.clone()).or_insert(FamilySummary { name, latest: None, active: 0 });
        family.active += 1;
        family.latest = family.latest.max(Some(revision));
    }
    Ok(families.into_values().collect())
}

/// The revisions of a family, newest first.
#[server(prefix = "/ui/api", endpoint = "list-revisions")]
pub async fn list_revisions(family: String) -> Result<Vec<RevisionSummary>, ApiError> {
    let ecs = crate::sdk::ecs()?;
    let uses = read::uses(&ecs).await?;
    let mut revisions = Vec::new();
    for active in [true, false] {
        for (_, revision) in read::revisions(&ecs, Some(&family), active).await? {
            let used_by = uses.get(&format!("{family}:{revision}")).cloned().unwrap_or_default();
            revisions.push(RevisionSummary { revision, active, used_by });
        }
    }
    if revisions.is_empty() {
        return Err(ApiError::missing("task definition family", &family));
    }
    revisions.sort_by_key(|r| std::cmp::Reverse(r.revision));
    Ok(revisions)
}

/// One revision, with what runs it.
#[server(prefix = "/ui/api", endpoint = "describe-revision")]
pub async fn describe_revision(family: String, revision: String) -> Result<Revision, ApiError> {
    let name = format!("{family}:{revision}");
    let ecs = crate::sdk::ecs()?;
    let mut found = read::revision(&name).await?;
    found.used_by = read::uses(&ecs).await?.remove(&name).unwrap_or_default();
    for active in [true, false] {
        found.revisions.extend(read::revisions(&ecs, Some(&family), active).await?.into_iter().map(|(_, r)| r));
    }
    found.revisions.sort_by_key(|r| std::cmp::Reverse(*r));
    Ok(found)
}

/// The definition `name` (a family, or `family:revision`) as it can be registered again.
#[server(prefix = "/ui/api", endpoint = "task-definition-json")]
pub async fn task_definition_json(name: String) -> Result<(String, String), ApiError> {
    let found = read::revision(&name).await?;
    Ok((format!("{}:{}", found.family, found.revision), found.json))
}

/// What the editor starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditorBase {
    /// `family:revision`.
    pub name: String,
    /// The definition as it can be registered again.
    pub json: String,
    /// Services that run it, as (cluster, service).
    pub used_by: Vec<(String, String)>,
}

/// Reads the definition `name` (a family, or `family:revision`) for the editor.
#[server(prefix = "/ui/api", endpoint = "editor-base")]
pub async fn load_editor_base(name: String) -> Result<EditorBase, ApiError> {
    let found = read::revision(&name).await?;
    let name = format!("{}:{}", found.family, found.revision);
    let used_by = read::uses(&crate::sdk::ecs()?).await?.remove(&name).unwrap_or_default();
    Ok(EditorBase { name, json: found.json, used_by })
}

/// Registers what `json` holds and goes to the new revision's page. `base` is the revision that was edited: when somebody
/// registered a newer one meanwhile, nothing is registered until the editor has seen it. `deploy`, as `cluster/service`,
/// is the service that the new revision is deployed to at once; then the way leads to its page.
#[server(prefix = "/ui/api", endpoint = "register-task-definition")]
pub async fn register_task_definition(
    json: String,
    base: String,
    #[server(default)] deploy: String,
) -> Result<(), ApiError> {
    let definition =
        crate::task_definition_json::parse(&json).map_err(|m| ApiError::refused("SerializationException", m))?;
    if let Some((family, revision)) = base.split_once(':')
        && definition.get("family").and_then(|f| f.as_str()) == Some(family)
    {
        let latest = read::revision(family).await?.revision;
        if latest.to_string() != revision {
            return Err(ApiError::refused(
                "Conflict",
                format!(
                    "Revision {latest} was registered meanwhile. Compare with it, then register based on {family}:{latest}."
                ),
            ));
        }
    }
    let answer = crate::sdk::ecs_json("RegisterTaskDefinition", &definition).await?;
    let text = |member: &str| answer.pointer(&format!("/taskDefinition/{member}")).cloned().unwrap_or_default();
    let (family, revision) = (text("family"), text("revision"));
    let family = family.as_str().unwrap_or_default();
    let Some((cluster, service)) = deploy.split_once('/') else {
        leptos_axum::redirect(&format!("/task-definitions/{family}/{revision}"));
        return Ok(());
    };
    let name = format!("{family}:{revision}");
    crate::sdk::ecs()?.update_service().cluster(cluster).service(service).task_definition(name).send().await?;
    leptos_axum::redirect(&format!("/clusters/{cluster}/services/{service}"));
    Ok(())
}

/// Deregisters a revision: running tasks go on, new ones cannot be made of it.
#[server(prefix = "/ui/api", endpoint = "deregister-task-definition")]
pub async fn deregister_task_definition(family: String, revision: String) -> Result<(), ApiError> {
    crate::sdk::ecs()?.deregister_task_definition().task_definition(format!("{family}:{revision}")).send().await?;
    leptos_axum::redirect(&format!("/task-definitions/{family}/{revision}"));
    Ok(())
}

#[cfg(feature = "ssr")]
pub(crate) mod read {
    //! Reading task definitions.

    use std::collections::BTreeMap;

    use aws_sdk_ecs::Client;
    use aws_sdk_ecs::types::{SortOrder, TaskDefinitionFamilyStatus, TaskDefinitionStatus};
    use serde_json::{Value, json};

    use super::{ContainerOfRevision, Revision};
    use crate::api::service_list::read::describe_all;
    use crate::error::ApiError;
    use crate::format::last_part;
    use crate::task_definition_json::{pretty, registrable};

    pub(super) async fn families(ecs: &Client) -> Result<Vec<String>, ApiError> {
        let families = ecs
            .list_task_definition_families()
            .status(TaskDefinitionFamilyStatus::All)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await?;
        Ok(families)
    }

    /// (family, revision) of every ACTIVE or INACTIVE definition, of one family or all.
    pub(super) async fn revisions(
        ecs: &Client,
        family: Option<&str>,
        active: bool,
    ) -> Result<Vec<(String, u32)>, ApiError> {
        let status = if active { TaskDefinitionStatus::Active } else { TaskDefinitionStatus::Inactive };
        let arns: Vec<String> = ecs
            .list_task_definitions()
            .set_family_prefix(family.map(str::to_owned))
            .status(status)
            .sort(SortOrder::Desc)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await?;
        let parse = |arn: &String| {
            let (family, revision) = last_part(arn).split_once(':')?;
            Some((family.to_owned(), revision.parse().ok()?))
        };
        Ok(arns.iter().filter_map(parse).collect())
    }

    /// The ACTIVE revisions of a family, newest first.
    pub(crate) async fn active_revisions(ecs: &Client, family: &str) -> Result<Vec<u32>, ApiError> {
        let mut found: Vec<u32> = revisions(ecs, Some(family), true).await?.into_iter().map(|(_, r)| r).collect();
        found.sort_by_key(|revision| std::cmp::Reverse(*revision));
        Ok(found)
    }

    /// Which services run or roll out which definition, as `family:revision` → (cluster, service).
    pub(super) async fn uses(ecs: &Client) -> Result<BTreeMap<String, Vec<(String, String)>>, ApiError> {
        let clusters: Vec<String> =
            ecs.list_clusters().into_paginator().items().send().collect::<Result<_, _>>().await?;
        let mut uses: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for cluster in clusters.iter().map(|arn| last_part(arn)) {
            for service in describe_all(ecs, cluster).await? {
                let name = service.service_name().unwrap_or_default();
                for deployment in service.deployments() {
                    let definition = last_part(deployment.task_definition().unwrap_or_default()).to_owned();
                    uses.entry(definition).or_default().push((cluster.to_owned(), name.to_owned()));
                }
            }
        }
        Ok(uses)
    }

    /// One revision, without what other calls know of it.
    pub(crate) async fn revision(name: &str) -> Result<Revision, ApiError> {
        let answer = crate::sdk::ecs_json("DescribeTaskDefinition", &json!({ "taskDefinition": name })).await.map_err(
            |error| {
                if error.code() == "ClientException" { ApiError::missing("task definition", name) } else { error }
            },
        )?;
        let definition = answer.get("taskDefinition").cloned().unwrap_or_default();
        let text = |member: &str| definition.get(member).and_then(Value::as_str).map(str::to_owned);
        let units = |member: &str| text(member).and_then(|t| t.parse().ok());
        let list = |member: &str| definition.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(Revision {
            family: text("family").unwrap_or_default(),
            revision: definition
                .get("revision")
                .and_then(Value::as_u64)
                .and_then(|r| u32::try_from(r).ok())
                .unwrap_or(0),
            status: text("status").unwrap_or_default(),
            registered_at: definition.get("registeredAt").and_then(Value::as_f64).map(millis),
            registered_by: text("registeredBy"),
            network_mode: text("networkMode").unwrap_or_else(|| "bridge".to_owned()),
            cpu: units("cpu"),
            memory_mib: units("memory"),
            compatibilities: list("compatibilities").iter().filter_map(|c| c.as_str().map(str::to_owned)).collect(),
            requires_attributes: list("requiresAttributes")
                .iter()
                .filter_map(|a| a.get("name").and_then(Value::as_str).map(str::to_owned))
                .collect(),
            containers: list("containerDefinitions").iter().map(container).collect(),
            json: pretty(&registrable(&definition)),
            used_by: Vec::new(),
            revisions: Vec::new(),
        })
    }

    #[expect(clippy::cast_possible_truncation, reason = "epoch seconds are far below the limit")]
    fn millis(seconds: f64) -> i64 {
        (seconds * 1000.0).round() as i64
    }

    fn container(container: &Value) -> ContainerOfRevision {
        let text = |member: &str| container.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |member: &str| container.get(member).and_then(Value::as_i64);
        let list = |member: &str| container.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
        ContainerOfRevision {
            name: text("name"),
            image: text("image"),
            essential: container.get("essential").and_then(Value::as_bool).unwrap_or(true),
            cpu: number("cpu").unwrap_or(0),
            memory_mib: number("memory"),
            memory_reservation_mib: number("memoryReservation"),
            ports: list("portMappings").iter().map(port).collect(),
            environment: list("environment")
                .iter()
                .filter_map(|e| e.get("name").and_then(Value::as_str).map(str::to_owned))
                .collect(),
            depends_on: list("dependsOn").iter().map(dependency).collect(),
            has_health_check: container.get("healthCheck").is_some(),
        }
    }

    fn port(mapping: &Value) -> String {
        let number = |member: &str| mapping.get(member).and_then(Value::as_i64).unwrap_or(0);
        let protocol = mapping.get("protocol").and_then(Value::as_str).unwrap_or("tcp");
        match number("hostPort") {
            0 => format!("{}/{protocol} on any host port", number("containerPort")),
            host => format!("{}/{protocol} on host port {host}", number("containerPort")),
        }
    }

    fn dependency(depends: &Value) -> String {
        let text = |member: &str| depends.get(member).and_then(Value::as_str).unwrap_or_default();
        format!("{} is {}", text("containerName"), text("condition"))
    }
}
