//! Preference: which of the feasible hosts comes first.
//!
//! A chain of strategies narrows the hosts step by step to the best of each, which is the same as comparing hosts by a
//! key with one part a step. Parts are of two kinds: the count of an *attribute value*, which all hosts with that value
//! share, and what belongs to the *host* alone (its own tasks of the group, its free cpu or memory, its random number).
//! Hosts with the same values of all attributes spread over form a class; inside a class only the hosts' own parts
//! differ, so each class is a heap and the best host is the best of the classes' first ones. That is exact for any chain.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};

use gantry_model::container_instance::AVAILABILITY_ZONE;
use gantry_model::placement::{BinpackField, PlacementStrategy};

use super::{DefaultStrategy, PlacementRequest};
use crate::random;
use crate::state::ClusterState;

/// One step of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Fewest tasks of the group over the hosts with the same value; hosts without one come last.
    SpreadAttribute(String),
    /// Fewest tasks of the group on the host.
    SpreadInstance,
    LeastCpu,
    LeastMemory,
    Random,
}

/// The steps that a request asks for.
pub(crate) fn steps(strategy: &[PlacementStrategy], default: DefaultStrategy) -> Vec<Step> {
    if strategy.is_empty() {
        return match default {
            DefaultStrategy::RunTask => vec![Step::Random],
            DefaultStrategy::Service | DefaultStrategy::Fargate => {
                vec![Step::SpreadAttribute(AVAILABILITY_ZONE.to_owned()), Step::SpreadInstance]
            }
        };
    }
    strategy.iter().map(step).collect()
}

fn step(strategy: &PlacementStrategy) -> Step {
    match strategy {
        PlacementStrategy::Random => Step::Random,
        PlacementStrategy::Binpack { field: BinpackField::Cpu } => Step::LeastCpu,
        PlacementStrategy::Binpack { field: BinpackField::Memory } => Step::LeastMemory,
        PlacementStrategy::Spread { field } if field == "instanceId" || field == "host" => Step::SpreadInstance,
        PlacementStrategy::Spread { field } => {
            Step::SpreadAttribute(field.strip_prefix("attribute:").unwrap_or(field).to_owned())
        }
    }
}

/// How many tasks of a group run on the hosts with each value of an attribute.
pub(crate) struct Spread {
    /// The number of each host's value; values are numbered in their own order, absence last.
    pub(crate) value_of: Vec<usize>,
    pub(crate) counts: Vec<u32>,
}

impl Spread {
    pub(crate) fn new(state: &ClusterState, attribute: &str, group: &str) -> Self {
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for host in &state.hosts {
            if let Some(value) = host.attribute(attribute) {
                numbers.insert(value.unwrap_or_default(), 0);
            }
        }
        for (position, number) in numbers.values_mut().enumerate() {
            *number = position;
        }
        let absent = numbers.len();
        let number = |value: Option<Option<&str>>| {
            value.map_or(absent, |value| numbers.get(value.unwrap_or_default()).copied().unwrap_or(absent))
        };
        let value_of: Vec<usize> = state.hosts.iter().map(|host| number(host.attribute(attribute))).collect();
        let mut counts = vec![0; absent + 1];
        for (host, count) in state.group_counts(group) {
            counts[value_of[host]] += count;
        }
        Self { value_of, counts }
    }

    /// A host's part of the key: absence after every value, then the count.
    pub(crate) fn part(&self, value: usize) -> (bool, u32) {
        (value + 1 == self.counts.len(), self.counts[value])
    }
}

/// A host and the parts of its key that are its own, least first.
type Entry = Reverse<(Vec<u64>, usize)>;

/// Hosts that share the values of every attribute spread over.
struct Class {
    values: Vec<usize>,
    hosts: BinaryHeap<Entry>,
}

/// The feasible hosts in order of preference, kept so while tasks are placed.
pub(super) struct Ranking<'a> {
    request: &'a PlacementRequest<'a>,
    seed: u64,
    steps: Vec<Step>,
    spreads: Vec<Spread>,
    classes: Vec<Class>,
    /// The class and own parts of the host that was taken and not yet returned.
    taken: Option<(usize, Vec<u64>)>,
    /// How many tasks this ranking has placed on each host, for hosts that draw random numbers.
    drawn: BTreeMap<usize, u64>,
}

