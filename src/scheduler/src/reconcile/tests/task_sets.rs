//! Task sets of an external controller: each keeps its own share.

use gantry_model::UnixMillis;
use gantry_model::service::{DeploymentController, TaskSet, TaskSetStatus};

use super::super::{Outcome, ServiceInput, note_stopped, reconcile_task_set};
use super::{Scene, line, scene};
use crate::fixtures::{TaskBuilder, cluster, definition, deployment_id, task};
use crate::place::DefaultStrategy;
use crate::state::ClusterState;

fn set(number: u32, scale: u32) -> TaskSet {
    let workload = crate::fixtures::service(0).workload();
    TaskSet { scale, ..TaskSet::new(deployment_id(number), definition(number), workload, UnixMillis(0)) }
}

fn with_sets(desired_count: u32, sets: Vec<TaskSet>) -> Scene {
    let mut scene = scene(desired_count);
    scene.service.deployment_controller = DeploymentController::External;
    scene.service.deployments.clear();
    scene.service.task_sets = sets;
    scene
}

fn run(scene: &Scene, index: usize) -> Outcome {
    let definitions = (1..5).map(|revision| (definition(revision), scene.needs.clone())).collect();
    let input = ServiceInput {
        service: &scene.service,
        tasks: &scene.tasks,
        definitions: &definitions,
        default_strategy: DefaultStrategy::Service,
        growing_pools: &scene.growing_pools,
        now: UnixMillis(scene.now),
        seed: 1,
    };
    reconcile_task_set(&input, index, &mut ClusterState::new(&cluster(), &scene.hosts, &scene.tasks))
}

#[test]
fn each_set_starts_its_share_of_its_own_definition() {
    let scene = with_sets(4, vec![set(1, 10_000), set(2, 2_500)]).tasks([task(1), task(2).on(2)]);
    let first = run(&scene, 0);
    assert_eq!(first.starts.len(), 2);
    assert!(first.starts.iter().all(|s| s.deployment == deployment_id(1) && s.task_definition == definition(1)));
    let second = run(&scene, 1);
    assert_eq!(second.starts.len(), 1);
    assert_eq!(second.starts[0].task_definition, definition(2));
}

#[test]
fn a_smaller_share_stops_tasks_of_that_set_alone() {
    let scene = with_sets(2, vec![set(1, 5_000), set(2, 10_000)]).tasks([task(1), task(2), task(3).of(2).on(2)]);
    assert_eq!(line(&run(&scene, 0)), "start on [] stop [1]");
}

#[test]
fn a_set_that_was_deleted_stops_its_tasks_and_goes_when_none_is_left() {
    let mut scene = with_sets(2, vec![set(1, 10_000)]).tasks([task(1), task(2)]);
    scene.service.task_sets[0].status = TaskSetStatus::Draining;
    let outcome = run(&scene, 0);
    assert_eq!(line(&outcome), "start on [] stop [1 2]");
    assert_eq!(outcome.service.task_sets.len(), 1);
    scene.tasks.clear();
    assert!(run(&scene, 0).service.task_sets.is_empty());
}

#[test]
fn a_set_is_stable_once_it_has_its_healthy_tasks_and_the_service_says_nothing_of_it() {
    let scene = with_sets(2, vec![set(1, 10_000)]).tasks([task(1), task(2).on(2)]);
    let outcome = run(&scene, 0);
    assert_eq!(outcome.service.task_sets[0].steady_since, Some(UnixMillis(600_000)));
    assert_eq!(outcome.service.task_sets[0].stability_at, UnixMillis(600_000));
    assert!(outcome.messages.is_empty());
}

#[test]
fn tasks_that_fail_to_start_delay_their_own_set() {
    let mut scene = with_sets(2, vec![set(1, 10_000), set(2, 10_000)]);
    let mut failed = task(1).pending();
    failed.stop_code = Some(gantry_model::task::StopCode::TaskFailedToStart);
    for _ in 0..3 {
        note_stopped(&mut scene.service, &failed, false, UnixMillis(600_000));
    }
    assert!(run(&scene, 0).starts.is_empty());
    assert_eq!(run(&scene, 0).wake_at, Some(UnixMillis(601_000)));
    assert_eq!(run(&scene, 1).starts.len(), 2);
}
