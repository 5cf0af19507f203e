//! Deployments: completion, superseding, rollback.

use gantry_model::UnixMillis;
use gantry_model::service::DeploymentStatus::{Active, Primary};
use gantry_model::service::EarlySuccess;
use gantry_model::service::RolloutState::{Completed, Failed, InProgress};
use gantry_model::task::TaskStatus;

use super::super::{start_deployment, stop_and_roll_back, stop_deployment};
use super::{Scene, deployments, line, messages, scene};
use crate::fixtures::{TaskBuilder, breaker, definition, deployment_id, host, task};

fn stopping(number: u32) -> gantry_model::task::Task {
    let mut task = task(number).told_to_stop();
    task.last_status = TaskStatus::Stopping;
    task
}

#[test]
fn an_initial_deployment_completes_when_its_tasks_have_settled() {
    let mut scene = scene(1).tasks([task(1).running_since(600_000)]);
    scene.service.deployments[0].rollout_state = InProgress;
    assert_eq!(deployments(&scene.run().service), [("1".to_owned(), Primary, InProgress)]);
    scene.now += 1000;
    let outcome = scene.run();
    assert_eq!(deployments(&outcome.service), [("1".to_owned(), Primary, Completed)]);
    assert_eq!(outcome.service.deployments[0].rollout_state_reason, "ECS deployment ecs-svc/1 completed.");
    assert_eq!(messages(&outcome), ["(deployment ecs-svc/1) deployment completed.", "has reached a steady state."]);
}

#[test]
fn a_deployment_completes_when_the_old_tasks_are_stopping() {
    let new = task(2).of(2);
    let scene = scene(1).tasks([task(1), new]).deploying(2);
    let outcome = scene.run();
    assert_eq!(line(&outcome), "start on [] stop [1]");
    assert_eq!(
        deployments(&outcome.service),
        [("2".to_owned(), Primary, InProgress), ("1".to_owned(), Active, Completed)]
    );
    let after = Scene { service: outcome.service, tasks: vec![stopping(1), scene.tasks[1].clone()], ..scene }.run();
    assert_eq!(deployments(&after.service), [("2".to_owned(), Primary, Completed)]);
}

#[test]
fn the_last_completed_deployment_stays_without_tasks_until_the_next_completes() {
    let scene = scene(2).tasks([stopping(1)]).deploying(2).deploying(3);
    let outcome = scene.run();
    assert_eq!(
        deployments(&outcome.service),
        [("3".to_owned(), Primary, InProgress), ("1".to_owned(), Active, Completed)]
    );
}

#[test]
fn a_deployment_of_no_tasks_completes_at_once() {
    let outcome = scene(0).deploying(2).run();
    assert_eq!(deployments(&outcome.service), [("2".to_owned(), Primary, Completed)]);
}

#[test]
fn scaling_out_leaves_the_deployment_completed() {
    let outcome = scene(3).tasks([task(1)]).run();
    assert_eq!(deployments(&outcome.service), [("1".to_owned(), Primary, Completed)]);
    assert_eq!(outcome.service.steady_since, None);
}

#[test]
fn a_newer_deployment_gives_up_the_unfinished_one_first() {
    let tasks = [task(1), task(2).of(2), task(3).of(2).pending(), task(4).of(3)];
    let scene = scene(2).tasks(tasks).deploying(2).deploying(3);
    assert_eq!(line(&scene.run()), "start on [2] stop [3 1]");
}

#[test]
fn a_deployment_that_was_replaced_as_soon_as_it_was_up_can_be_rolled_back_to() {
    let mut scene = scene(2).tasks([task(1), task(2).on(2)]);
    scene.service.deployments[0].rollout_state = InProgress;
    let scene = scene.deploying(2);
    let outcome = scene.run();
    assert_eq!(
        deployments(&outcome.service),
        [("2".to_owned(), Primary, InProgress), ("1".to_owned(), Active, Completed)]
    );
}

fn failing(rollback: bool) -> Scene {
    let mut scene = scene(2).tasks([task(1), task(2).on(2), task(3).of(2).pending()]).deploying(2);
    scene.service.deployment_configuration.circuit_breaker = Some(breaker());
    if let Some(breaker) = &mut scene.service.deployment_configuration.circuit_breaker {
        breaker.rollback = rollback;
    }
    scene.service.deployments[0].failed_tasks = 3;
    scene
}

