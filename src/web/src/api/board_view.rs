//! What a status board shows: to who is signed in, or to who has a link to it.

use gantry_model::health::HealthHistory;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::components::{Capacity, StateCounts};
use crate::error::ApiError;
use crate::state::State;

/// A board, as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoardView {
    pub title: String,
    /// The board's answer in one sentence, with its state.
    pub answer: String,
    pub state: State,
    pub region: String,
    pub services: Vec<ServiceTile>,
    pub zones: Vec<ZoneLine>,
    /// What is being deployed; `None` when the board does not show it.
    pub rollouts: Option<Vec<RolloutLine>>,
    /// What failed of late; `None` when the board does not show it.
    pub failures: Option<Vec<FailureLine>>,
    /// When it was read, by the server's clock.
    pub at: i64,
    /// The build that answered.
    pub build: String,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceTile {
    pub name: String,
    pub cluster: String,
    pub state: State,
    pub word: String,
    pub running: u32,
    pub desired: u32,
    pub counts: StateCounts,
    pub history: HealthHistory,
}

/// The hosts of a cluster in one zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ZoneLine {
    pub cluster: String,
    pub zone: String,
    pub state: State,
    pub word: String,
    pub memory: Capacity,
}

/// A deployment that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutLine {
    pub service: String,
    pub from: String,
    pub to: String,
    pub running: u32,
    pub desired: u32,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureLine {
    pub at: i64,
    pub service: String,
    pub sentence: String,
}

/// How many days the bars show.
pub const DAYS: usize = 90;

/// Reads a board, for who is signed in or has a key to it.
///
/// # Errors
/// `LinkNotValid` when the key has expired, was revoked or never was; `NotFound` when who is signed in asks for a board
/// that is not there.
#[server(prefix = "/ui/api", endpoint = "board-view")]
pub async fn load_board_view(board: String, key: Option<String>) -> Result<BoardView, ApiError> {
    let principal = read::reader(&board, key.as_deref()).await?;
    read::view(&super::boards::read::board(&board).await?, &crate::sdk::ecs_of(principal)?).await
}

/// The build that answers: a screen that cannot read the answers of a newer one learns from it that there is one.
#[server(prefix = "/ui/api", endpoint = "build")]
pub async fn load_build() -> Result<String, ApiError> {
    Ok(read::build())
}

/// The board's answer: how many services fail, or that all is well.
#[must_use]
pub fn answer(services: &[ServiceTile]) -> (String, State) {
    let total = services.len();
    let of = |state: State| services.iter().filter(|tile| tile.state == state).count();
    let sentence = |n: usize, what: &str| match (n, total) {
        (_, 1) => format!("{} {what}", services[0].name),
        (1, _) => format!("1 of {total} services {what}"),
        (n, _) => format!("{n} of {total} services {}", what.replacen("is ", "are ", 1)),
    };
    match (of(State::Failed), of(State::Unknown), of(State::Pending)) {
        (0, 0, 0) if total == 0 => ("Nothing runs here".to_owned(), State::Stopped),
        (0, 0, 0) if total == 1 => (format!("{} is steady", services[0].name), State::Running),
        (0, 0, 0) => (format!("All {total} services are steady"), State::Running),
        (0, 0, n) => (sentence(n, "is changing"), State::Pending),
        (0, n, _) => (sentence(n, "is not there"), State::Unknown),
        (n, _, _) => (sentence(n, "is failing"), State::Failed),
    }
}

#[cfg(feature = "ssr")]
mod read {
    use std::collections::BTreeMap;

    use aws_sdk_ecs::Client;
    use aws_sdk_ecs::types::Service;
    use gantry_model::BoardName;
    use gantry_model::board::{Board, Tile};
    use gantry_model::principal::Principal;
    use leptos::prelude::use_context;

    use super::{BoardView, DAYS, FailureLine, RolloutLine, ServiceTile, ZoneLine, answer};
    use crate::api::boards::read::{boards, failed};
    use crate::api::cluster_events::read::events;
    use crate::api::convert::text;
    use crate::api::instances::{self, InstanceSummary, sum};
    use crate::api::service_list::read::{describe_all, summary};
    use crate::components::StateCounts;
    use crate::error::ApiError;
    use crate::format::count;
    use crate::server::shell::Build;
    use crate::state::State;

