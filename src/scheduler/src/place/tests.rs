//! Placement by table, and against a naive oracle on random states.

use std::collections::BTreeSet;

use gantry_model::container_instance::{AVAILABILITY_ZONE, ContainerInstance, InstanceStatus};
use gantry_model::placement::{BinpackField, PlacementConstraint, PlacementStrategy};
use gantry_model::resources::Requirements;
use gantry_model::task::Task;
use proptest::prelude::*;

use super::*;
use crate::expression;
use crate::fixtures::{HostBuilder, TaskBuilder, cluster, host, host_id, request, requirements, task};

fn spread(field: &str) -> PlacementStrategy {
    PlacementStrategy::Spread { field: field.to_owned() }
}

fn binpack(field: BinpackField) -> PlacementStrategy {
    PlacementStrategy::Binpack { field }
}

fn member_of(expression: &str) -> PlacementConstraint {
    PlacementConstraint::MemberOf { expression: expression.to_owned() }
}

/// Places and answers the numbers of the hosts.
fn placed_on(
    hosts: &[ContainerInstance],
    tasks: &[Task],
    request: &PlacementRequest<'_>,
    count: u32,
) -> (Vec<u32>, Vec<Reason>) {
    let mut state = ClusterState::new(&cluster(), hosts, tasks);
    let placement = place(&mut state, request, count, 7);
    let number = |id: &ContainerInstanceId| u32::from_str_radix(id.as_str().trim_start_matches('0'), 16).unwrap();
    (placement.placed.iter().map(number).collect(), placement.failures.iter().map(|failure| failure.reason).collect())
}

#[test]
fn each_rule_refuses_with_its_reason() {
    let base = requirements(256, 256);
    let with = |change: fn(&mut Requirements)| {
        let mut requirements = base.clone();
        change(&mut requirements);
        requirements
    };
    let mut reserved = host(1);
    reserved.reserved_tcp_ports.insert(22);
    for (needs, constraints, instance, reason) in [
        (with(|r| r.resources.cpu = 4097), vec![], host(1), Reason::Cpu),
        (with(|r| r.resources.memory_mib = 8193), vec![], host(1), Reason::Memory),
        (with(|r| r.tcp_ports.extend([22])), vec![], reserved, Reason::Ports),
        (with(|r| r.tcp_ports.extend([80])), vec![], host(1), Reason::Ports),
        (with(|r| r.gpus = 1), vec![], host(1), Reason::Gpu),
        (with(|r| r.attributes.extend(["fast".to_owned()])), vec![], host(1), Reason::Attribute),
        (base.clone(), vec![member_of("attribute:stack == prod")], host(1), Reason::MemberOf),
        (base.clone(), vec![PlacementConstraint::DistinctInstance], host(1), Reason::DistinctInstance),
        (base.clone(), vec![], ContainerInstance { agent_connected: false, ..host(1) }, Reason::Agent),
        (base.clone(), vec![], ContainerInstance { status: InstanceStatus::Draining, ..host(1) }, Reason::NotActive),
    ] {
        let mut running = task(1);
        running.requirements.tcp_ports.insert(80);
        let request = PlacementRequest { constraints: &constraints, ..request(&needs, "service:web") };
        assert_eq!(placed_on(&[instance], &[running], &request, 1), (vec![], vec![reason]));
    }
}

#[test]
fn udp_and_tcp_ports_are_apart() {
    let mut running = task(1);
    running.requirements.tcp_ports.insert(53);
    let mut needs = requirements(1, 1);
    needs.udp_ports.insert(53);
    assert_eq!(placed_on(&[host(1)], &[running], &request(&needs, "g"), 2), (vec![1], vec![Reason::Ports]));
}

#[test]
fn a_task_told_to_stop_has_given_its_room_back() {
    let needs = requirements(4096, 1);
    let stopping = task(1).told_to_stop();
    assert_eq!(placed_on(&[host(1)], &[stopping], &request(&needs, "g"), 1), (vec![1], vec![]));
    assert_eq!(placed_on(&[host(1)], &[task(1)], &request(&needs, "g"), 1), (vec![], vec![Reason::Cpu]));
}

#[test]
fn distinct_instance_counts_the_group_in_its_cluster() {
    let needs = requirements(1, 1);
    let mut other_cluster = task(1).on(2);
    other_cluster.cluster = "other".parse().unwrap();
    let tasks = [task(2).on(1), other_cluster];
    let constraints = [PlacementConstraint::DistinctInstance];
    let request = PlacementRequest { constraints: &constraints, ..request(&needs, "service:web") };
    let (placed, failures) = placed_on(&[host(1), host(2)], &tasks, &request, 2);
    assert_eq!((placed, failures), (vec![2], vec![Reason::DistinctInstance; 2]));
}

