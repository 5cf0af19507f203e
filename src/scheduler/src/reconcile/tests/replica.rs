//! Keeping a number of tasks: minimum, maximum, unhealthy tasks, draining hosts, scaling in.

use gantry_model::UnixMillis;
use gantry_model::container_instance::InstanceStatus;
use gantry_model::placement::{BinpackField, PlacementStrategy};
use gantry_model::service::ServiceStatus;
use gantry_model::task::{HealthStatus, StopCode, TaskStatus};

use super::{Scene, deployments, line, messages, scene};
use crate::fixtures::{HostBuilder, TaskBuilder, breaker, host, requirements, task};

fn check(scene: &Scene, expected: &str) {
    assert_eq!(line(&scene.run()), expected);
}

#[test]
fn missing_tasks_are_started_and_what_runs_is_left_alone() {
    check(&scene(3), "start on [1 2 1] stop []");
    check(&scene(3).tasks([task(1), task(2).on(2).pending()]), "start on [1] stop []");
    check(&scene(2).tasks([task(1), task(2).on(2)]), "start on [] stop []");
}

#[test]
fn a_task_that_is_stopping_is_replaced_at_once() {
    let mut dying = task(2).on(2);
    dying.last_status = TaskStatus::Deactivating;
    check(&scene(2).tasks([task(1), dying]), "start on [1] stop []");
    check(&scene(2).tasks([task(1), task(2).told_to_stop()]), "start on [2] stop []");
}

#[test]
fn a_rolling_update_starts_up_to_the_maximum_and_stops_down_to_the_minimum() {
    let old = || [task(1), task(2), task(3).on(2), task(4).on(2)];
    for (minimum, maximum, expected) in [
        (100, 200, "start on [1 2 1 2] stop []"),
        (100, 150, "start on [1 2] stop []"),
        (100, 125, "start on [1] stop []"),
        (50, 100, "start on [1 2] stop [1 3]"),
        (75, 100, "start on [1] stop [1]"),
        (50, 200, "start on [1 2 1 2] stop [1 3]"),
        (0, 100, "start on [1 2 1 2] stop [1 3 2 4]"),
        (100, 100, "start on [] stop []"),
    ] {
        check(&scene(4).tasks(old()).deploying(2).percents(minimum, maximum), expected);
    }
}

#[test]
fn percents_round_the_minimum_up_and_the_maximum_down() {
    let old = || [task(1), task(2), task(3).on(2)];
    check(&scene(3).tasks(old()).deploying(2).percents(50, 100), "start on [1] stop [1]");
    check(&scene(3).tasks(old()).deploying(2).percents(100, 150), "start on [2] stop []");
}

#[test]
fn as_new_tasks_become_healthy_old_ones_go() {
    let running =
        |at| scene(2).tasks([task(1), task(2).on(2), task(3).of(2).running_since(at), task(4).of(2).pending()]);
    check(&running(599_000).deploying(2), "start on [] stop [1]");
    let settling = running(599_500).deploying(2).run();
    assert_eq!(line(&settling), "start on [] stop []");
    assert_eq!(settling.wake_at, Some(UnixMillis(600_500)));
}

#[test]
fn with_a_circuit_breaker_new_tasks_must_prove_themselves_before_old_ones_go() {
    for (running_for, expected) in [(9_999, "start on [] stop []"), (10_000, "start on [] stop [1]")] {
        let new = task(2).of(2).on(2).running_since(600_000 - running_for);
        let mut scene = scene(1).tasks([task(1), new]).deploying(2);
        scene.service.deployment_configuration.circuit_breaker = Some(breaker());
        check(&scene, expected);
    }
}

#[test]
fn with_health_checks_only_a_healthy_report_counts() {
    for (health, expected) in [
        (HealthStatus::Unknown, "start on [] stop []"),
        (HealthStatus::Healthy, "start on [] stop [1]"),
        (HealthStatus::Unhealthy, "start on [2] stop [3]"),
    ] {
        let new = task(3).of(2).on(2).running_since(0).with_health(health);
        let scene = scene(1).tasks([task(1), new]).deploying(2);
        check(&scene, expected);
    }
}

#[test]
fn old_tasks_that_never_ran_go_at_once() {
    let old = [task(1), task(2).on(2).pending(), task(3).on(2).pending()];
    check(&scene(3).tasks(old).deploying(2), "start on [2 1 2] stop [2 3]");
}

