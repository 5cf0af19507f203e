//! Finding anything by its name: pages, what can be done, and every object.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::components::Icon;
use crate::error::ApiError;

/// How many are found at most.
pub const MOST_FOUND: usize = 12;

/// What kind of thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FoundKind {
    Page,
    /// Something to do.
    Action,
    Cluster,
    Service,
    TaskDefinition,
    Repository,
    Board,
    LogGroup,
    Schedule,
    LoadBalancer,
    Secret,
    Parameter,
}

impl FoundKind {
    /// The icon that stands before it.
    #[must_use]
    pub const fn icon(self) -> Icon {
        match self {
            Self::Page => Icon::Right,
            Self::Action => Icon::Plus,
            Self::Cluster => Icon::Cluster,
            Self::Service => Icon::Layers,
            Self::TaskDefinition => Icon::TaskDefinition,
            Self::Repository => Icon::Repository,
            Self::Board => Icon::Board,
            Self::LogGroup => Icon::Logs,
            Self::Schedule => Icon::Clock,
            Self::LoadBalancer => Icon::LoadBalancer,
            Self::Secret => Icon::Lock,
            Self::Parameter => Icon::Settings,
        }
    }
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Found {
    pub title: String,
    pub kind: FoundKind,
    /// What it is and where: `service in prod`.
    pub about: String,
    pub href: String,
}

impl Found {
    fn new(kind: FoundKind, title: &str, about: &str, href: &str) -> Self {
        Self { title: title.to_owned(), kind, about: about.to_owned(), href: href.to_owned() }
    }
}

/// The pages and actions that are always there.
#[must_use]
pub fn always() -> Vec<Found> {
    let pages = [
        ("Overview", "/"),
        ("Events", "/events"),
        ("Logs", "/logs"),
        ("Clusters", "/clusters"),
        ("Task definitions", "/task-definitions"),
        ("Schedules", "/schedules"),
        ("Load balancers", "/load-balancers"),
        ("Repositories", "/repositories"),
        ("Secrets", "/secrets"),
        ("Parameters", "/parameters"),
        ("Status boards", "/boards"),
    ];
    let actions = [
        ("Create cluster", "/create-cluster"),
        ("Register task definition", "/register-task-definition"),
        ("Create repository", "/create-repository"),
        ("Create schedule", "/create-schedule"),
        ("Create load balancer", "/create-load-balancer"),
        ("Create secret", "/create-secret"),
        ("Create parameter", "/create-parameter"),
        ("Create status board", "/create-board"),
    ];
    let pages = pages.map(|(title, href)| Found::new(FoundKind::Page, title, "page", href));
    let actions = actions.map(|(title, href)| Found::new(FoundKind::Action, title, "", href));
    pages.into_iter().chain(actions).collect()
}

/// Finds by name, the best first.
#[server(prefix = "/ui/api", endpoint = "search")]
pub async fn search(query: String) -> Result<Vec<Found>, ApiError> {
    let mut all = always();
    if !query.trim().is_empty() {
        all.extend(read::objects().await?);
    }
    Ok(best(all, &query))
}

/// Those whose title fits, the best first; all of them, as they came, when nothing is asked for.
#[must_use]
pub fn best(all: Vec<Found>, query: &str) -> Vec<Found> {
    let query = query.trim().to_lowercase();
    let mut found: Vec<(u32, Found)> =
        all.into_iter().filter_map(|found| Some((distance(&found.title, &query)?, found))).collect();
    // Stable: what fits alike stays in the order of the list.
    found.sort_by_key(|(distance, found)| (*distance, found.title.len()));
    found.into_iter().take(MOST_FOUND).map(|(_, found)| found).collect()
}

/// How far `title` is from what was typed: nothing when it does not have its letters in their order.
fn distance(title: &str, query: &str) -> Option<u32> {
    let title = title.to_lowercase();
    if query.is_empty() {
        return Some(0);
    }
    if title == query {
        return Some(0);
    }
    if title.starts_with(query) {
        return Some(1);
    }
    let begins_a_word = |(at, _): (usize, &str)| !title[..at].ends_with(char::is_alphanumeric);
    if title.match_indices(query).any(begins_a_word) {
        return Some(2);
    }
    if title.contains(query) {
        return Some(3);
    }
    let mut letters = title.chars();
    query.chars().all(|wanted| letters.any(|letter| letter == wanted)).then_some(4)
}

#[cfg(feature = "ssr")]
mod read {
    use super::{Found, FoundKind};
    use crate::error::ApiError;
    use crate::format::{last_part, query_value};

