//! Rebalancing: a steady service that lies unevenly starts tasks where it has the fewest, and once those are healthy stops
//! as many where it has the most.
//!
//! It goes over availability zones (ECS developer guide, "Balancing an Amazon ECS service across Availability Zones") and,
//! which ECS does not do, over the hosts of each zone. AWS publishes no threshold: here two tasks between the fullest and
//! the emptiest are too many. What is stopped is chosen as always when a service scales in. When that leaves it as uneven as
//! it was (because of protected tasks, say), it is not tried again for a while. A strategy that wishes something else first is
//! heeded: nothing is moved then.

use std::collections::BTreeMap;

use gantry_model::container_instance::AVAILABILITY_ZONE;
use gantry_model::placement::PlacementConstraint;
use gantry_model::service::{Rebalancing, RolloutState};

use super::standing::Standing;
use super::{Definition, Live, Pass};
use crate::capacity::share_out;
use crate::message::Message;
use crate::place::{Filter, PlacementRequest, Step, steps};

/// How many more tasks than the emptiest place the fullest may have.
const TOLERATED: u32 = 1;
/// How long nothing is moved after moving did not help: ten minutes.
const PAUSE_MILLIS: i64 = 10 * 60 * 1000;

const ZONE: &str = "AZ";
const HOST: &str = "instance";

/// Where tasks lie and could lie: a zone, or a host of one.
#[derive(Debug, Clone)]
struct Place {
    name: String,
    /// What a host must satisfy to be there.
    expression: String,
    tasks: u32,
    /// Whether one of its hosts could take a task more.
    has_room: bool,
}

impl<'a> Pass<'a> {
    /// How many tasks there should be: those that are desired, and those that are to take the place of others.
    pub(super) fn wanted(&self) -> usize {
        let extra = self.service.rebalancing.as_ref().map_or(0, |rebalancing| rebalancing.extra);
        usize::try_from(self.service.desired_count.saturating_add(extra)).unwrap_or(usize::MAX)
    }

    /// Wants no more tasks than are desired when there is other work to do.
    pub(super) fn give_way(&mut self) {
        let is_busy = self.is_throttled() || self.live().iter().any(|live| !live.is_keeper());
        if let Some(rebalancing) = self.service.rebalancing.as_mut().filter(|_| is_busy) {
            rebalancing.extra = 0;
        }
    }

    /// Moves tasks when there is nothing else to do. Answers whether tasks are too many now, because others took their
    /// place.
    pub(super) fn rebalance(&mut self) -> bool {
        let live = self.live();
        let completed = self.service.primary().is_some_and(|p| p.rollout_state == RolloutState::Completed);
        let is_steady = completed
            && self.service.deployments.len() == 1
            && self.starts.is_empty()
            && self.stops.is_empty()
            && live.len() == self.wanted()
            && live.iter().all(|live| live.standing == Standing::Healthy && self.is_connected(live));
        if !is_steady {
            return false;
        }
        if let Some(rebalancing) = self.service.rebalancing.as_mut().filter(|rebalancing| rebalancing.extra > 0) {
            rebalancing.extra = 0;
            return true;
        }
        self.even_out(live.len());
        false
    }

    fn is_connected(&self, live: &Live<'_>) -> bool {
        live.host.is_some_and(|host| self.state.hosts[host].agent_connected)
    }

    fn even_out(&mut self, live: usize) {
        let now = self.input.now;
        let uneven = self.partitions().into_iter().find(|(_, places)| imbalance(places) > TOLERATED);
        let Some((over, places)) = uneven else {
            if self.service.rebalancing.take().is_some() {
                let over = if self.service.rebalances_zones() { ZONE } else { HOST };
                self.messages.push(Message::Balanced { over });
            }
            return;
        };
        let imbalance = imbalance(&places);
        let before = self.service.rebalancing.as_ref();
        if let Some(before) = before.filter(|before| imbalance >= before.imbalance && now < before.not_before) {
            self.wake(before.not_before);
            return;
        }
        let is_new = before.is_none();
        let room = self.maximum().saturating_sub(live);
        let lie: Vec<(String, u32)> = places.iter().map(|place| (place.name.clone(), place.tasks)).collect();
        let extra = self.start_where_few_are(places, room);
        if extra > 0 {
            let not_before = now.plus_millis(PAUSE_MILLIS);
            self.service.rebalancing = Some(Rebalancing { extra, imbalance, not_before });
            if is_new {
                self.messages.push(Message::Unbalanced { over, lie });
            }
        }
    }