#[test]
fn an_unhealthy_task_is_replaced_first_where_the_maximum_allows() {
    let sick = || task(2).on(2).with_health(HealthStatus::Unhealthy);
    check(&scene(2).tasks([task(1), sick()]), "start on [1] stop []");
    check(&scene(2).tasks([task(1), sick(), task(3).on(2)]), "start on [] stop [2]");
    let outcome = scene(2).tasks([task(1), sick(), task(3).on(2)]).run();
    assert_eq!(outcome.stops[0].reason, "Task failed container health checks");
    assert_eq!(outcome.stops[0].stop_code, StopCode::ServiceSchedulerInitiated);
}

#[test]
fn unhealthy_tasks_go_one_by_one_where_it_does_not() {
    let sick = |n| task(n).with_health(HealthStatus::Unhealthy);
    check(&scene(3).tasks([sick(1), sick(2), task(3)]).percents(0, 100), "start on [2] stop [1]");
    let one_in_flight = [sick(2), task(3), task(4).on(2).pending()];
    check(&scene(3).tasks(one_in_flight).percents(0, 100), "start on [] stop []");
}

#[test]
fn bad_health_means_nothing_in_the_grace_period() {
    let mut scene = scene(1).tasks([task(1).running_since(590_000).with_health(HealthStatus::Unhealthy)]);
    scene.service.health_check_grace_period_s = Some(30);
    let outcome = scene.run();
    assert_eq!((line(&outcome).as_str(), outcome.wake_at), ("start on [] stop []", Some(UnixMillis(620_000))));
    scene.service.health_check_grace_period_s = Some(10);
    check(&scene, "start on [2] stop []");
}

#[test]
fn a_draining_host_gives_its_tasks_up_under_the_minimum() {
    let drain = |mut scene: Scene| {
        scene.hosts[0].status = InstanceStatus::Draining;
        scene
    };
    let tasks = || [task(1), task(2), task(3).pending()];
    check(&drain(scene(3).tasks(tasks())), "start on [2 2 2] stop [3]");
    check(&drain(scene(2).tasks([task(1), task(2)]).percents(50, 100)), "start on [2] stop [1]");
    let blocked = drain(scene(2).tasks([task(1), task(2)]).percents(100, 100));
    check(&blocked, "start on [] stop []");
    assert!(messages(&blocked.run())[0].starts_with("was unable to stop or start tasks during a deployment"));
}

#[test]
fn tasks_of_a_lost_host_stop_whatever_the_minimum() {
    let mut scene = scene(2).tasks([task(1), task(2)]).percents(100, 100);
    scene.hosts[0].status = InstanceStatus::Inactive;
    let outcome = scene.run();
    assert_eq!(line(&outcome), "start on [2 2] stop [1 2]");
    assert_eq!(outcome.stops[0].stop_code, StopCode::TerminationNotice);
    assert_eq!(outcome.stops[0].reason, "Host EC2 (instance i-1) terminated.");
}

#[test]
fn a_task_on_a_host_that_is_not_listed_is_left_alone_until_its_deployment_is_replaced() {
    check(&scene(2).tasks([task(1), task(2).on(9)]), "start on [] stop []");
    check(&scene(2).tasks([task(1), task(2).on(9)]).deploying(2), "start on [2 1] stop []");
}

#[test]
fn scaling_in_takes_the_least_useful_task_first() {
    let mut three = scene(2);
    three.hosts = vec![host(1).in_zone("a"), host(2).in_zone("b"), host(3).in_zone("b")];
    let mut draining = scene(2);
    draining.hosts[1].status = InstanceStatus::Draining;
    for (mut scene, tasks, expected) in [
        (scene(2), vec![task(1), task(2), task(3).pending()], "3"),
        (scene(2), vec![task(1), task(2).with_health(HealthStatus::Unknown), task(3)], "2"),
        (scene(2), vec![task(1), task(2), task(3).with_health(HealthStatus::Unhealthy)], "3"),
        (scene(2), vec![task(1), task(2).on(2), task(3).on(2)], "2"),
        (draining, vec![task(1), task(2).on(2), task(3)], "2"),
        (three, vec![task(1).on(1), task(2).on(1), task(3).on(2), task(4).on(3), task(5).on(3)], "4 1 3"),
    ] {
        scene.tasks = tasks;
        check(&scene, &format!("start on [] stop [{expected}]"));
    }
}

