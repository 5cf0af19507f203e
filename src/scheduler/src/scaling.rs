//! How many hosts the pool of a capacity provider should have, and which of them go.
//!
//! Source: ECS developer guide, "Amazon ECS managed scaling behavior", and AWS's account of `CapacityProviderReservation`:
//! M / N × 100, where N is the number of hosts and M the number that is needed. While tasks wait, M is N and what they
//! would fill at least; else it is the number of hosts with tasks that are not a daemon's. The pool follows its target at
//! once upwards, and downwards when fifteen minutes agree, by at most half of it.
//!
//! Only hosts without tasks go, so that protection from termination is kept whether or not it was asked for.

use std::collections::BTreeMap;

use gantry_model::capacity_provider::{HostSize, ManagedScaling, PoolScaling};
use gantry_model::container_instance::{ContainerInstance, InstanceStatus};
use gantry_model::resources::{Requirements, Resources};
use gantry_model::{ContainerInstanceId, UnixMillis};

/// For how long fewer hosts must do before the pool shrinks: fifteen minutes.
pub const SHRINK_AFTER_MILLIS: i64 = 15 * 60 * 1000;

/// A pool as it is.
#[derive(Debug, Clone, Copy)]
pub struct Pool<'a> {
    pub scaling: ManagedScaling,
    /// Its hosts that are not INACTIVE.
    pub hosts: &'a [ContainerInstance],
    /// How many tasks that are not a daemon's hold resources on each host; hosts without any may be absent.
    pub tasks: &'a BTreeMap<ContainerInstanceId, u32>,
    /// What each of the tasks asks for that wait for room in the pool.
    pub waiting: &'a [&'a Requirements],
    pub now: UnixMillis,
}

/// What a look at a pool led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scaling {
    /// What to know at the next look; the hosts that leave from now on are among those that it names.
    pub state: PoolScaling,
    /// `CapacityProviderReservation`, in percent.
    pub reservation: u32,
}

/// Decides how many hosts the pool should have now, given what was known at the last look.
#[must_use]
pub fn scale(pool: &Pool<'_>, before: &PoolScaling) -> Scaling {
    let mut state = before.clone();
    state.leaving.retain(|id| pool.hosts.iter().any(|host| host.id == *id));
    let staying: Vec<&ContainerInstance> = pool.hosts.iter().filter(|host| !state.leaving.contains(&host.id)).collect();
    state.host_size = smallest(pool.hosts).or(state.host_size);
    let hosts = count(staying.len());
    let needed = needed(pool, &staying, state.host_size);
    let wanted = share_up(needed, pool.scaling.target_capacity);
    // Hosts that somebody else brought are not for scaling to end while they are of use.
    let has = hosts.max(state.desired);
    state.desired = has;
    if wanted > has && !warms_up(pool, &staying) {
        state.desired = wanted;
    }
    if wanted >= has {
        state.low_since = None;
    } else if pool.now.millis_since(*state.low_since.get_or_insert(pool.now)) >= SHRINK_AFTER_MILLIS {
        state.desired = wanted.max(has - has.div_ceil(2));
        state.low_since = None;
        let spare = usize::try_from(hosts.saturating_sub(state.desired)).unwrap_or(usize::MAX);
        state.leaving.extend(idle(pool, &staying).take(spare).cloned());
    }
    Scaling { state, reservation: reservation(needed, hosts) }
}

/// M of the reservation.
fn needed(pool: &Pool<'_>, staying: &[&ContainerInstance], size: Option<HostSize>) -> u32 {
    let more = groups(pool.waiting).into_iter().map(|(requirements, tasks)| hosts_for(requirements, tasks, size));
    match more.max().filter(|more| *more > 0) {
        Some(more) => {
            let ManagedScaling { minimum_scaling_step_size, maximum_scaling_step_size, .. } = pool.scaling;
            let step = more.max(minimum_scaling_step_size).min(maximum_scaling_step_size);
            count(staying.len()).saturating_add(step)
        }
        None => count(staying.iter().filter(|host| tasks_on(pool, host) > 0).count()),
    }
}

/// The waiting tasks by what they ask for.
fn groups<'a>(waiting: &[&'a Requirements]) -> Vec<(&'a Requirements, u32)> {
    let mut groups: Vec<(&Requirements, u32)> = Vec::new();
    for requirements in waiting {
        match groups.iter_mut().find(|(group, _)| group == requirements) {
            Some((_, tasks)) => *tasks += 1,
            None => groups.push((requirements, 1)),
        }
    }
    groups
}

/// How many hosts of `size` `tasks` that each ask for `requirements` fill at least; none when not even one fits, for more
/// hosts would not help. Where no host was ever seen, one tells.
fn hosts_for(requirements: &Requirements, tasks: u32, size: Option<HostSize>) -> u32 {
    let Some(HostSize { resources, gpus }) = size else { return 1 };
    let fitting = |have: u32, need: u32| have.checked_div(need).unwrap_or(u32::MAX);
    let Resources { cpu, memory_mib } = requirements.resources;
    let has_ports = !requirements.tcp_ports.is_empty() || !requirements.udp_ports.is_empty();
    let a_host = fitting(resources.cpu, cpu)
        .min(fitting(resources.memory_mib, memory_mib))
        .min(fitting(gpus, requirements.gpus))
        .min(if has_ports { 1 } else { u32::MAX });
    if a_host == 0 { 0 } else { tasks.div_ceil(a_host) }
}