#[test]
fn strategies_choose_in_their_order() {
    let hosts = [
        host(1).in_zone("a").with_resources(1024, 4096),
        host(2).in_zone("a").with_resources(2048, 2048),
        host(3).in_zone("b").with_resources(1024, 2048),
        host(4).with_resources(1024, 1024),
    ];
    let needs = requirements(128, 128);
    for (strategy, expected) in [
        (vec![], vec![1, 3, 2, 3, 1, 3]),
        (vec![spread("attribute:ecs.availability-zone")], vec![1, 3, 1, 3, 1, 3]),
        (vec![spread("attribute:ecs.availability-zone"), spread("instanceId")], vec![1, 3, 2, 3, 1, 3]),
        (vec![spread("attribute:ecs.availability-zone"), binpack(BinpackField::Memory)], vec![2, 3, 2, 3, 2, 3]),
        (vec![spread("host")], vec![1, 2, 3, 4, 1, 2]),
        (vec![spread("instanceId"), binpack(BinpackField::Memory)], vec![4, 2, 3, 1, 4, 2]),
        (vec![binpack(BinpackField::Memory)], vec![4; 6]),
        (vec![binpack(BinpackField::Cpu)], vec![1; 6]),
        (vec![binpack(BinpackField::Cpu), binpack(BinpackField::Memory)], vec![4; 6]),
    ] {
        let request = PlacementRequest { strategy: &strategy, ..request(&needs, "service:web") };
        assert_eq!(placed_on(&hosts, &[], &request, 6).0, expected, "{strategy:?}");
    }
}

#[test]
fn a_full_host_is_passed_over() {
    let hosts = [host(1).with_resources(300, 1000), host(2).with_resources(300, 2000)];
    let needs = requirements(100, 400);
    let strategy = [binpack(BinpackField::Memory)];
    let request = PlacementRequest { strategy: &strategy, ..request(&needs, "g") };
    assert_eq!(placed_on(&hosts, &[], &request, 9), (vec![1, 1, 2, 2, 2], vec![Reason::Memory, Reason::Cpu]));
}

#[test]
fn an_expression_about_tasks_sees_the_tasks_just_placed() {
    let needs = requirements(1, 1);
    let constraints = [member_of("not(task:group == service:web) or runningTasksCount < 2")];
    let request = PlacementRequest { constraints: &constraints, ..request(&needs, "service:web") };
    assert_eq!(placed_on(&[host(1), host(2)], &[], &request, 9).0, [1, 2, 1, 2]);
}