#[test]
fn scaling_in_reads_the_strategy_backwards() {
    let tasks = || [task(1), task(2).on(2), task(3).on(2)];
    for (strategy, expected) in [
        (PlacementStrategy::Spread { field: "instanceId".to_owned() }, "2"),
        (PlacementStrategy::Binpack { field: BinpackField::Memory }, "1"),
    ] {
        let mut scene = scene(2).tasks(tasks());
        scene.service.placement_strategy = vec![strategy];
        check(&scene, &format!("start on [] stop [{expected}]"));
    }
}

#[test]
fn scaling_in_to_zero_stops_everything_and_says_so() {
    let outcome = scene(0).tasks([task(1), task(2).on(2), task(3).pending()]).run();
    assert_eq!(line(&outcome), "start on [] stop [3 1 2]");
    assert_eq!(outcome.stops[0].reason, "Scaling activity initiated by (deployment ecs-svc/1)");
    assert_eq!(messages(&outcome), ["has stopped 2 running tasks: (task 1) (task 2)."]);
}

#[test]
fn what_cannot_be_placed_is_said_once_in_six_hours() {
    let mut scene = scene(2);
    scene.needs.requirements = requirements(3000, 100);
    scene.hosts = vec![host(1)];
    let first = scene.run();
    let text = "was unable to place a task because no container instance met all of its requirements. The closest \
                matching (container-instance 1) has insufficient CPU units available.";
    assert_eq!((line(&first).as_str(), messages(&first)), ("start on [1] stop []", vec![text.to_owned()]));

    scene.service = first.service;
    scene.now += 1000;
    assert_eq!(messages(&scene.run()), Vec::<String>::new());
    scene.now += 6 * 3_600_000;
    assert_eq!(messages(&scene.run()), [text]);

    scene.hosts.clear();
    let none = "was unable to place a task because no container instance met all of its requirements. Reason: No \
                Container Instances were found in your cluster.";
    assert_eq!(messages(&scene.run()), [none]);
}

#[test]
fn a_steady_service_says_so_once_and_then_every_six_hours() {
    let mut scene = scene(1).tasks([task(1)]);
    let first = scene.run();
    assert_eq!(messages(&first), ["has reached a steady state."]);
    assert_eq!(first.wake_at, Some(UnixMillis(600_000 + 6 * 3_600_000)));
    scene.service = first.service;
    scene.now += 60_000;
    let second = scene.run();
    assert_eq!((messages(&second), &second.service), (vec![], &scene.service));
    scene.now += 6 * 3_600_000;
    assert_eq!(messages(&scene.run()), ["has reached a steady state."]);
}

#[test]
fn a_deleted_service_stops_its_tasks_and_is_inactive_once_they_are_stopping() {
    let mut scene = scene(2).tasks([task(1), task(2).pending()]);
    scene.service.status = ServiceStatus::Draining;
    let outcome = scene.run();
    assert_eq!((line(&outcome).as_str(), outcome.service.status), ("start on [] stop [1 2]", ServiceStatus::Draining));
    for task in &mut scene.tasks {
        *task = task.clone().told_to_stop();
        task.last_status = TaskStatus::Stopping;
    }
    let outcome = scene.run();
    assert_eq!((line(&outcome).as_str(), outcome.service.status), ("start on [] stop []", ServiceStatus::Inactive));
    assert_eq!(deployments(&outcome.service), []);
    scene.service = outcome.service;
    assert_eq!(scene.run().service, scene.service);
}

#[test]
fn scaling_in_spares_protected_tasks_until_their_time_is_over() {
    let tasks = || [task(1).protected_until(700_000), task(2), task(3).protected_until(600_000)];
    check(&scene(1).tasks(tasks()), "start on [] stop [2 3]");
    let only_protected = scene(1).tasks([task(1).protected_until(700_000), task(2).protected_until(800_000)]).run();
    assert_eq!(line(&only_protected), "start on [] stop []");
    assert_eq!(only_protected.wake_at, Some(UnixMillis(700_000)));
    assert_eq!(
        messages(&only_protected),
        [
            "was unable to reach steady state because task set (ecs-svc/1) was unable to scale in. Reason: The number of \
          protected tasks are more than the desired count of tasks."
        ]
    );
}

