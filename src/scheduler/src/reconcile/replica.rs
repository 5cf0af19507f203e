//! REPLICA services: a number of tasks, wherever they fit.

use std::collections::BTreeSet;

use gantry_model::placement::PlacementConstraint;

use super::scale_in::ScaleIn;
use super::standing::Standing;
use super::{Definition, Live, Pass, Start, is_live, lingers};
use crate::capacity::share_out;
use crate::message::Message;
use crate::place::{Placement, PlacementRequest, closest, place};

impl<'a> Pass<'a> {
    pub(super) fn keep_up_replicas(&mut self) {
        self.give_way();
        self.stop_starting_on_draining();
        self.stop_leavers();
        let live = self.live();
        let keepers = live.iter().filter(|live| live.is_keeper()).count();
        let missing = self.wanted().saturating_sub(keepers);
        let room = self.maximum().saturating_sub(live.len());
        let leavers = live.len() > keepers;
        if !self.is_frozen() && missing > 0 && !self.is_throttled() {
            self.start(missing.min(room));
        }
        if self.rebalance() {
            self.stop_leavers();
        }
        self.heed_protection();
        if (missing > 0 || leavers) && room == 0 && !self.is_frozen() {
            self.impede_if_blocked();
        }
    }

    /// Nothing can be started or stopped: says so, unless something is under way that will change that.
    pub(super) fn impede_if_blocked(&mut self) {
        let live = self.live();
        let under_way = !self.stops.is_empty()
            || !self.starts.is_empty()
            || live.iter().any(|live| live.is_keeper() && live.standing != Standing::Healthy)
            || self.input.tasks.iter().any(|task| lingers(task) && !is_live(task));
        if !under_way {
            self.impede("deployment-configuration", Message::DeploymentBlocked);
        }
    }

    /// Tasks that are not yet RUNNING leave a host that is being drained at once.
    fn stop_starting_on_draining(&mut self) {
        for live in self.live() {
            if live.draining && live.standing == Standing::Starting {
                self.stop_for_scaling(live.task);
            }
        }
    }

    /// Stops leavers and tasks too many, as far as the minimum allows.
    fn stop_leavers(&mut self) {
        let live = self.live();
        let minimum = self.minimum();
        let mut healthy = live.iter().filter(|l| l.standing == Standing::Healthy).count();
        let mut total = live.len();
        let going = self.going(&live);
        let mut in_flight = live
            .iter()
            .any(|l| matches!(l.standing, Standing::Starting | Standing::Settling) && !going.contains(&l.task.id));
        let candidates = live.iter().filter(|l| going.contains(&l.task.id) && !self.is_spared(l)).copied().collect();
        let mut order = self.scale_in(candidates);
        while let Some(next) = order.next() {
            let allowed = match next.standing {
                Standing::Starting => true,
                Standing::Healthy if healthy <= minimum => break,
                Standing::Healthy => {
                    healthy -= 1;
                    true
                }
                // Beyond the desired count: what stays is enough.
                _ if next.is_keeper() || self.is_frozen() => true,
                // Replaced first; when there is no room for that, one after the other.
                Standing::Unhealthy | Standing::Settling => {
                    let enough = if next.age == 0 && !next.draining { self.wanted() } else { minimum };
                    let stuck = total >= self.maximum() && !in_flight && next.standing == Standing::Unhealthy;
                    in_flight |= stuck;
                    healthy >= enough || stuck
                }
            };
            if allowed {
                total -= 1;
                self.stop_live(&next);
            }
        }
    }

