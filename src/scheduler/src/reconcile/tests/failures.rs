//! The start throttle and what the circuit breaker counts.

use gantry_model::UnixMillis;
use gantry_model::service::{BreakerThreshold, CircuitBreaker, RolloutState, Service, StartThrottle};
use gantry_model::task::{HealthStatus, StopCode, Task, TaskStatus};

use super::{line, messages, scene};
use crate::fixtures::{TaskBuilder, breaker, task};
use crate::reconcile::{note_health, note_running, note_stopped};

fn ended(mut task: Task, code: StopCode) -> Task {
    task.last_status = TaskStatus::Stopped;
    task.stop_code = Some(code);
    task
}

fn in_progress(desired_count: u32) -> Service {
    let mut service = scene(desired_count).service;
    service.deployments[0].rollout_state = RolloutState::InProgress;
    service
}

#[test]
fn what_counts_as_a_failure_to_start() {
    let failed = StopCode::TaskFailedToStart;
    let exited = StopCode::EssentialContainerExited;
    let now = 100_000;
    for (task, was_running, counts) in [
        (ended(task(1).pending(), failed), false, true),
        (ended(task(1).pending(), exited), false, true),
        (ended(task(1).pending(), StopCode::ServiceSchedulerInitiated), false, false),
        (ended(task(1).pending(), StopCode::UserInitiated), false, false),
        (ended(task(1).running_since(now - 9_999), exited), true, true),
        (ended(task(1).running_since(now - 10_000), exited), true, false),
        (ended(task(1).running_since(now - 500), StopCode::UserInitiated), true, false),
        (ended(task(1).running_since(0).with_health(HealthStatus::Unknown), exited), true, true),
        (ended(task(1).running_since(now - 1).with_health(HealthStatus::Healthy), exited), true, false),
        (ended(task(1).running_since(0).with_health(HealthStatus::Unhealthy), exited), true, false),
        (ended(task(1).of(7).pending(), failed), false, false),
    ] {
        let mut service = in_progress(1);
        note_stopped(&mut service, &task, was_running, UnixMillis(now));
        let expected = u32::from(counts);
        assert_eq!(service.deployments[0].failed_tasks, expected, "{task:?}");
        assert_eq!(service.start_throttle.consecutive_failures, expected, "{task:?}");
    }
}

#[test]
fn the_delay_doubles_from_the_third_failure_up_to_fifteen_minutes() {
    let mut service = scene(1).service;
    let mut delays = Vec::new();
    for _ in 0..16 {
        note_stopped(&mut service, &ended(task(1).pending(), StopCode::TaskFailedToStart), false, UnixMillis(0));
        delays.push(service.start_throttle.not_before.unwrap().0 / 1000);
    }
    assert_eq!(delays, [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]);
}

#[test]
fn a_throttled_service_waits_and_says_so() {
    let mut scene = scene(1);
    scene.service.start_throttle =
        StartThrottle { consecutive_failures: 4, not_before: Some(UnixMillis(scene.now + 2000)) };
    let outcome = scene.run();
    assert_eq!((line(&outcome).as_str(), outcome.wake_at), ("start on [] stop []", Some(UnixMillis(602_000))));
    assert_eq!(messages(&outcome), ["is unable to consistently start tasks successfully."]);
    scene.service = outcome.service;
    scene.now = 602_000;
    let outcome = scene.run();
    assert_eq!((line(&outcome).as_str(), messages(&outcome)), ("start on [1] stop []", vec![]));
}

#[test]
fn a_task_that_proves_itself_after_the_last_failure_ends_the_throttle() {
    let throttled = StartThrottle { consecutive_failures: 3, not_before: Some(UnixMillis(590_000)) };
    for (started_at, ends, wakes) in [(589_001, true, false), (589_000, false, false), (595_000, false, true)] {
        let mut scene = scene(2).tasks([task(1).running_since(started_at), task(2).on(2).running_since(0)]);
        scene.service.start_throttle = throttled;
        let outcome = scene.run();
        assert_eq!(outcome.service.start_throttle == StartThrottle::default(), ends, "{started_at}");
        assert_eq!(outcome.wake_at == Some(UnixMillis(605_000)), wakes, "{started_at}");
    }
}

#[test]
fn a_deployment_remembers_that_it_reached_running() {
    let mut service = in_progress(1);
    note_running(&mut service, &task(1), UnixMillis(5));
    assert!(service.deployments[0].reached_running);
    assert_eq!(service.deployments[0].updated_at, UnixMillis(5));
}

#[test]
fn health_reports_count_and_reset() {
    let sick = task(1).with_health(HealthStatus::Unhealthy);
    let well = task(2).with_health(HealthStatus::Healthy);
    let mut service = in_progress(1);
    note_health(&mut service, &sick, UnixMillis(1));
    assert_eq!(service.deployments[0].failed_tasks, 1);
    note_health(&mut service, &well, UnixMillis(2));
    assert_eq!(service.deployments[0].failed_tasks, 0);

    let keeps = CircuitBreaker { reset_on_healthy_task: false, ..breaker() };
    service.deployment_configuration.circuit_breaker = Some(keeps);
    note_health(&mut service, &sick, UnixMillis(3));
    note_health(&mut service, &well, UnixMillis(4));
    assert_eq!(service.deployments[0].failed_tasks, 1);
}

#[test]
fn with_a_grace_period_an_unhealthy_task_is_counted_when_it_is_given_up() {
    let sick = task(1).with_health(HealthStatus::Unhealthy);
    let mut scene = scene(1).tasks([sick.clone(), task(2).on(2)]);
    scene.service = in_progress(1);
    scene.service.health_check_grace_period_s = Some(10);
    note_health(&mut scene.service, &sick, UnixMillis(1));
    assert_eq!(scene.service.deployments[0].failed_tasks, 0);
    let outcome = scene.run();
    assert_eq!(line(&outcome), "start on [] stop [1]");
    assert_eq!(outcome.service.deployments[0].failed_tasks, 1);
}

#[test]
fn the_breaker_opens_at_its_threshold() {
    for (desired_count, threshold, opens_at) in [
        (1, BreakerThreshold::BoundedPercent(50), 3),
        (25, BreakerThreshold::BoundedPercent(50), 13),
        (400, BreakerThreshold::BoundedPercent(50), 200),
        (800, BreakerThreshold::BoundedPercent(50), 200),
        (1, BreakerThreshold::UnboundedPercent(50), 1),
        (10, BreakerThreshold::UnboundedPercent(25), 3),
        (10, BreakerThreshold::Count(2), 2),
    ] {
        for (failed_tasks, state) in [(opens_at - 1, RolloutState::InProgress), (opens_at, RolloutState::Failed)] {
            let mut scene = scene(desired_count);
            scene.service = in_progress(desired_count);
            scene.service.deployments[0].failed_tasks = failed_tasks;
            scene.service.deployment_configuration.circuit_breaker = Some(CircuitBreaker { threshold, ..breaker() });
            assert_eq!(scene.run().service.deployments[0].rollout_state, state, "{desired_count} {threshold:?}");
        }
    }
}