impl<'a> Ranking<'a> {
    pub(super) fn new(
        state: &ClusterState,
        request: &'a PlacementRequest<'a>,
        feasible: Vec<usize>,
        seed: u64,
    ) -> Self {
        let steps = steps(request.strategy, request.default_strategy);
        let mut spreads = Vec::new();
        for step in &steps {
            if let Step::SpreadAttribute(attribute) = step {
                spreads.push(Spread::new(state, attribute, request.group));
            }
        }
        let mut ranking =
            Self { request, seed, steps, spreads, classes: Vec::new(), taken: None, drawn: BTreeMap::new() };
        let mut by_values: BTreeMap<Vec<usize>, Vec<Entry>> = BTreeMap::new();
        for host in feasible {
            let values = ranking.spreads.iter().map(|spread| spread.value_of[host]).collect();
            by_values.entry(values).or_default().push(Reverse((ranking.own_parts(state, host, None), host)));
        }
        ranking.classes =
            by_values.into_iter().map(|(values, hosts)| Class { values, hosts: BinaryHeap::from(hosts) }).collect();
        ranking
    }

    /// Takes the best host out; [`Ranking::placed`] puts it back.
    pub(super) fn take_best(&mut self) -> Option<usize> {
        let mut best: Option<usize> = None;
        for class in 0..self.classes.len() {
            if best.is_none_or(|best| self.compare(class, best) == Ordering::Less) {
                best = Some(class);
            }
        }
        let class = best?;
        let Reverse((parts, host)) = self.classes[class].hosts.pop()?;
        self.taken = Some((class, parts));
        Some(host)
    }

    /// Takes note that a task went to `host`, the one just taken, and puts it back if it `fits` another.
    pub(super) fn placed(&mut self, state: &ClusterState, host: usize, fits: bool) {
        let Some((class, before)) = self.taken.take() else { return };
        for (spread, &value) in self.spreads.iter_mut().zip(&self.classes[class].values) {
            spread.counts[value] += 1;
        }
        if fits {
            *self.drawn.entry(host).or_insert(0) += 1;
            let parts = self.own_parts(state, host, Some(&before));
            self.classes[class].hosts.push(Reverse((parts, host)));
        } else if self.classes[class].hosts.is_empty() {
            self.classes.swap_remove(class);
        }
    }

    /// The parts of a host's key that are its own, in the order of the steps; `before` are those it had.
    fn own_parts(&self, state: &ClusterState, host: usize, before: Option<&[u64]>) -> Vec<u64> {
        let own = self.steps.iter().filter(|step| !matches!(step, Step::SpreadAttribute(_)));
        own.enumerate()
            .map(|(position, step)| match step {
                Step::LeastCpu => u64::try_from(state.hosts[host].free_cpu).unwrap_or(0),
                Step::LeastMemory => u64::try_from(state.hosts[host].free_memory_mib).unwrap_or(0),
                Step::Random => before.map_or(0, |parts| parts[position]).saturating_add(self.gap(state, host)),
                Step::SpreadInstance | Step::SpreadAttribute(_) => {
                    u64::from(state.group_count(host, self.request.group))
                }
            })
            .collect()
    }

    /// The time until a host's next turn in a random order.
    ///
    /// Hosts take turns like independent Poisson processes of one rate: whatever went before, each is equally likely to
    /// be next. So a random choice is a key of the host's own too, and only the host that was chosen draws again.
    fn gap(&self, state: &ClusterState, host: usize) -> u64 {
        let turn = self.drawn.get(&host).copied().unwrap_or(0);
        let name = random::name_of(state.hosts[host].id.as_str());
        random::exponential_gap(random::draw(random::draw(self.seed, name), turn))
    }

    /// Compares the first hosts of two classes by the whole key; an empty class comes last.
    fn compare(&self, left: usize, right: usize) -> Ordering {
        let (left, right) = (&self.classes[left], &self.classes[right]);
        let (a, b) = match (left.hosts.peek(), right.hosts.peek()) {
            (Some(Reverse(a)), Some(Reverse(b))) => (a, b),
            (a, b) => return b.is_some().cmp(&a.is_some()),
        };
        let (mut spread, mut own) = (0, 0);
        for step in &self.steps {
            let order = if matches!(step, Step::SpreadAttribute(_)) {
                spread += 1;
                let counts = &self.spreads[spread - 1];
                counts.part(left.values[spread - 1]).cmp(&counts.part(right.values[spread - 1]))
            } else {
                own += 1;
                a.0[own - 1].cmp(&b.0[own - 1])
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        a.1.cmp(&b.1)
    }
}