    /// The ids of the tasks that should go: leavers, and keepers beyond the desired count. When the deployment failed
    /// nothing replaces a leaver, and only what is beyond the desired count goes.
    fn going(&self, live: &[Live<'a>]) -> BTreeSet<&'a gantry_model::TaskId> {
        let frozen = self.is_frozen();
        let pool = |keepers: bool| live.iter().filter(move |l| frozen || l.is_keeper() == keepers).copied();
        let mut going: BTreeSet<_> = BTreeSet::new();
        if !frozen {
            going.extend(pool(false).map(|l| &l.task.id));
        }
        let keepers: Vec<Live<'a>> = pool(true).collect();
        let surplus = keepers.len().saturating_sub(self.wanted());
        if surplus > 0 {
            let mut order = self.scale_in(keepers.into_iter().filter(|l| !self.is_spared(l)).collect());
            for _ in 0..surplus {
                going.extend(order.next().map(|l| &l.task.id));
            }
        }
        going
    }

    fn scale_in(&self, candidates: Vec<Live<'a>>) -> ScaleIn<'a> {
        let strategy = &self.service.placement_strategy;
        let group = self.service.group();
        ScaleIn::new(candidates, self.state, &group, strategy, self.input.default_strategy, self.input.seed)
    }

    /// Starts up to `count` tasks of the PRIMARY deployment.
    fn start(&mut self, count: usize) {
        let input = self.input;
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let shares = share_out(&input.service.capacity_provider_strategy, |provider| self.keepers_of(provider), count);
        for (capacity_provider, count) in shares {
            let Some(placement) = self.place_primary(capacity_provider, count, None) else { return };
            let missing = usize::try_from(count).unwrap_or(usize::MAX).saturating_sub(placement.placed.len());
            if missing == 0 {
                continue;
            }
            if capacity_provider.is_some_and(|provider| input.growing_pools.contains(provider)) {
                self.start_waiting(capacity_provider, missing);
            } else {
                let closest = closest(self.state, &placement.failures);
                let kind = closest.as_ref().map_or("placement:none", |(_, reason)| reason.as_api());
                self.impede(kind, Message::Unplaceable { closest });
            }
        }
    }

    /// How many tasks that stay a capacity provider has.
    pub(super) fn keepers_of(&self, provider: &str) -> u32 {
        let live = self.live();
        let of_it = live.iter().filter(|l| l.is_keeper() && l.task.capacity_provider.as_deref() == Some(provider));
        u32::try_from(of_it.count()).unwrap_or(u32::MAX)
    }

    /// Starts up to `count` tasks of the PRIMARY deployment where there is room, and where `there` holds too, if it is given.
    /// `None` when it is not known what they need.
    pub(super) fn place_primary(
        &mut self,
        capacity_provider: Option<&str>,
        count: u32,
        there: Option<PlacementConstraint>,
    ) -> Option<Placement> {
        let input = self.input;
        let primary = self.service.primary()?;
        let (deployment, task_definition) = (primary.id.clone(), primary.task_definition.clone());
        let Definition { requirements, constraints } = input.definitions.get(&task_definition)?;
        let own = constraints.iter().chain(&self.service.placement_constraints).cloned();
        let constraints: Vec<_> = own.chain(there).collect();
        let group = self.service.group();
        let request = PlacementRequest {
            requirements,
            group: &group,
            constraints: &constraints,
            strategy: &input.service.placement_strategy,
            default_strategy: input.default_strategy,
            capacity_provider,
        };
        let placement = place(self.state, &request, count, input.seed);
        self.starts.extend(placement.placed.iter().map(|instance| Start {
            deployment: deployment.clone(),
            task_definition: task_definition.clone(),
            instance: Some(instance.clone()),
            capacity_provider: capacity_provider.map(str::to_owned),
        }));
        Some(placement)
    }

    /// Starts `count` tasks of the PRIMARY deployment that wait for room in the pool of their provider.
    fn start_waiting(&mut self, capacity_provider: Option<&str>, count: usize) {
        let Some(primary) = self.service.primary() else { return };
        let start = Start {
            deployment: primary.id.clone(),
            task_definition: primary.task_definition.clone(),
            instance: None,
            capacity_provider: capacity_provider.map(str::to_owned),
        };
        self.starts.extend(std::iter::repeat_n(start, count));
    }
}