#[test]
fn a_deployment_waits_for_protected_tasks_of_the_old_definition() {
    let new = || [task(3).of(2).on(2), task(4).of(2).on(2)];
    let scene = scene(2).tasks([task(1).protected_until(700_000), task(2)]).tasks(new()).deploying(2);
    let outcome = scene.run();
    assert_eq!(line(&outcome), "start on [] stop [2]");
    assert_eq!(outcome.service.primary().unwrap().rollout_state, gantry_model::service::RolloutState::InProgress);
}

#[test]
fn a_protected_task_that_turns_unhealthy_is_replaced_all_the_same() {
    let tasks = [task(1).with_health(HealthStatus::Unhealthy).protected_until(700_000), task(2).on(2)];
    check(&scene(2).tasks(tasks), "start on [1] stop []");
    let replaced = [
        task(1).with_health(HealthStatus::Unhealthy).protected_until(700_000),
        task(2).on(2).with_health(HealthStatus::Healthy),
        task(3).on(2).with_health(HealthStatus::Healthy),
    ];
    check(&scene(2).tasks(replaced), "start on [] stop [1]");
}

#[test]
fn tasks_are_shared_out_over_the_providers_of_the_strategy_each_on_its_own_hosts() {
    use gantry_model::cluster::CapacityProviderStrategyItem;
    use gantry_model::container_instance::CAPACITY_PROVIDER;
    let item =
        |name: &str, base, weight| CapacityProviderStrategyItem { capacity_provider: name.to_owned(), weight, base };
    let mut scene = scene(4);
    scene.hosts =
        vec![host(1).with_attribute(CAPACITY_PROVIDER, "a"), host(2).with_attribute(CAPACITY_PROVIDER, "b"), host(3)];
    scene.service.capacity_provider_strategy = vec![item("a", 1, 0), item("b", 0, 1)];
    let outcome = scene.run();
    assert_eq!(line(&outcome), "start on [1 2 2 2] stop []");
    assert_eq!(outcome.starts[0].capacity_provider.as_deref(), Some("a"));
    assert_eq!(outcome.starts[1].capacity_provider.as_deref(), Some("b"));

    // What does not fit in one pool waits for it: the other pool gets no more than its share.
    scene.hosts[0] = host(1).with_attribute(CAPACITY_PROVIDER, "a").with_resources(0, 0);
    let outcome = scene.run();
    assert_eq!(line(&outcome), "start on [2 2 2] stop []");
    assert_eq!(messages(&outcome).len(), 1);
}

#[test]
fn what_finds_no_room_in_a_pool_that_grows_waits_for_it() {
    use gantry_model::cluster::CapacityProviderStrategyItem;
    use gantry_model::container_instance::CAPACITY_PROVIDER;
    let mut scene = scene(4);
    scene.hosts = vec![host(1).with_attribute(CAPACITY_PROVIDER, "a").with_resources(256, 256)];
    scene.service.capacity_provider_strategy =
        vec![CapacityProviderStrategyItem { capacity_provider: "a".to_owned(), weight: 1, base: 0 }];
    scene.growing_pools.insert("a".to_owned());
    let outcome = scene.run();
    assert_eq!(line(&outcome), "start on [1 nowhere nowhere nowhere] stop []");
    assert_eq!(messages(&outcome), [""; 0], "waiting is no fault");

    // Those that wait are the service's tasks: none is started in their place, and they are the first to go.
    let mut waiting = task(2).pending();
    (waiting.instance, waiting.capacity_provider) = (None, Some("a".to_owned()));
    let mut placed = task(1).pending();
    placed.capacity_provider = Some("a".to_owned());
    let mut scene = scene.tasks([placed, waiting]);
    scene.service.desired_count = 2;
    check(&scene, "start on [] stop []");
    scene.service.desired_count = 1;
    check(&scene, "start on [] stop [2]");
}

#[test]
fn a_provider_that_lost_tasks_gets_the_next_ones() {
    use gantry_model::cluster::CapacityProviderStrategyItem;
    use gantry_model::container_instance::CAPACITY_PROVIDER;
    let item = |name: &str| CapacityProviderStrategyItem { capacity_provider: name.to_owned(), weight: 1, base: 0 };
    let mut scene = scene(4).tasks([task(1), task(2)]);
    for task in &mut scene.tasks {
        task.capacity_provider = Some("a".to_owned());
    }
    scene.hosts = vec![host(1).with_attribute(CAPACITY_PROVIDER, "a"), host(2).with_attribute(CAPACITY_PROVIDER, "b")];
    scene.service.capacity_provider_strategy = vec![item("a"), item("b")];
    check(&scene, "start on [2 2] stop []");
}
