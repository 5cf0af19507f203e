//! A cluster as a yard: zones, the hosts in them, and on each host what its tasks take of it.

use std::collections::BTreeMap;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::instances::{InstanceSummary, sum};
use crate::components::Capacity;
use crate::error::ApiError;
use crate::state::State;

/// With more tasks than this, the tasks of a service on a host are drawn as one block.
const MOST_BLOCKS: usize = 600;
/// With more hosts than this, a zone is drawn as one lane until it is opened.
const MOST_LANES: usize = 60;

/// What blocks and lanes are measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Measure {
    /// MiB.
    #[default]
    Memory,
    /// CPU units, 1024 a processor.
    Cpu,
}

/// The yard.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Topology {
    pub zones: Vec<Zone>,
    /// Tasks that run without a host of the cluster: on Fargate.
    pub hostless: Vec<Bay>,
    /// Tasks that wait for a host.
    pub waiting: Vec<Bay>,
    /// The largest lane's measure: the scale of all.
    pub largest: i64,
}

/// A zone with its hosts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    pub name: String,
    pub hosts: u32,
    pub tasks: u32,
    pub cpu: Capacity,
    pub memory: Capacity,
    /// Its hosts; one lane for all of them while it is closed.
    pub lanes: Vec<Lane>,
    /// Whether `lanes` is one lane for many hosts.
    pub closed: bool,
}

/// A host, or all of a zone that is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    pub name: String,
    /// The host's page; `None` for a closed zone.
    pub href: Option<String>,
    pub state: State,
    pub word: String,
    pub tasks: u32,
    /// In the measure: what there is, and what is free.
    pub total: i64,
    pub free: i64,
    pub bays: Vec<Bay>,
}

/// A block: one task, or those of a service on a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bay {
    /// The service, or the family of a task without one.
    pub name: String,
    pub href: String,
    pub state: State,
    pub tasks: u32,
    /// What it takes, in the measure.
    pub size: i64,
}

/// A task with where it is and what it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The id of its container instance.
    pub host: Option<String>,
    /// Whether it is on its way to a host: PROVISIONING without one.
    pub waits: bool,
    pub name: String,
    pub service_href: Option<String>,
    pub href: String,
    pub state: State,
    /// CPU units.
    pub cpu: i64,
    /// MiB.
    pub memory: i64,
}

impl Placed {
    fn size(&self, measure: Measure) -> i64 {
        match measure {
            Measure::Memory => self.memory,
            Measure::Cpu => self.cpu,
        }
    }
}

/// Reads the yard; `zone` is the one that is open in a large cluster.
#[server(prefix = "/ui/api", endpoint = "topology")]
pub async fn load_topology(cluster: String, measure: Measure, zone: String) -> Result<Topology, ApiError> {
    let ecs = crate::sdk::ecs()?;
    let hosts = super::instances::read::describe_all(&ecs, &cluster).await?;
    let tasks = read::tasks(&ecs, &cluster).await?;
    Ok(arrange(&hosts, tasks, measure, &zone))
}

/// Puts every task where it belongs.
#[must_use]
pub fn arrange(hosts: &[InstanceSummary], tasks: Vec<Placed>, measure: Measure, open: &str) -> Topology {
    let by_service = tasks.len() > MOST_BLOCKS;
    let closes = hosts.len() > MOST_LANES;
    let mut on_host: BTreeMap<&str, Vec<Placed>> = hosts.iter().map(|host| (host.id.as_str(), Vec::new())).collect();
    let (mut hostless, mut waiting) = (Vec::new(), Vec::new());
    for task in tasks {
        match task.host.as_deref().and_then(|id| on_host.get_mut(id)) {
            Some(host) => host.push(task),
            None if task.waits => waiting.push(task),
            None => hostless.push(task),
        }
    }
    let mut zones: BTreeMap<&str, Vec<&InstanceSummary>> = BTreeMap::new();
    for host in hosts {
        zones.entry(host.availability_zone.as_deref().unwrap_or("No zone")).or_default().push(host);
    }
    let zones: Vec<Zone> = zones
        .into_iter()
        .map(|(name, hosts)| {
            let closed = closes && name != open;
            let lanes = if closed {
                vec![lane_of_zone(name, &hosts, &on_host, measure)]
            } else {
                hosts.iter().map(|host| lane(host, tasks_of(&on_host, host), measure, by_service)).collect()
            };
            Zone {
                name: name.to_owned(),
                hosts: number(hosts.len()),
                tasks: number(hosts.iter().map(|host| tasks_of(&on_host, host).len()).sum()),
                cpu: sum(hosts.iter().map(|host| host.cpu_reserved())),
                memory: sum(hosts.iter().map(|host| host.memory_reserved())),
                lanes,
                closed,
            }
        })
        .collect();
    let largest = zones.iter().filter(|zone| !zone.closed).flat_map(|zone| &zone.lanes).map(|lane| lane.total).max();
    Topology {
        zones,
        hostless: bays(&hostless, measure, by_service, None),
        waiting: bays(&waiting, measure, by_service, None),
        largest: largest.unwrap_or(0),
    }
}

