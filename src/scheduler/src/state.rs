//! The hosts of a placement, what remains free of each, and how many tasks of which group run where.
//!
//! Names outside, dense numbers inside: hosts are numbered in the order of their ids and groups in the order in which
//! they are first met, but no answer depends on the latter. Whatever reserves or releases goes through
//! [`ClusterState::reserve`] and [`ClusterState::release`], so that the counts agree with the tasks.

use std::collections::{BTreeMap, BTreeSet};

use gantry_model::capacity_provider::is_fargate;
use gantry_model::container_instance::{Attribute, ContainerInstance, InstanceStatus};
use gantry_model::resources::{Requirements, Resources};
use gantry_model::task::Task;
use gantry_model::{ClusterName, ContainerInstanceId};

use crate::expression::{Expression, Facts};

/// What remains free of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remaining {
    pub resources: Resources,
    /// Fixed host ports that tasks hold or the agent keeps back.
    pub used_tcp: BTreeSet<u16>,
    pub used_udp: BTreeSet<u16>,
    /// GPUs that no task holds.
    pub gpus: u32,
}

/// The hosts that a placement may choose from.
#[derive(Debug, Clone)]
pub struct ClusterState {
    /// Ordered by id; the position is the host's number.
    pub(crate) hosts: Vec<Host>,
    /// The number of each group's tasks on each host that has any.
    groups: BTreeMap<String, BTreeMap<usize, u32>>,
}

/// A host and what its tasks leave of it.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) id: ContainerInstanceId,
    pub(crate) status: InstanceStatus,
    pub(crate) agent_connected: bool,
    pub(crate) ec2_instance_id: String,
    pub(crate) agent_version: String,
    pub(crate) registered_at_ms: i64,
    pub(crate) attributes: Vec<Attribute>,
    /// The capacity provider whose pool the host is in.
    pub(crate) pool: Option<String>,
    /// Signed: a host that registers again with less than its tasks hold owes the difference.
    pub(crate) free_cpu: i64,
    pub(crate) free_memory_mib: i64,
    pub(crate) free_gpus: i64,
    /// How many hold each fixed port: one task, and the agent where it keeps the port back.
    tcp_ports: BTreeMap<u16, u32>,
    udp_ports: BTreeMap<u16, u32>,
    /// Tasks that hold resources here, of whatever cluster.
    tasks: u32,
}

impl ClusterState {
    /// The state of `instances` with `tasks` on them, for placing tasks of `cluster`.
    ///
    /// `tasks` are all that hold resources ([`Task::holds_resources`]; others are passed over) on these hosts, of whatever
    /// cluster: a host behind Fargate serves many. Groups are those of `cluster` alone, so that two clusters' services
    /// of one name stay apart. Tasks on other hosts are passed over.
    #[must_use]
    pub fn new(cluster: &ClusterName, instances: &[ContainerInstance], tasks: &[Task]) -> Self {
        let mut hosts: Vec<Host> = instances.iter().map(Host::new).collect();
        hosts.sort_by(|a, b| a.id.cmp(&b.id));
        let mut state = Self { hosts, groups: BTreeMap::new() };
        for task in tasks.iter().filter(|task| task.holds_resources()) {
            let Some(instance) = &task.instance else { continue };
            let Some(host) = state.number(instance) else { continue };
            state.hosts[host].take(&task.requirements);
            if task.cluster == *cluster {
                state.count_up(host, &task.group);
            }
        }
        state
    }

    /// Takes what `requirements` ask for from a host, for a task of `group`. A host that is not here changes nothing.
    pub fn reserve(&mut self, instance: &ContainerInstanceId, requirements: &Requirements, group: &str) {
        if let Some(host) = self.number(instance) {
            self.reserve_on(host, requirements, group);
        }
    }

    /// Gives back what [`ClusterState::reserve`] took.
    pub fn release(&mut self, instance: &ContainerInstanceId, requirements: &Requirements, group: &str) {
        let Some(host) = self.number(instance) else { return };
        self.hosts[host].give_back(requirements);
        if let Some(counts) = self.groups.get_mut(group)
            && let Some(count) = counts.get_mut(&host)
        {
            *count -= 1;
            if *count == 0 {
                counts.remove(&host);
            }
        }
    }

