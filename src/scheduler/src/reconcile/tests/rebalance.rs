//! Moving tasks of a steady service to where it has few.

use gantry_model::service::{HOST_REBALANCING, Rebalancing, ZONE_REBALANCING};
use gantry_model::{Tag, UnixMillis};
use serde_json::json;

use super::{Scene, line, messages, scene};
use crate::fixtures::{HostBuilder, TaskBuilder, host, task};

/// A service that asks for balance over zones, with `a` tasks on host 1 in zone a and `b` on host 2 in zone b.
fn zones(a: u32, b: u32) -> Scene {
    let mut scene = scene(a + b);
    scene.hosts = vec![host(1).in_zone("a"), host(2).in_zone("b")];
    scene.service.extra.insert(ZONE_REBALANCING.to_owned(), json!("ENABLED"));
    scene.service.steady_since = Some(UnixMillis(scene.now));
    let in_a = (1..=a).map(task);
    scene.tasks(in_a.chain((a + 1..=a + b).map(|number| task(number).on(2))))
}

fn rebalancing(scene: &Scene) -> Option<Rebalancing> {
    scene.run().service.rebalancing
}

/// Carries out what the scene decides: what starts is healthy at once.
fn go_on(mut scene: Scene) -> Scene {
    let outcome = scene.run();
    scene.tasks.retain(|task| !outcome.stops.iter().any(|stop| stop.task == task.id));
    let next = 100 + u32::try_from(scene.tasks.len()).unwrap();
    for (number, start) in (next..).zip(&outcome.starts) {
        let mut task = task(number);
        task.instance.clone_from(&start.instance);
        scene.tasks.push(task);
    }
    scene.service = outcome.service;
    scene
}

#[test]
fn tasks_start_where_there_are_few_and_then_stop_where_there_are_many() {
    let scene = zones(4, 0);
    assert_eq!(line(&scene.run()), "start on [2 2] stop []");
    let said = "is not AZ balanced with 4 tasks in a, 0 tasks in b. AZ Rebalancing in progress.";
    assert_eq!(messages(&scene.run()), [said]);
    let scene = go_on(scene);
    assert_eq!(line(&scene.run()), "start on [] stop [1 2]");
    let scene = go_on(scene);
    assert_eq!(line(&scene.run()), "start on [] stop []");
    assert_eq!(messages(&scene.run())[0], "is AZ balanced.");
    assert_eq!(rebalancing(&scene), None);
}

#[test]
fn what_is_even_enough_or_was_not_asked_for_or_cannot_be_helped_is_left() {
    for (name, scene) in [
        ("a difference of one", zones(2, 1)),
        ("not asked for", {
            let mut scene = zones(4, 0);
            scene.service.extra.clear();
            scene
        }),
        ("no room beyond the desired count", zones(4, 0).percents(50, 100)),
        ("no room in the other zone", {
            let mut scene = zones(4, 0);
            scene.hosts[1] = host(2).in_zone("b").with_resources(0, 0);
            scene
        }),
        ("hosts without a zone", {
            let mut scene = zones(4, 0);
            scene.hosts = vec![host(1), host(2)];
            scene
        }),
        ("a host that is cut off", {
            let mut scene = zones(4, 0);
            scene.hosts[0].agent_connected = false;
            scene
        }),
        ("the other zone is not allowed", zones(4, 0).constrained("attribute:ecs.availability-zone == a")),
        ("a deployment is under way", {
            let mut scene = zones(2, 0).deploying(2);
            scene.tasks = vec![task(1), task(2), task(3).of(2).pending(), task(4).of(2).pending()];
            scene
        }),
    ] {
        assert_eq!(line(&scene.run()), "start on [] stop []", "{name}");
    }
}

#[test]
fn no_more_move_at_once_than_the_maximum_allows() {
    let scene = zones(8, 0).percents(100, 125);
    assert_eq!(line(&scene.run()), "start on [2 2] stop []");
    let scene = go_on(go_on(scene));
    assert_eq!(line(&scene.run()), "start on [2 2] stop []", "it goes on, for it helped");
}

#[test]
fn what_takes_another_place_may_start_before_anything_stops() {
    let mut scene = zones(4, 0);
    scene.service.rebalancing = Some(Rebalancing { extra: 2, imbalance: 4, not_before: UnixMillis(0) });
    let scene = scene.tasks([task(5).on(2).pending(), task(6).on(2)]);
    assert_eq!(line(&scene.run()), "start on [] stop []");
}

#[test]
fn moving_gives_way_to_draining() {
    let mut scene = zones(4, 0);
    scene.service.rebalancing = Some(Rebalancing { extra: 2, imbalance: 4, not_before: UnixMillis(0) });
    scene.hosts[0].status = gantry_model::container_instance::InstanceStatus::Draining;
    let scene = scene.tasks([task(5).on(2), task(6).on(2)]);
    assert_eq!(line(&scene.run()), "start on [2 2] stop [1 2]");
    assert_eq!(rebalancing(&scene).unwrap().extra, 0);
}

#[test]
fn what_did_not_help_is_tried_again_after_ten_minutes() {
    let mut scene = zones(4, 0);
    let not_before = UnixMillis(scene.now + 1000);
    scene.service.rebalancing = Some(Rebalancing { extra: 0, imbalance: 4, not_before });
    let outcome = scene.run();
    assert_eq!((line(&outcome), outcome.wake_at), ("start on [] stop []".to_owned(), Some(not_before)));
    scene.now += 1000;
    assert_eq!(line(&scene.run()), "start on [2 2] stop []");
}

#[test]
fn tasks_move_between_the_hosts_of_a_zone_where_a_tag_asks_for_it() {
    let mut scene = zones(4, 0);
    scene.hosts[1] = host(2).in_zone("a");
    assert_eq!(line(&scene.run()), "start on [] stop []");
    scene.service.tags = vec![Tag { key: HOST_REBALANCING.to_owned(), value: "enabled".to_owned() }];
    assert_eq!(line(&scene.run()), "start on [2 2] stop []");
    let said = "is not instance balanced with 4 tasks in i-1, 0 tasks in i-2. instance Rebalancing in progress.";
    assert_eq!(messages(&scene.run()), [said]);
    assert_eq!(line(&go_on(scene).run()), "start on [] stop [1 2]");
}