    /// Starts up to `room` tasks, each in the emptiest place that takes one. Answers how many.
    fn start_where_few_are(&mut self, mut places: Vec<Place>, room: usize) -> u32 {
        let mut started = 0;
        while usize::try_from(started).is_ok_and(|started| started < room) && imbalance(&places) > TOLERATED {
            let Some(emptiest) = emptiest(&places) else { break };
            let expression = places[emptiest].expression.clone();
            let there = PlacementConstraint::MemberOf { expression };
            let strategy = &self.input.service.capacity_provider_strategy;
            let provider = share_out(strategy, |provider| self.keepers_of(provider), 1).first().and_then(|(p, _)| *p);
            if self.place_primary(provider, 1, Some(there)).is_some_and(|placement| !placement.placed.is_empty()) {
                places[emptiest].tasks += 1;
                if let Some(fullest) = fullest(&places) {
                    places[fullest].tasks -= 1;
                }
                started += 1;
            } else {
                places[emptiest].has_room = false;
            }
        }
        started
    }

    /// The places that the service is to lie evenly over: all zones, and then the hosts of each.
    fn partitions(&self) -> Vec<(&'static str, Vec<Place>)> {
        let mut partitions = Vec::new();
        let Some(hosts) = self.possible_hosts() else { return partitions };
        let zone_of = |host: usize| self.state.hosts[host].attribute(AVAILABILITY_ZONE).flatten().map(str::to_owned);
        let group = self.service.group();
        let tasks = |host: usize| self.state.group_count(host, &group);
        let mut zones: BTreeMap<String, Vec<(usize, bool)>> = BTreeMap::new();
        for (host, has_room) in hosts {
            zones.entry(zone_of(host).unwrap_or_default()).or_default().push((host, has_room));
        }
        let steps = steps(&self.service.placement_strategy, self.input.default_strategy);
        if self.service.rebalances_zones() && spreads_over_zones(&steps) {
            let named = zones.iter().filter(|(zone, _)| !zone.is_empty());
            let place = |(zone, hosts): (&String, &Vec<(usize, bool)>)| Place {
                name: zone.clone(),
                expression: format!("attribute:{AVAILABILITY_ZONE} in ['{zone}']"),
                tasks: hosts.iter().map(|(host, _)| tasks(*host)).sum(),
                has_room: hosts.iter().any(|(_, has_room)| *has_room),
            };
            partitions.push((ZONE, named.map(place).collect()));
        }
        if self.service.rebalances_hosts() && spreads_over_hosts(&steps) {
            let place = |(host, has_room): (usize, bool)| {
                let name = self.state.hosts[host].ec2_instance_id.clone();
                Place { expression: format!("ec2InstanceId in ['{name}']"), name, tasks: tasks(host), has_room }
            };
            let of_zones = zones.into_values().map(|hosts| hosts.into_iter().map(place).collect());
            partitions.extend(of_zones.map(|places| (HOST, places)));
        }
        partitions
    }

    /// The hosts that have tasks of the service or could take one, and whether they could take one more.
    fn possible_hosts(&self) -> Option<Vec<(usize, bool)>> {
        if !self.service.rebalances_zones() && !self.service.rebalances_hosts() {
            return None;
        }
        let definition = &self.service.primary()?.task_definition;
        let Definition { requirements, constraints } = self.input.definitions.get(definition)?;
        let constraints: Vec<_> = constraints.iter().chain(&self.service.placement_constraints).cloned().collect();
        let group = self.service.group();
        let request = PlacementRequest {
            requirements,
            group: &group,
            constraints: &constraints,
            strategy: &[],
            default_strategy: self.input.default_strategy,
            capacity_provider: None,
        };
        let filter = Filter::new(&request);
        let with_room = (0..self.state.hosts.len()).map(|host| (host, filter.refuses(self.state, host).is_none()));
        Some(with_room.filter(|(host, room)| *room || self.state.group_count(*host, &group) > 0).collect())
    }
}

/// Whether zones come first when a task is placed; else what is stopped need not be where the most are.
fn spreads_over_zones(steps: &[Step]) -> bool {
    steps.first().is_some_and(|step| *step == Step::SpreadAttribute(AVAILABILITY_ZONE.to_owned()))
}

/// Whether nothing but zones comes before hosts.
fn spreads_over_hosts(steps: &[Step]) -> bool {
    let rest = if spreads_over_zones(steps) { &steps[1..] } else { steps };
    rest.first() == Some(&Step::SpreadInstance)
}

/// How many more tasks the fullest place has than the emptiest that has room.
fn imbalance(places: &[Place]) -> u32 {
    let least = emptiest(places).map(|place| places[place].tasks);
    let most = fullest(places).map(|place| places[place].tasks);
    least.zip(most).map_or(0, |(least, most)| most.saturating_sub(least))
}

fn emptiest(places: &[Place]) -> Option<usize> {
    let with_room = places.iter().enumerate().filter(|(_, place)| place.has_room);
    with_room.min_by_key(|(_, place)| place.tasks).map(|(position, _)| position)
}

/// The first of the fullest places.
fn fullest(places: &[Place]) -> Option<usize> {
    let mut fullest: Option<usize> = None;
    for (position, place) in places.iter().enumerate() {
        if fullest.is_none_or(|fullest| place.tasks > places[fullest].tasks) {
            fullest = Some(position);
        }
    }
    fullest
}