    /// What remains free of a host; `None` when it is not here.
    #[must_use]
    pub fn remaining(&self, instance: &ContainerInstanceId) -> Option<Remaining> {
        self.number(instance).map(|host| self.hosts[host].remaining())
    }

    /// Whether a host satisfies `expression`. A host that is not here satisfies none.
    #[must_use]
    pub fn matches(&self, instance: &ContainerInstanceId, expression: &Expression) -> bool {
        self.number(instance).is_some_and(|host| self.host_matches(host, expression))
    }

    /// The status of a host; `None` when it is not here.
    #[must_use]
    pub fn status(&self, instance: &ContainerInstanceId) -> Option<InstanceStatus> {
        self.number(instance).map(|host| self.hosts[host].status)
    }

    /// The ids of the hosts, in order.
    pub fn instances(&self) -> impl Iterator<Item = &ContainerInstanceId> {
        self.hosts.iter().map(|host| &host.id)
    }

    /// How many tasks of `group` hold resources on a host.
    #[must_use]
    pub fn tasks_of_group(&self, instance: &ContainerInstanceId, group: &str) -> u32 {
        self.number(instance).map_or(0, |host| self.group_count(host, group))
    }

    pub(crate) fn number(&self, instance: &ContainerInstanceId) -> Option<usize> {
        self.hosts.binary_search_by(|host| host.id.cmp(instance)).ok()
    }

    pub(crate) fn reserve_on(&mut self, host: usize, requirements: &Requirements, group: &str) {
        self.hosts[host].take(requirements);
        self.count_up(host, group);
    }

    pub(crate) fn group_count(&self, host: usize, group: &str) -> u32 {
        self.groups.get(group).and_then(|counts| counts.get(&host)).copied().unwrap_or(0)
    }

    /// The hosts that run tasks of `group`, and how many.
    pub(crate) fn group_counts(&self, group: &str) -> impl Iterator<Item = (usize, u32)> {
        self.groups.get(group).into_iter().flatten().map(|(&host, &count)| (host, count))
    }

    pub(crate) fn host_matches(&self, host: usize, expression: &Expression) -> bool {
        expression.matches(&HostFacts { state: self, host })
    }

    fn count_up(&mut self, host: usize, group: &str) {
        if !self.groups.contains_key(group) {
            self.groups.insert(group.to_owned(), BTreeMap::new());
        }
        if let Some(counts) = self.groups.get_mut(group) {
            *counts.entry(host).or_insert(0) += 1;
        }
    }
}

impl Host {
    fn new(instance: &ContainerInstance) -> Self {
        let ports = |reserved: &BTreeSet<u16>| reserved.iter().map(|&port| (port, 1)).collect();
        Self {
            id: instance.id.clone(),
            status: instance.status,
            agent_connected: instance.agent_connected,
            ec2_instance_id: instance.ec2_instance_id.clone(),
            agent_version: instance.agent_version.clone(),
            registered_at_ms: instance.registered_at.0,
            attributes: instance.attributes.clone(),
            pool: instance.capacity_provider().map(str::to_owned),
            free_cpu: i64::from(instance.registered.cpu),
            free_memory_mib: i64::from(instance.registered.memory_mib),
            free_gpus: i64::from(instance.gpus),
            tcp_ports: ports(&instance.reserved_tcp_ports),
            udp_ports: ports(&instance.reserved_udp_ports),
            tasks: 0,
        }
    }

    /// The attribute called `name`, when the host carries it; the inner option is its value.
    pub(crate) fn attribute(&self, name: &str) -> Option<Option<&str>> {
        self.attributes.iter().find(|a| a.name == name).map(|a| a.value.as_deref())
    }

    /// Whether the host gives its capacity to tasks of `provider`. Behind Fargate a host that names neither of its providers
    /// serves both.
    pub(crate) fn is_in_pool(&self, provider: Option<&str>) -> bool {
        match (provider, self.pool.as_deref()) {
            (None, _) => true,
            (Some(provider), Some(own)) if is_fargate(provider) => provider == own || !is_fargate(own),
            (Some(provider), None) => is_fargate(provider),
            (Some(provider), Some(own)) => provider == own,
        }
    }