fn tasks_of<'a>(on_host: &'a BTreeMap<&str, Vec<Placed>>, host: &InstanceSummary) -> &'a [Placed] {
    on_host.get(host.id.as_str()).map_or(&[], Vec::as_slice)
}

fn lane(host: &InstanceSummary, tasks: &[Placed], measure: Measure, by_service: bool) -> Lane {
    let (state, word) = host.health();
    let (total, free) = amounts(host, measure);
    Lane {
        name: host.name(),
        href: Some(host.href()),
        state,
        word: word.to_owned(),
        tasks: number(tasks.len()),
        total,
        free,
        bays: bays(tasks, measure, by_service, Some(state)),
    }
}

/// All hosts of a zone as one.
fn lane_of_zone(
    name: &str,
    hosts: &[&InstanceSummary],
    on_host: &BTreeMap<&str, Vec<Placed>>,
    measure: Measure,
) -> Lane {
    let worst = hosts.iter().map(|host| host.health()).min_by_key(|(state, _)| state.urgency());
    let (state, _) = worst.unwrap_or((State::Unknown, ""));
    let alike = hosts.iter().filter(|host| host.health().0 == state).count();
    let (total, free) = hosts.iter().map(|host| amounts(host, measure)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    let tasks: Vec<Placed> = hosts.iter().flat_map(|host| tasks_of(on_host, host).iter().cloned()).collect();
    let word = worst.map(|(_, word)| word.to_lowercase()).unwrap_or_default();
    Lane {
        name: name.to_owned(),
        href: None,
        state,
        word: format!("{alike} of {} {word}", hosts.len()),
        tasks: number(tasks.len()),
        total,
        free,
        bays: bays(&tasks, measure, true, None),
    }
}

fn amounts(host: &InstanceSummary, measure: Measure) -> (i64, i64) {
    match measure {
        Measure::Memory => (host.memory, host.memory_free),
        Measure::Cpu => (host.cpu, host.cpu_free),
    }
}

/// The tasks as blocks, the largest first, so that the eye finds a service on every host at the same place.
fn bays(tasks: &[Placed], measure: Measure, by_service: bool, host: Option<State>) -> Vec<Bay> {
    let mut bays: Vec<Bay> = Vec::new();
    let mut places: BTreeMap<(String, State), usize> = BTreeMap::new();
    for task in tasks {
        let (state, size) = (seen_from(host, task.state), task.size(measure));
        let key = (task.name.clone(), state);
        if let Some(bay) = places.get(&key).filter(|_| by_service).and_then(|place| bays.get_mut(*place)) {
            bay.tasks += 1;
            bay.size += size;
            bay.href = task.service_href.clone().unwrap_or_else(|| task.href.clone());
        } else {
            places.insert(key, bays.len());
            bays.push(Bay { name: task.name.clone(), href: task.href.clone(), state, tasks: 1, size });
        }
    }
    bays.sort_by(|a, b| (b.size, &a.name, &a.href).cmp(&(a.size, &b.name, &b.href)));
    bays
}

/// Of a task on a host that is silent nobody knows how it is; one on a host that drains is about to go.
fn seen_from(host: Option<State>, task: State) -> State {
    match (host, task) {
        (Some(State::Unknown), _) => State::Unknown,
        (Some(State::Draining), State::Running) => State::Draining,
        _ => task,
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(feature = "ssr")]
mod read {
    use aws_sdk_ecs::Client;
    use aws_sdk_ecs::types::{Container, Task};

    use super::Placed;
    use crate::api::task_list::read::{arns, summary};
    use crate::error::ApiError;

    /// Every task of `cluster` that is to run.
    pub(super) async fn tasks(ecs: &Client, cluster: &str) -> Result<Vec<Placed>, ApiError> {
        let arns = arns(ecs, cluster).await?;
        let mut placed = Vec::with_capacity(arns.len());
        for some in arns.chunks(100) {
            let answer = ecs.describe_tasks().cluster(cluster).set_tasks(Some(some.to_vec())).send().await?;
            placed.extend(answer.tasks().iter().map(|task| of(cluster, task)));
        }
        Ok(placed)
    }

    fn of(cluster: &str, task: &Task) -> Placed {
        let summary = summary(cluster, task);
        let family = summary.task_definition.split(':').next().unwrap_or_default().to_owned();
        let of_containers = |amount: fn(&Container) -> i64| task.containers().iter().map(amount).sum();
        Placed {
            waits: summary.instance.is_none() && summary.last_status == "PROVISIONING",
            state: summary.health().0,
            href: summary.href(),
            service_href: summary.service.as_ref().map(|service| format!("/clusters/{cluster}/services/{service}")),
            name: summary.service.unwrap_or(family),
            host: summary.instance,
            cpu: amount(task.cpu()).unwrap_or_else(|| of_containers(|c| amount(c.cpu()).unwrap_or(0))),
            memory: amount(task.memory()).unwrap_or_else(|| of_containers(memory_of)),
        }
    }

    /// What is set aside for a container: its reservation, or else its limit (ECS API reference, `memoryReservation`).
    fn memory_of(container: &Container) -> i64 {
        amount(container.memory_reservation()).or_else(|| amount(container.memory())).unwrap_or(0)
    }

    fn amount(text: Option<&str>) -> Option<i64> {
        text?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(name: &str, host: Option<&str>, memory: i64) -> Placed {
        Placed {
            host: host.map(str::to_owned),
            waits: false,
            name: name.to_owned(),
            service_href: Some(format!("/services/{name}")),
            href: format!("/tasks/{name}"),
            state: State::Running,
            cpu: 256,
            memory,
        }
    }

    fn names(bays: &[Bay]) -> Vec<&str> {
        bays.iter().map(|bay| bay.name.as_str()).collect()
    }

    #[test]
    fn a_task_stands_on_its_host_the_largest_first() {
        let hosts = [InstanceSummary::example("h1", "a"), InstanceSummary::example("h2", "b")];
        let tasks =
            vec![task("small", Some("h1"), 256), task("large", Some("h1"), 2048), task("other", Some("h2"), 512)];
        let yard = arrange(&hosts, tasks, Measure::Memory, "");
        assert_eq!(yard.zones.iter().map(|zone| zone.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(names(&yard.zones[0].lanes[0].bays), ["large", "small"]);
        assert_eq!(yard.largest, 4096);
    }

    #[test]
    fn the_measure_is_of_blocks_and_lanes_alike() {
        let yard =
            arrange(&[InstanceSummary::example("h1", "a")], vec![task("web", Some("h1"), 512)], Measure::Cpu, "");
        let lane = &yard.zones[0].lanes[0];
        assert_eq!((lane.total, lane.free, lane.bays[0].size), (2048, 1024, 256));
    }

    #[test]
    fn a_task_without_a_host_waits_or_runs_on_fargate() {
        let waiting = Placed { waits: true, ..task("web", None, 512) };
        let yard = arrange(&[], vec![waiting, task("job", None, 256)], Measure::Memory, "");
        assert_eq!((names(&yard.waiting), names(&yard.hostless)), (vec!["web"], vec!["job"]));
    }

    #[test]
    fn tasks_of_a_host_that_drains_or_is_silent_are_drawn_so() {
        let draining = InstanceSummary { status: "DRAINING".to_owned(), ..InstanceSummary::example("h1", "a") };
        let silent = InstanceSummary { agent_connected: false, ..InstanceSummary::example("h2", "a") };
        let tasks = vec![task("web", Some("h1"), 256), task("web", Some("h2"), 256)];
        let yard = arrange(&[draining, silent], tasks, Measure::Memory, "");
        let states: Vec<State> = yard.zones[0].lanes.iter().map(|lane| lane.bays[0].state).collect();
        assert_eq!(states, [State::Draining, State::Unknown]);
    }

    #[test]
    fn many_tasks_are_drawn_by_service_and_none_is_lost() {
        let tasks: Vec<Placed> = (0..=MOST_BLOCKS).map(|_| task("web", Some("h1"), 2)).collect();
        let yard = arrange(&[InstanceSummary::example("h1", "a")], tasks, Measure::Memory, "");
        let bays = &yard.zones[0].lanes[0].bays;
        assert_eq!((bays.len(), bays[0].tasks, bays[0].size), (1, 601, 1202));
        assert_eq!(bays[0].href, "/services/web");
    }

    #[test]
    fn a_large_cluster_shows_its_zones_and_opens_one() {
        let hosts: Vec<_> =
            (0..500).map(|i| InstanceSummary::example(&format!("h{i}"), ["a", "b", "c"][i % 3])).collect();
        let tasks: Vec<_> = (0..5000).map(|i| task("web", Some(&format!("h{}", i % 500)), 64)).collect();
        let yard = arrange(&hosts, tasks, Measure::Memory, "b");
        let lanes: Vec<(bool, usize)> = yard.zones.iter().map(|zone| (zone.closed, zone.lanes.len())).collect();
        assert_eq!(lanes, [(true, 1), (false, 167), (true, 1)]);
        assert_eq!(yard.zones.iter().map(|zone| zone.tasks).sum::<u32>(), 5000);
        assert_eq!(yard.zones[0].lanes[0].total, 167 * 4096);
        assert_eq!(yard.largest, 4096, "a closed zone does not set the scale");
    }
}