    /// Every object that has a page of its own and a name.
    pub(super) async fn objects() -> Result<Vec<Found>, ApiError> {
        let ecs = crate::sdk::ecs()?;
        let mut found = Vec::new();
        for cluster in crate::api::clusters::list_clusters().await? {
            let (name, base) = (&cluster.name, format!("/clusters/{}", query_value(&cluster.name)));
            found.push(Found::new(FoundKind::Cluster, name, "cluster", &base));
            let of_cluster = [
                (format!("Topology of {name}"), FoundKind::Page, "topology"),
                (format!("Create service in {name}"), FoundKind::Action, "create-service"),
                (format!("Run a task in {name}"), FoundKind::Action, "run-task"),
            ];
            found.extend(of_cluster.map(|(title, kind, path)| Found::new(kind, &title, "", &format!("{base}/{path}"))));
            let services = crate::api::service_list::read::arns(&ecs, name).await?;
            found.extend(services.iter().map(|arn| {
                let service = last_part(arn);
                let href = format!("{base}/services/{}", query_value(service));
                Found::new(FoundKind::Service, service, &format!("service in {name}"), &href)
            }));
        }
        let families: Vec<String> =
            ecs.list_task_definition_families().into_paginator().items().send().collect::<Result<_, _>>().await?;
        found.extend(families.iter().map(|family| {
            Found::new(FoundKind::TaskDefinition, family, "task definition", &format!("/task-definitions/{family}"))
        }));
        found.extend(repositories().await?);
        let boards = crate::api::boards::read::boards()?.list().await.map_err(crate::api::boards::read::failed)?;
        found.extend(boards.iter().map(|board| {
            let name = board.name.as_str();
            Found::new(FoundKind::Board, name, "status board", &format!("/boards/{name}"))
        }));
        found.extend(crate::api::logs::read::groups().await?.iter().map(|group| {
            let href = crate::pages::logs::href(&group.name, "");
            Found::new(FoundKind::LogGroup, &group.name, "log group", &href)
        }));
        found.extend(crate::api::load_balancers::read::load_balancers().await?.iter().map(|balancer| {
            let href = crate::pages::load_balancers::href(&balancer.name);
            Found::new(FoundKind::LoadBalancer, &balancer.name, "load balancer", &href)
        }));
        found.extend(crate::api::schedules::read::schedules().await?.iter().map(|schedule| {
            Found::new(FoundKind::Schedule, &schedule.name, "schedule", &crate::pages::schedules::href(&schedule.name))
        }));
        found.extend(crate::api::secrets::read::secrets().await?.iter().map(|secret| {
            Found::new(FoundKind::Secret, &secret.name, "secret", &crate::pages::secrets::href(&secret.name))
        }));
        found.extend(crate::api::parameters::read::parameters().await?.iter().map(|parameter| {
            let href = crate::pages::parameters::href(&parameter.name);
            Found::new(FoundKind::Parameter, &parameter.name, "parameter", &href)
        }));
        Ok(found)
    }

    async fn repositories() -> Result<Vec<Found>, ApiError> {
        let repositories: Vec<aws_sdk_ecr::types::Repository> = crate::sdk::ecr()?
            .describe_repositories()
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await?;
        let of = |name: &str| Found::new(FoundKind::Repository, name, "repository", &format!("/repositories/{name}"));
        Ok(repositories.iter().filter_map(|repository| repository.repository_name()).map(of).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(all: &[&str], query: &str) -> Vec<String> {
        let all = all.iter().map(|title| Found::new(FoundKind::Service, title, "", "")).collect();
        best(all, query).into_iter().map(|found| found.title).collect()
    }

    #[test]
    fn what_is_nearest_to_what_was_typed_comes_first() {
        let all = ["rapids", "web-api", "api-gateway", "api", "a-pretty-idea", "web"];
        assert_eq!(titles(&all, "API"), ["api", "api-gateway", "web-api", "rapids", "a-pretty-idea"]);
    }

    #[test]
    fn names_of_any_script_are_found_by_their_letters() {
        assert_eq!(titles(&["größe", "web"], "öß"), ["größe"]);
        assert_eq!(titles(&["web"], "wx"), Vec::<String>::new());
    }

    #[test]
    fn without_a_query_everything_stays_in_its_order() {
        assert_eq!(titles(&["b", "a"], " "), ["b", "a"]);
    }

    #[test]
    fn no_more_are_found_than_fit() {
        assert_eq!(titles(&["web"; 40], "web").len(), MOST_FOUND);
    }
}