    /// Failures that a board shows.
    const NEWEST_FAILURES: usize = 6;

    pub(super) fn build() -> String {
        use_context::<Build>().map(|build| build.0).unwrap_or_default()
    }

    /// In whose name the board is read: the visitor's, or that of who made the link.
    pub(super) async fn reader(board: &str, key: Option<&str>) -> Result<Principal, ApiError> {
        if let Ok(principal) = crate::sdk::principal() {
            return Ok(principal);
        }
        let refused =
            || ApiError::refused("LinkNotValid", "This link has expired or was revoked. Ask whoever gave it to you.");
        let (Ok(name), Some(key)) = (BoardName::parse(board), key) else { return Err(refused()) };
        let link = boards()?.open(&name, key).await.map_err(failed)?;
        link.map(|link| link.principal).ok_or_else(refused)
    }

    /// What a board needs of one cluster.
    #[derive(Default)]
    struct Wanted<'a> {
        named: Vec<&'a str>,
        services: bool,
        capacity: bool,
        deployments: bool,
        failures: bool,
    }

    fn wanted(board: &Board) -> BTreeMap<&str, Wanted<'_>> {
        let mut clusters: BTreeMap<&str, Wanted<'_>> = BTreeMap::new();
        for tile in &board.tiles {
            let wanted = clusters.entry(tile.cluster().as_str()).or_default();
            match tile {
                Tile::Service(_, service) => wanted.named.push(service.as_str()),
                Tile::Services(_) => wanted.services = true,
                Tile::Capacity(_) => wanted.capacity = true,
                Tile::Deployments(_) => wanted.deployments = true,
                Tile::Failures(_) => wanted.failures = true,
            }
        }
        clusters
    }

    pub(super) async fn view(board: &Board, ecs: &Client) -> Result<BoardView, ApiError> {
        let clusters = wanted(board);
        let mut zones = Vec::new();
        let mut rollouts = clusters.values().any(|wanted| wanted.deployments).then(Vec::new);
        let mut failures = clusters.values().any(|wanted| wanted.failures).then(Vec::new);
        // Tiles with the ARN under which their history is kept.
        let mut tiles: Vec<(ServiceTile, String)> = Vec::new();
        for (cluster, wanted) in &clusters {
            let found = there(describe_all(ecs, cluster).await)?.unwrap_or_default();
            for service in &found {
                let name = service.service_name().unwrap_or_default();
                if wanted.services || wanted.named.contains(&name) {
                    tiles.push((tile(cluster, service), text(service.service_arn())));
                }
                if let Some(lines) = rollouts.as_mut().filter(|_| wanted.deployments) {
                    lines.extend(rollout(cluster, service));
                }
                if let Some(lines) = failures.as_mut().filter(|_| wanted.failures) {
                    lines.extend(failed_of(cluster, service));
                }
            }
            let is_there = |name: &str| found.iter().any(|service| service.service_name() == Some(name));
            let gone = wanted.named.iter().filter(|name| !is_there(name));
            tiles.extend(gone.map(|name| (missing(cluster, name), String::new())));
            if wanted.capacity {
                let hosts = there(instances::read::describe_all(ecs, cluster).await)?.unwrap_or_default();
                zones.extend(lines_of_zones(cluster, &hosts));
            }
        }
        if let Some(lines) = &mut failures {
            lines.sort_by_key(|line: &FailureLine| std::cmp::Reverse(line.at));
            lines.truncate(NEWEST_FAILURES);
        }
        let services = with_history(tiles).await?;
        let (answer, state) = answer(&services);
        let title = if board.title.is_empty() { board.name.to_string() } else { board.title.clone() };
        let (region, at) = (crate::sdk::web_context()?.region, boards()?.now().0);
        Ok(BoardView { title, answer, state, region, services, zones, rollouts, failures, at, build: build() })
    }

    /// A cluster that is gone is no reason to show nothing of the others.
    fn there<T>(found: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
        match found {
            Err(error) if error.is_not_found() => Ok(None),
            other => other.map(Some),
        }
    }

    fn tile(cluster: &str, service: &Service) -> ServiceTile {
        let summary = summary(cluster, service);
        let (state, word) = summary.health();
        ServiceTile {
            name: summary.name.clone(),
            cluster: cluster.to_owned(),
            state,
            word: word.to_owned(),
            running: summary.running,
            desired: summary.desired,
            counts: summary.counts(),
            history: gantry_model::health::HealthHistory::default(),
        }
    }

    fn missing(cluster: &str, name: &str) -> ServiceTile {
        ServiceTile {
            name: name.to_owned(),
            cluster: cluster.to_owned(),
            state: State::Unknown,
            word: "Not there".to_owned(),
            running: 0,
            desired: 0,
            counts: StateCounts::default(),
            history: gantry_model::health::HealthHistory::default(),
        }
    }

    /// The tiles with their last days, those first that need a look.
    async fn with_history(tiles: Vec<(ServiceTile, String)>) -> Result<Vec<ServiceTile>, ApiError> {
        let (mut services, arns): (Vec<ServiceTile>, Vec<String>) = tiles.into_iter().unzip();
        let histories = boards()?.history(&arns, DAYS).await.map_err(failed)?;
        for (tile, history) in services.iter_mut().zip(histories) {
            tile.history = history;
        }
        services
            .sort_by(|a, b| (a.state.urgency(), &a.name, &a.cluster).cmp(&(b.state.urgency(), &b.name, &b.cluster)));
        Ok(services)
    }

    fn rollout(cluster: &str, service: &Service) -> Option<RolloutLine> {
        let summary = summary(cluster, service);
        Some(RolloutLine {
            from: summary.replaces?,
            service: summary.name,
            to: summary.task_definition,
            running: summary.new_tasks.0,
            desired: summary.desired,
        })
    }

    fn failed_of(cluster: &str, service: &Service) -> Vec<FailureLine> {
        let feed = events(cluster, service).into_iter().filter(|event| event.state() == State::Failed);
        let line = |event: crate::api::cluster_events::ServiceEvent| FailureLine {
            at: event.at,
            sentence: event.sentence().to_owned(),
            service: event.service,
        };
        feed.take(NEWEST_FAILURES).map(line).collect()
    }

    fn lines_of_zones(cluster: &str, hosts: &[InstanceSummary]) -> Vec<ZoneLine> {
        let mut zones: BTreeMap<&str, Vec<&InstanceSummary>> = BTreeMap::new();
        for host in hosts {
            zones.entry(host.availability_zone.as_deref().unwrap_or("no zone")).or_default().push(host);
        }
        let line = |(zone, hosts): (&str, Vec<&InstanceSummary>)| {
            let of = |state: State| hosts.iter().filter(|host| host.health().0 == state).count();
            let (state, word) = match (of(State::Unknown), of(State::Draining)) {
                (0, 0) => (State::Running, count(i64::try_from(hosts.len()).unwrap_or(i64::MAX), "host")),
                (0, draining) => (State::Draining, format!("{draining} draining")),
                (silent, _) => (State::Unknown, format!("{silent} silent")),
            };
            let memory = sum(hosts.iter().map(|host| host.memory_reserved()));
            ZoneLine { cluster: cluster.to_owned(), zone: zone.to_owned(), state, word, memory }
        };
        zones.into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiles(states: &[State]) -> Vec<ServiceTile> {
        let tile = |state: &State| ServiceTile {
            name: "web".to_owned(),
            cluster: "prod".to_owned(),
            state: *state,
            word: String::new(),
            running: 1,
            desired: 1,
            counts: StateCounts::default(),
            history: HealthHistory::default(),
        };
        states.iter().map(tile).collect()
    }

    #[test]
    fn a_board_answers_in_one_sentence_the_worst_first() {
        use State::{Draining, Failed, Pending, Running, Unknown};
        for (states, said) in [
            (&[][..], "Nothing runs here"),
            (&[Running][..], "web is steady"),
            (&[Failed][..], "web is failing"),
            (&[Running, Draining][..], "All 2 services are steady"),
            (&[Running, Pending][..], "1 of 2 services is changing"),
            (&[Unknown, Pending][..], "1 of 2 services is not there"),
            (&[Failed, Pending, Failed][..], "2 of 3 services are failing"),
        ] {
            assert_eq!(answer(&tiles(states)).0, said);
        }
    }
}
