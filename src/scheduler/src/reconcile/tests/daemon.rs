//! DAEMON services: one task a host.

use gantry_model::container_instance::{ContainerInstance, InstanceStatus};
use gantry_model::service::SchedulingStrategy;
use gantry_model::task::HealthStatus;

use super::{Scene, line, messages, scene};
use crate::fixtures::{HostBuilder, TaskBuilder, host, task};

fn daemons() -> Scene {
    let mut scene = scene(0).percents(0, 100);
    scene.service.scheduling_strategy = SchedulingStrategy::Daemon;
    scene.hosts = (1..=3).map(|number| host(number).with_attribute("rack", &number.to_string())).collect();
    scene
}

fn check(scene: &Scene, expected: &str, desired_count: u32) {
    let outcome = scene.run();
    assert_eq!((line(&outcome).as_str(), outcome.service.desired_count), (expected, desired_count));
}

#[test]
fn every_matching_host_gets_one() {
    check(&daemons(), "start on [1 2 3] stop []", 3);
    check(&daemons().tasks([task(1).on(2)]), "start on [1 3] stop []", 3);
    check(&daemons().constrained("attribute:rack != 2"), "start on [1 3] stop []", 2);
    check(&daemons().tasks([task(1), task(2).on(2), task(3).on(3)]), "start on [] stop []", 3);
}

#[test]
fn a_host_that_does_not_match_any_more_loses_it() {
    check(&daemons().tasks([task(1).on(2)]).constrained("attribute:rack == 1"), "start on [1] stop [1]", 1);
    let mut draining = daemons().tasks([task(1), task(2).on(2), task(3).on(3)]);
    draining.hosts[1].status = InstanceStatus::Draining;
    check(&draining, "start on [] stop [2]", 2);
}

#[test]
fn a_second_one_on_a_host_goes() {
    check(&daemons().tasks([task(1), task(2).pending(), task(3).on(2), task(4).on(3)]), "start on [] stop [2]", 3);
}

#[test]
fn a_silent_host_keeps_its_task_and_counts_only_with_one() {
    let silent = |mut scene: Scene| {
        scene.hosts[1] = ContainerInstance { agent_connected: false, ..scene.hosts[1].clone() };
        scene
    };
    check(&silent(daemons().tasks([task(1), task(2).on(3)])), "start on [] stop []", 2);
    check(&silent(daemons().tasks([task(1), task(2).on(2), task(3).on(3)])), "start on [] stop []", 3);
    let deploying = silent(daemons().tasks([task(1), task(2).on(2), task(3).on(3)]).deploying(2));
    check(&deploying, "start on [1 3] stop [1 3]", 3);
}

#[test]
fn a_deployment_stops_before_it_starts_unless_there_is_room_for_both() {
    let old = || [task(1), task(2).on(2), task(3).on(3)];
    check(&daemons().tasks(old()).deploying(2), "start on [1 2 3] stop [1 2 3]", 3);
    check(&daemons().tasks(old()).deploying(2).percents(50, 100), "start on [1] stop [1]", 3);
    check(&daemons().tasks(old()).deploying(2).percents(100, 200), "start on [1 2 3] stop []", 3);
    let mut cramped = daemons().tasks(old()).deploying(2).percents(0, 200);
    cramped.hosts[0].registered.cpu = 256;
    check(&cramped, "start on [1 2 3] stop [1]", 3);
}

#[test]
fn an_unhealthy_one_is_replaced() {
    let sick = task(1).with_health(HealthStatus::Unhealthy);
    check(&daemons().tasks([sick, task(2).on(2), task(3).on(3)]), "start on [1] stop [1]", 3);
}

#[test]
fn a_host_without_room_is_named() {
    let mut scene = daemons();
    scene.hosts[0].registered.cpu = 100;
    let outcome = scene.run();
    assert_eq!(line(&outcome), "start on [2 3] stop []");
    assert!(messages(&outcome)[0].ends_with("(container-instance 1) has insufficient CPU units available."));
}

#[test]
fn no_hosts_are_a_steady_state_too() {
    let mut scene = daemons();
    scene.hosts.clear();
    assert_eq!(messages(&scene.run()), ["has reached a steady state."]);
}

#[test]
fn a_protected_one_stays_on_a_drained_host_and_its_successor_waits() {
    let tasks = || [task(1), task(2).on(2).protected_until(700_000), task(3).on(3)];
    let mut draining = daemons().tasks(tasks());
    draining.hosts[1].status = InstanceStatus::Draining;
    check(&draining, "start on [] stop []", 2);
    assert_eq!(draining.run().wake_at, Some(gantry_model::UnixMillis(700_000)));
    check(&daemons().tasks(tasks()).deploying(2), "start on [1 3] stop [1 3]", 3);
}