#[test]
fn random_placement_follows_the_seed_and_reaches_every_host_evenly() {
    let hosts: Vec<_> = (1..=8).map(|n| host(n).with_resources(100_000, 100_000)).collect();
    let needs = requirements(1, 1);
    let strategy = [PlacementStrategy::Random];
    let request = PlacementRequest { strategy: &strategy, ..request(&needs, "g") };
    let run = |seed| {
        let mut state = ClusterState::new(&cluster(), &hosts, &[]);
        place(&mut state, &request, 8000, seed).placed
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let placed = run(3);
    for host in &hosts {
        let share = placed.iter().filter(|id| **id == host.id).count();
        assert!((800..1200).contains(&share), "{share}");
    }
    // The first choice is as even as the later ones.
    let firsts: BTreeSet<_> = (0..100).map(|seed| run(seed)[0].clone()).collect();
    assert_eq!(firsts.len(), hosts.len());
}

#[test]
fn the_closest_host_failed_last_and_has_most_room() {
    let hosts = [
        ContainerInstance { agent_connected: false, ..host(1) },
        host(2).with_resources(4096, 100),
        host(3).with_resources(4096, 200),
        host(4).with_resources(10, 8192),
    ];
    let needs = requirements(256, 256);
    let mut state = ClusterState::new(&cluster(), &hosts, &[]);
    let placement = place(&mut state, &request(&needs, "g"), 1, 0);
    assert_eq!(closest(&state, &placement.failures), Some((host_id(3), Reason::Memory)));
    assert_eq!(closest(&state, &[]), None);
}

/// The rules and strategies once more, written as their definition says: every host, every time.
mod oracle {
    use super::*;

    pub(super) fn place_all(
        hosts: &[ContainerInstance],
        tasks: &[Task],
        request: &PlacementRequest<'_>,
        count: u32,
    ) -> Vec<ContainerInstanceId> {
        let mut tasks = tasks.to_vec();
        let mut placed = Vec::new();
        for number in 0..count {
            let mut candidates: Vec<&ContainerInstance> =
                hosts.iter().filter(|host| fits(host, hosts, &tasks, request)).collect();
            candidates.sort_by(|a, b| a.id.cmp(&b.id));
            for strategy in request.strategy {
                let key = |host: &ContainerInstance| key(host, hosts, &tasks, request, strategy);
                let best = candidates.iter().map(|host| key(host)).min();
                candidates.retain(|host| Some(key(host)) == best);
            }
            let Some(chosen) = candidates.first() else { break };
            placed.push(chosen.id.clone());
            let mut new = task(1_000_000 + number);
            new.instance = Some(chosen.id.clone());
            new.requirements = request.requirements.clone();
            new.group = request.group.to_owned();
            tasks.push(new);
        }
        placed
    }

    fn on<'t>(host: &ContainerInstance, tasks: &'t [Task]) -> impl Iterator<Item = &'t Task> {
        let id = host.id.clone();
        tasks.iter().filter(move |task| task.holds_resources() && task.instance.as_ref() == Some(&id))
    }

    fn fits(
        host: &ContainerInstance,
        hosts: &[ContainerInstance],
        tasks: &[Task],
        request: &PlacementRequest<'_>,
    ) -> bool {
        let need = request.requirements;
        let cpu: u32 = on(host, tasks).map(|t| t.requirements.resources.cpu).sum();
        let memory: u32 = on(host, tasks).map(|t| t.requirements.resources.memory_mib).sum();
        let gpus: u32 = on(host, tasks).map(|t| t.requirements.gpus).sum();
        let port_taken = |port: &u16| {
            host.reserved_tcp_ports.contains(port) || on(host, tasks).any(|t| t.requirements.tcp_ports.contains(port))
        };
        let state = ClusterState::new(&cluster(), hosts, tasks);
        host.status == InstanceStatus::Active
            && host.agent_connected
            && cpu + need.resources.cpu <= host.registered.cpu
            && memory + need.resources.memory_mib <= host.registered.memory_mib
            && gpus + need.gpus <= host.gpus
            && !need.tcp_ports.iter().any(port_taken)
            && need.attributes.iter().all(|name| host.attribute(name).is_some())
            && request.constraints.iter().all(|constraint| match constraint {
                PlacementConstraint::DistinctInstance => on(host, tasks).all(|t| t.group != request.group),
                PlacementConstraint::MemberOf { expression } => {
                    state.matches(&host.id, &expression::parse(expression).unwrap())
                }
            })
    }

    fn key(
        host: &ContainerInstance,
        hosts: &[ContainerInstance],
        tasks: &[Task],
        request: &PlacementRequest<'_>,
        strategy: &PlacementStrategy,
    ) -> (bool, u64) {
        let in_group = |host: &ContainerInstance| on(host, tasks).filter(|t| t.group == request.group).count() as u64;
        match strategy {
            PlacementStrategy::Random => unreachable!("the oracle knows no random choice"),
            PlacementStrategy::Binpack { field: BinpackField::Cpu } => {
                let used: u32 = on(host, tasks).map(|t| t.requirements.resources.cpu).sum();
                (false, u64::from(host.registered.cpu - used))
            }
            PlacementStrategy::Binpack { field: BinpackField::Memory } => {
                let used: u32 = on(host, tasks).map(|t| t.requirements.resources.memory_mib).sum();
                (false, u64::from(host.registered.memory_mib - used))
            }
            PlacementStrategy::Spread { field } => match field.strip_prefix("attribute:") {
                None => (false, in_group(host)),
                Some(name) => {
                    let same = hosts.iter().filter(|other| other.attribute(name) == host.attribute(name));
                    (host.attribute(name).is_none(), same.map(in_group).sum())
                }
            },
        }
    }
}

prop_compose! {
    fn any_host(number: u32)(
        zone in prop::option::of("[ab]"), stack in prop::option::of("[xyz]"), cpu in 0_u32..4, memory in 0_u32..6,
        gpus in 0_u32..2, port in prop::option::of(80_u16..83), state in 0..12,
    ) -> ContainerInstance {
        let mut host = host(number).with_resources(cpu * 512, memory * 512);
        if let Some(zone) = zone { host = host.in_zone(&zone); }
        if let Some(stack) = stack { host = host.with_attribute("stack", &stack); }
        host.gpus = gpus;
        host.reserved_tcp_ports = port.into_iter().collect();
        host.agent_connected = state != 0;
        if state == 1 { host.status = InstanceStatus::Draining; }
        host
    }
}