    /// The ports of `requirements` that somebody holds here already.
    pub(crate) fn taken_ports(&self, requirements: &Requirements) -> Vec<u16> {
        let tcp = requirements.tcp_ports.iter().filter(|port| self.tcp_ports.contains_key(port));
        let udp = requirements.udp_ports.iter().filter(|port| self.udp_ports.contains_key(port));
        tcp.chain(udp).copied().collect()
    }

    /// Whether every port that `requirements` ask for is free.
    pub(crate) fn ports_free(&self, requirements: &Requirements) -> bool {
        requirements.tcp_ports.iter().all(|port| !self.tcp_ports.contains_key(port))
            && requirements.udp_ports.iter().all(|port| !self.udp_ports.contains_key(port))
    }

    fn take(&mut self, requirements: &Requirements) {
        self.free_cpu -= i64::from(requirements.resources.cpu);
        self.free_memory_mib -= i64::from(requirements.resources.memory_mib);
        self.free_gpus -= i64::from(requirements.gpus);
        take_ports(&mut self.tcp_ports, &requirements.tcp_ports);
        take_ports(&mut self.udp_ports, &requirements.udp_ports);
        self.tasks += 1;
    }

    fn give_back(&mut self, requirements: &Requirements) {
        self.free_cpu += i64::from(requirements.resources.cpu);
        self.free_memory_mib += i64::from(requirements.resources.memory_mib);
        self.free_gpus += i64::from(requirements.gpus);
        give_back_ports(&mut self.tcp_ports, &requirements.tcp_ports);
        give_back_ports(&mut self.udp_ports, &requirements.udp_ports);
        self.tasks = self.tasks.saturating_sub(1);
    }

    fn remaining(&self) -> Remaining {
        Remaining {
            resources: Resources { cpu: not_negative(self.free_cpu), memory_mib: not_negative(self.free_memory_mib) },
            used_tcp: self.tcp_ports.keys().copied().collect(),
            used_udp: self.udp_ports.keys().copied().collect(),
            gpus: not_negative(self.free_gpus),
        }
    }
}

fn not_negative(amount: i64) -> u32 {
    u32::try_from(amount.max(0)).unwrap_or(u32::MAX)
}

fn take_ports(held: &mut BTreeMap<u16, u32>, ports: &BTreeSet<u16>) {
    for &port in ports {
        *held.entry(port).or_insert(0) += 1;
    }
}

fn give_back_ports(held: &mut BTreeMap<u16, u32>, ports: &BTreeSet<u16>) {
    for port in ports {
        if let Some(count) = held.get_mut(port) {
            *count -= 1;
            if *count == 0 {
                held.remove(port);
            }
        }
    }
}

/// A host as the query language sees it.
struct HostFacts<'a> {
    state: &'a ClusterState,
    host: usize,
}

impl HostFacts<'_> {
    fn host(&self) -> &Host {
        &self.state.hosts[self.host]
    }
}

impl Facts for HostFacts<'_> {
    fn agent_connected(&self) -> bool {
        self.host().agent_connected
    }

    fn agent_version(&self) -> &str {
        &self.host().agent_version
    }

    fn ec2_instance_id(&self) -> &str {
        &self.host().ec2_instance_id
    }

    fn registered_at_ms(&self) -> i64 {
        self.host().registered_at_ms
    }

    fn running_tasks_count(&self) -> u32 {
        self.host().tasks
    }

    fn attribute(&self, name: &str) -> Option<Option<&str>> {
        self.host().attribute(name)
    }

    fn runs_group(&self, name: &str) -> bool {
        self.state.group_count(self.host, name) > 0
    }

    fn groups(&self) -> Vec<&str> {
        let runs_here = self.state.groups.iter().filter(|(_, counts)| counts.contains_key(&self.host));
        runs_here.map(|(group, _)| group.as_str()).collect()
    }
}