#[test]
fn an_open_breaker_rolls_back_to_the_last_completed_deployment_and_keeps_its_tasks() {
    let outcome = failing(true).run();
    assert_eq!(line(&outcome), "start on [] stop [3]");
    assert_eq!(
        messages(&outcome),
        ["(deployment ecs-svc/2) deployment failed: tasks failed to start.", "rolling back to deployment ecs-svc/1.",]
    );
    let service = &outcome.service;
    assert_eq!(deployments(service), [("1".to_owned(), Primary, InProgress), ("2".to_owned(), Active, Failed)]);
    assert_eq!(service.task_definition, Some(definition(1)));
    assert_eq!(service.deployments[0].rolled_back_from, Some(deployment_id(2)));
    assert_eq!(
        service.deployments[1].rollout_state_reason,
        "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1."
    );
    let mut tasks = vec![task(1), task(2).on(2)];
    tasks.push(stopping(3).of(2));
    let after = Scene { service: outcome.service, tasks, ..failing(true) }.run();
    assert_eq!(deployments(&after.service), [("1".to_owned(), Primary, Completed)]);
}

#[test]
fn without_rollback_a_failed_deployment_stands_still() {
    let outcome = failing(false).run();
    assert_eq!(line(&outcome), "start on [] stop [3]");
    assert_eq!(messages(&outcome), ["(deployment ecs-svc/2) deployment failed: tasks failed to start."]);
    assert_eq!(deployments(&outcome.service), [("2".to_owned(), Primary, Failed), ("1".to_owned(), Active, Completed)]);
    let still = Scene { service: outcome.service, tasks: vec![task(1)], ..failing(false) }.run();
    assert_eq!((line(&still).as_str(), still.messages), ("start on [] stop []", vec![]));
}

#[test]
fn without_a_completed_deployment_there_is_nothing_to_roll_back_to() {
    let mut scene = scene(1);
    scene.hosts = vec![host(1)];
    scene.service.deployments[0].rollout_state = InProgress;
    scene.service.deployments[0].failed_tasks = 3;
    scene.service.deployment_configuration.circuit_breaker = Some(breaker());
    let outcome = scene.run();
    assert_eq!(deployments(&outcome.service), [("1".to_owned(), Primary, Failed)]);
    assert_eq!(
        outcome.service.deployments[0].rollout_state_reason,
        "ECS deployment circuit breaker: tasks failed to start."
    );
}

#[test]
fn a_rollback_restores_what_the_revision_fixed_beside_its_definition() {
    let mut scene = scene(1).tasks([task(1)]);
    let network = |subnet: &str| serde_json::json!({ "awsvpcConfiguration": { "subnets": [subnet] } });
    scene.service.extra.insert("networkConfiguration".to_owned(), network("a"));
    scene.service.deployments[0].workload = Some(scene.service.workload());
    scene.service.extra.insert("networkConfiguration".to_owned(), network("b"));
    let scene = scene.deploying(2);
    let (service, target) = stop_and_roll_back(&scene.service, UnixMillis(600_000)).unwrap();
    assert_eq!(target, deployment_id(1));
    assert_eq!(service.extra["networkConfiguration"], network("a"));
    assert_eq!(service.task_definition, Some(definition(1)));
    assert_eq!(service.primary().unwrap().rolled_back_from, Some(deployment_id(2)));
}

#[test]
fn only_a_deployment_under_way_with_one_before_it_can_be_rolled_back() {
    let settled = scene(1).service;
    assert!(stop_and_roll_back(&settled, UnixMillis(0)).is_none());
    assert!(stop_deployment(&settled, UnixMillis(0)).is_none());
    let first = start_deployment(&crate::fixtures::service(1), deployment_id(1), definition(1), UnixMillis(0));
    assert!(stop_and_roll_back(&first, UnixMillis(0)).is_none());
    let aborted = stop_deployment(&first, UnixMillis(0)).unwrap();
    assert_eq!(aborted.primary().unwrap().rollout_state, Failed);
}

#[test]
fn a_deployment_may_succeed_before_it_is_whole() {
    // Four old tasks and three new ones of which two are healthy; the minimum keeps two.
    let deploying = |healthy_percent, cleanup_is_deferred| {
        let mut scene = scene(4).percents(50, 200).deploying(2);
        scene.service.deployment_configuration.early_success =
            Some(EarlySuccess { healthy_percent, cleanup_is_deferred });
        let new = [task(5).of(2), task(6).of(2), task(7).of(2).pending()];
        scene.tasks([task(1), task(2)].into_iter().chain(new))
    };
    let completed = |scene: &Scene| {
        let outcome = scene.run();
        outcome.service.primary().unwrap().rollout_state == Completed
    };
    assert!(completed(&deploying(50, true)));
    assert!(!completed(&deploying(51, true)), "two of four are not 51 percent");
    assert!(!completed(&deploying(50, false)), "old tasks still run");
    // What is left to do is done all the same.
    let outcome = deploying(50, true).run();
    assert_eq!(outcome.starts.len(), 1);
    assert_eq!(outcome.service.deployments.len(), 2);
    let mut after = deploying(50, false);
    after.tasks.retain(|task| task.deployment.as_ref() == Some(&crate::fixtures::deployment_id(2)));
    assert!(completed(&after));
}