prop_compose! {
    fn any_requirements()(
        cpu in 0_u32..3, memory in 0_u32..4, port in prop::option::of(80_u16..83), gpus in 0_u32..12,
        attribute in 0..5,
    ) -> Requirements {
        let mut requirements = requirements(cpu * 256, memory * 256);
        requirements.tcp_ports = port.into_iter().collect();
        requirements.gpus = u32::from(gpus == 0);
        if attribute == 0 { requirements.attributes.insert("stack".to_owned()); }
        requirements
    }
}

fn any_world() -> impl Strategy<Value = (Vec<ContainerInstance>, Vec<Task>)> {
    let hosts = (1_u32..9).prop_flat_map(|count| (1..=count).map(any_host).collect::<Vec<_>>());
    let tasks = prop::collection::vec((1_u32..9, any_requirements(), "[ab]"), 0..12);
    (hosts, tasks).prop_map(|(hosts, tasks)| {
        let mut state = ClusterState::new(&cluster(), &hosts, &[]);
        let mut fitting = Vec::new();
        for (number, (on, requirements, group)) in (1..).zip(tasks) {
            let placed = place(&mut state, &request(&requirements, &group), 1, 0).placed;
            let Some(instance) = placed.first() else { continue };
            let mut task = task(number).on(on);
            task.instance = Some(instance.clone());
            task.requirements = requirements;
            task.group = group;
            fitting.push(task);
        }
        (hosts, fitting)
    })
}

fn any_strategy() -> impl Strategy<Value = Vec<PlacementStrategy>> {
    let one = prop::sample::select(vec![
        spread("attribute:ecs.availability-zone"),
        spread("attribute:stack"),
        spread("instanceId"),
        binpack(BinpackField::Cpu),
        binpack(BinpackField::Memory),
    ]);
    prop::collection::vec(one, 1..4)
}

fn any_constraints() -> impl Strategy<Value = Vec<PlacementConstraint>> {
    let one = prop::sample::select(vec![
        PlacementConstraint::DistinctInstance,
        member_of("attribute:stack in [x, y]"),
        member_of("runningTasksCount < 3"),
        member_of("not(task:group == b)"),
    ]);
    prop::collection::vec(one, 0..2)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn placement_equals_the_naive_oracle_and_passes_the_checker(
        (hosts, tasks) in any_world(), requirements in any_requirements(), strategy in any_strategy(),
        constraints in any_constraints(), count in 0_u32..12, seed in any::<u64>(),
    ) {
        let request = PlacementRequest {
            strategy: &strategy, constraints: &constraints, ..request(&requirements, "a")
        };
        let mut state = ClusterState::new(&cluster(), &hosts, &tasks);
        let placement = place(&mut state, &request, count, seed);
        prop_assert_eq!(&placement.placed, &oracle::place_all(&hosts, &tasks, &request, count));
        crate::check::placement(&cluster(), &hosts, &tasks, &request, count, &placement).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn the_order_in_which_hosts_and_tasks_are_listed_does_not_matter(
        (hosts, tasks) in any_world(), requirements in any_requirements(), strategy in any_strategy(),
        constraints in any_constraints(), random in any::<bool>(), seed in any::<u64>(),
    ) {
        let strategy = if random { vec![PlacementStrategy::Random] } else { strategy };
        let request = PlacementRequest {
            strategy: &strategy, constraints: &constraints, ..request(&requirements, "a")
        };
        let forward = place(&mut ClusterState::new(&cluster(), &hosts, &tasks), &request, 5, seed);
        let (mut hosts, mut tasks) = (hosts, tasks);
        hosts.reverse();
        tasks.reverse();
        prop_assert_eq!(forward, place(&mut ClusterState::new(&cluster(), &hosts, &tasks), &request, 5, seed));
    }

    #[test]
    fn releasing_what_was_reserved_leaves_the_state_as_it_was(
        (hosts, tasks) in any_world(), requirements in any_requirements(), count in 0_u32..9,
    ) {
        let before = ClusterState::new(&cluster(), &hosts, &tasks);
        let mut state = before.clone();
        let placement = place(&mut state, &request(&requirements, "a"), count, 0);
        for instance in &placement.placed {
            state.release(instance, &requirements, "a");
        }
        for host in &hosts {
            prop_assert_eq!(before.remaining(&host.id), state.remaining(&host.id));
            prop_assert_eq!(before.tasks_of_group(&host.id, "a"), state.tasks_of_group(&host.id, "a"));
        }
    }
}

#[test]
fn the_zone_attribute_has_its_name() {
    assert_eq!(host(1).in_zone("a").availability_zone(), Some("a"));
    assert_eq!(AVAILABILITY_ZONE, "ecs.availability-zone");
}