/// The least of each resource over the hosts; `None` without any.
fn smallest(hosts: &[ContainerInstance]) -> Option<HostSize> {
    let least = |of: fn(&ContainerInstance) -> u32| hosts.iter().map(of).min();
    let resources = Resources { cpu: least(|h| h.registered.cpu)?, memory_mib: least(|h| h.registered.memory_mib)? };
    Some(HostSize { resources, gpus: least(|h| h.gpus)? })
}

/// Whether a host came so lately that it is not known yet what it takes on.
fn warms_up(pool: &Pool<'_>, staying: &[&ContainerInstance]) -> bool {
    let warm_up_ms = i64::from(pool.scaling.instance_warmup_period_s) * 1000;
    staying.iter().any(|host| pool.now.millis_since(host.registered_at) < warm_up_ms)
}

/// The hosts that may go, the oldest first: those without tasks.
fn idle<'a>(pool: &Pool<'_>, staying: &[&'a ContainerInstance]) -> impl Iterator<Item = &'a ContainerInstanceId> {
    let mut hosts: Vec<&ContainerInstance> = staying.iter().copied().filter(|host| tasks_on(pool, host) == 0).collect();
    hosts.sort_by_key(|host| (host.status == InstanceStatus::Active, host.registered_at, host.id.clone()));
    hosts.into_iter().map(|host| &host.id)
}

fn tasks_on(pool: &Pool<'_>, host: &ContainerInstance) -> u32 {
    pool.tasks.get(&host.id).copied().unwrap_or(0)
}

/// How many hosts there must be so that `needed` are `target` percent of them.
fn share_up(needed: u32, target: u32) -> u32 {
    let wanted = (u64::from(needed) * 100).div_ceil(u64::from(target.max(1)));
    u32::try_from(wanted).unwrap_or(u32::MAX)
}

fn reservation(needed: u32, hosts: u32) -> u32 {
    match (needed, hosts) {
        (0, 0) => 100,
        (_, 0) => 200,
        _ => u32::try_from(u64::from(needed) * 100 / u64::from(hosts)).unwrap_or(u32::MAX),
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{host, host_id, requirements};
    use proptest::prelude::*;

    const MINUTE: i64 = 60_000;

    /// A pool of hosts of 4 vCPU that have been up for an hour, and what is known of it.
    struct Scene {
        scaling: ManagedScaling,
        hosts: Vec<ContainerInstance>,
        tasks: BTreeMap<ContainerInstanceId, u32>,
        waiting: Vec<Requirements>,
        now: i64,
        state: PoolScaling,
    }

    /// `hosts` hosts, the first `busy` of them with a task.
    fn pool(hosts: u32, busy: u32) -> Scene {
        Scene {
            scaling: ManagedScaling::default(),
            hosts: (1..=hosts).map(host).collect(),
            tasks: (1..=busy).map(|number| (host_id(number), 1)).collect(),
            waiting: Vec::new(),
            now: 60 * MINUTE,
            state: PoolScaling { desired: hosts, ..PoolScaling::default() },
        }
    }

    impl Scene {
        fn waiting(mut self, tasks: u32, cpu: u32) -> Self {
            self.waiting.extend((0..tasks).map(|_| requirements(cpu, 128)));
            self
        }

        fn target(mut self, percent: u32) -> Self {
            self.scaling.target_capacity = percent;
            self
        }

        fn steps(mut self, least: u32, most: u32) -> Self {
            self.scaling.minimum_scaling_step_size = least;
            self.scaling.maximum_scaling_step_size = most;
            self
        }

        fn look(&mut self) -> Scaling {
            let waiting: Vec<&Requirements> = self.waiting.iter().collect();
            let pool = Pool {
                scaling: self.scaling,
                hosts: &self.hosts,
                tasks: &self.tasks,
                waiting: &waiting,
                now: UnixMillis(self.now),
            };
            let scaling = scale(&pool, &self.state);
            self.state = scaling.state.clone();
            scaling
        }

        /// Desired hosts and the reservation.
        fn answer(mut self) -> (u32, u32) {
            let scaling = self.look();
            (scaling.state.desired, scaling.reservation)
        }
    }

    #[test]
    fn the_pool_grows_at_once_by_what_waits() {
        for (name, scene, expected) in [
            ("nothing at all", pool(0, 0), (0, 100)),
            ("an empty pool of unknown hosts begins with one", pool(0, 0).waiting(7, 4096), (1, 200)),
            ("all in use, none waits", pool(3, 3), (3, 100)),
            ("one task more", pool(3, 3).waiting(1, 1024), (4, 133)),
            ("four tasks a host", pool(2, 2).waiting(9, 1024), (5, 250)),
            ("the greatest group counts", pool(2, 2).waiting(2, 4096).waiting(3, 1024), (4, 200)),
            ("what fits no host asks for none", pool(2, 2).waiting(3, 8192), (2, 100)),
            ("no fewer than the least step", pool(2, 2).waiting(1, 1024).steps(3, 10), (5, 250)),
            ("no more than the greatest step", pool(2, 2).waiting(40, 4096).steps(1, 10), (12, 600)),
            ("a target below 100 keeps room", pool(4, 4).target(80), (5, 100)),
            ("and grows by more", pool(4, 4).target(50).waiting(1, 1024), (10, 125)),
        ] {
            assert_eq!(scene.answer(), expected, "{name}");
        }
    }

    #[test]
    fn a_host_that_has_just_come_holds_back_what_was_not_asked_for_yet() {
        let mut scene = pool(1, 1).waiting(2, 4096);
        assert_eq!(scene.look().state.desired, 3);
        // The first of them comes and takes a task; another task is added.
        scene.hosts.push(ContainerInstance { registered_at: UnixMillis(scene.now), ..host(2) });
        scene.tasks.insert(host_id(2), 1);
        scene.waiting.pop();
        scene = scene.waiting(1, 4096);
        assert_eq!(scene.look().state.desired, 3, "the last of three is still on its way");
        scene.now += 300_000;
        assert_eq!(scene.look().state.desired, 4);
    }

    #[test]
    fn the_pool_shrinks_after_fifteen_minutes_by_half_at_most_and_idle_hosts_go() {
        let mut scene = pool(8, 1);
        assert_eq!((scene.look().state.desired, scene.look().reservation), (8, 12));
        scene.now += 14 * MINUTE;
        assert!(scene.look().state.leaving.is_empty());
        scene.now += MINUTE;
        let scaling = scene.look();
        assert_eq!(scaling.state.desired, 4);
        assert_eq!(scaling.state.leaving, (2..6).map(host_id).collect());
        scene.now += 16 * MINUTE;
        assert_eq!(scene.look().state.desired, 4, "the next fifteen minutes begin");
        // Hosts that went are forgotten.
        scene.hosts.retain(|host| host.id == host_id(1) || host.id > host_id(5));
        assert!(scene.look().state.leaving.is_empty());
    }

    #[test]
    fn one_busy_minute_begins_the_fifteen_anew() {
        let mut scene = pool(2, 1);
        scene.look();
        scene.now += 14 * MINUTE;
        scene.tasks.insert(host_id(2), 1);
        scene.look();
        scene.tasks.remove(&host_id(2));
        scene.now += 2 * MINUTE;
        scene.look();
        scene.now += 14 * MINUTE;
        assert!(scene.look().state.leaving.is_empty());
        scene.now += MINUTE;
        assert_eq!(scene.look().state.leaving, [host_id(2)].into());
    }

    #[test]
    fn the_last_hosts_go_when_nothing_is_left_to_run() {
        let mut scene = pool(1, 0);
        scene.look();
        scene.now += 15 * MINUTE;
        let scaling = scene.look();
        assert_eq!((scaling.state.desired, scaling.state.leaving.len()), (0, 1));
        // Their size is remembered for the next task.
        scene.hosts.clear();
        scene = scene.waiting(9, 1024);
        assert_eq!(scene.look().state.desired, 3);
    }

    #[test]
    fn hosts_that_were_asked_for_and_never_came_are_given_up() {
        let mut scene = pool(1, 1).waiting(3, 4096);
        assert_eq!(scene.look().state.desired, 4);
        scene.waiting.clear();
        scene.look();
        scene.now += 15 * MINUTE;
        assert_eq!(scene.look().state.desired, 2);
    }

    #[test]
    fn hosts_that_somebody_else_brought_are_counted() {
        let mut scene = pool(3, 3);
        scene.state.desired = 1;
        assert_eq!(scene.look().state.desired, 3);
    }

    proptest! {
        #[test]
        fn no_host_with_tasks_ever_leaves_and_the_pool_holds_what_is_in_use(
            hosts in 0_u32..12, busy in 0_u32..12, waiting in 0_u32..20, cpu in 1_u32..6000, target in 1_u32..=100,
            minutes in prop::collection::vec(0_i64..20, 1..8),
        ) {
            let mut scene = pool(hosts, busy.min(hosts)).waiting(waiting, cpu).target(target);
            for minute in minutes {
                scene.now += minute * MINUTE;
                let state = scene.look().state;
                let busy: Vec<_> = scene.tasks.keys().filter(|id| state.leaving.contains(*id)).collect();
                prop_assert!(busy.is_empty(), "{busy:?}");
                prop_assert!(state.desired >= count(scene.tasks.len()));
                prop_assert!(count(scene.hosts.len()) <= state.desired + count(state.leaving.len()));
            }
        }
    }
}
