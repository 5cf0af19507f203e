//! Deployments in stages: what runs at each, what is waited for, and the way back.

use gantry_model::UnixMillis;
use gantry_model::rollout::{HookAction, HookStatus, HookTarget, LifecycleHook, LifecycleStage, Rollout, Strategy};
use gantry_model::service::DeploymentStatus::{Active, Primary};
use gantry_model::service::FailedBy;
use gantry_model::service::RolloutState::{Completed, Failed, InProgress};
use gantry_model::task::Task;

use super::{Outcome, Scene, deployments, line, messages, scene};
use crate::fixtures::{TaskBuilder, breaker, task};

const MINUTE: i64 = 60_000;

/// Two healthy tasks of deployment 1, and deployment 2 under way, in stages.
fn staged(strategy: Strategy, hooks: Vec<LifecycleHook>) -> Scene {
    let mut scene = scene(2).tasks([task(1), task(2).on(2)]);
    let configuration = &mut scene.service.deployment_configuration;
    configuration.strategy = strategy;
    configuration.bake_minutes = 5;
    configuration.lifecycle_hooks = hooks;
    scene.deploying(2)
}

fn pause(stage: LifecycleStage, on_timeout: HookAction) -> LifecycleHook {
    LifecycleHook {
        target: HookTarget::Pause,
        stages: vec![stage],
        details: None,
        role_arn: None,
        timeout_minutes: 10,
        on_timeout,
    }
}

/// Green as it should be.
fn green() -> [Task; 2] {
    [task(3).of(2), task(4).of(2).on(2)]
}

fn rollout(outcome: &Outcome) -> &Rollout {
    outcome.service.primary().and_then(|primary| primary.rollout.as_ref()).unwrap()
}

impl Scene {
    /// A pass later, what was decided of the service being so.
    fn after(mut self, outcome: &Outcome, millis: i64) -> Self {
        self.service = outcome.service.clone();
        self.now += millis;
        self
    }
}

#[test]
fn green_is_brought_up_whole_beside_blue() {
    let scene = staged(Strategy::BlueGreen, Vec::new());
    let outcome = scene.run();
    assert_eq!(rollout(&outcome).stage, LifecycleStage::ScaleUp);
    assert_eq!(line(&outcome), "start on [1 2] stop []");
    assert!(outcome.starts.iter().all(|start| start.deployment.as_str() == "ecs-svc/2"));
}

#[test]
fn traffic_goes_over_when_green_is_up_and_blue_goes_after_the_bake_time() {
    let scene = staged(Strategy::BlueGreen, Vec::new()).tasks(green());
    let outcome = scene.run();
    let reached = rollout(&outcome);
    assert_eq!((reached.stage, reached.production_permille), (LifecycleStage::BakeTime, 1000));
    assert_eq!(line(&outcome), "start on [] stop []");
    assert_eq!(outcome.wake_at, Some(UnixMillis(600_000 + 5 * MINUTE)));

    let scene = scene.after(&outcome, 5 * MINUTE);
    let outcome = scene.run();
    assert_eq!(rollout(&outcome).stage, LifecycleStage::CleanUp);
    assert_eq!(line(&outcome), "start on [] stop [1 2]");

    let mut scene = scene.after(&outcome, 0);
    scene.tasks.retain(|task| task.deployment.as_ref().is_some_and(|d| d.as_str() == "ecs-svc/2"));
    let outcome = scene.run();
    assert_eq!(deployments(&outcome.service)[0], ("2".to_owned(), Primary, Completed));
    assert_eq!(messages(&outcome)[0], "(deployment ecs-svc/2) deployment completed.");
}

#[test]
fn traffic_goes_over_in_steps_that_bake() {
    let scene = staged(Strategy::Canary { permille: 50, bake_minutes: 3 }, Vec::new()).tasks(green());
    let outcome = scene.run();
    let reached = rollout(&outcome);
    assert_eq!((reached.stage, reached.production_permille), (LifecycleStage::PostProductionTrafficShift, 50));
    assert_eq!(outcome.wake_at, Some(UnixMillis(600_000 + 3 * MINUTE)));
    let outcome = scene.after(&outcome, 3 * MINUTE).run();
    assert_eq!((rollout(&outcome).stage, rollout(&outcome).production_permille), (LifecycleStage::BakeTime, 1000));
}

#[test]
fn a_pause_holds_the_deployment_and_blue_is_kept_up_meanwhile() {
    let hooks = vec![pause(LifecycleStage::PostScaleUp, HookAction::Rollback)];
    let mut scene = staged(Strategy::BlueGreen, hooks).tasks(green());
    scene.tasks.remove(0);
    let outcome = scene.run();
    let reached = rollout(&outcome);
    assert_eq!((reached.stage, reached.hooks[0].status), (LifecycleStage::PostScaleUp, HookStatus::AwaitingAction));
    let started: Vec<&str> = outcome.starts.iter().map(|start| start.deployment.as_str()).collect();
    assert_eq!(started, ["ecs-svc/1"], "what blue lacks is started of blue");
}

#[test]
fn a_hook_that_is_done_lets_the_deployment_go_on() {
    let hooks = vec![pause(LifecycleStage::PostScaleUp, HookAction::Rollback)];
    let scene = staged(Strategy::BlueGreen, hooks).tasks(green());
    let mut outcome = scene.run();
    let waiting = outcome.service.primary_mut().and_then(|p| p.rollout.as_mut()).unwrap();
    waiting.hooks[0].status = HookStatus::Succeeded;
    assert_eq!(rollout(&scene.after(&outcome, 0).run()).stage, LifecycleStage::BakeTime);
}

#[test]
fn a_hook_that_fails_goes_back_to_blue_at_once() {
    let hooks = vec![pause(LifecycleStage::PostScaleUp, HookAction::Rollback)];
    let scene = staged(Strategy::BlueGreen, hooks).tasks(green());
    let mut outcome = scene.run();
    let waiting = outcome.service.primary_mut().and_then(|p| p.rollout.as_mut()).unwrap();
    waiting.hooks[0].status = HookStatus::Failed;
    let outcome = scene.after(&outcome, 0).run();
    assert_eq!(line(&outcome), "start on [] stop [3 4]");
    assert_eq!(
        deployments(&outcome.service),
        [("1".to_owned(), Primary, InProgress), ("2".to_owned(), Active, Failed)]
    );
    assert_eq!(outcome.service.deployments[1].failed_by, Some(FailedBy::LifecycleHook));
    assert!(messages(&outcome).contains(&"rolling back to deployment ecs-svc/1.".to_owned()));
}

#[test]
fn a_hook_that_nobody_answers_does_what_was_said_for_that() {
    for (on_timeout, expected) in [(HookAction::Continue, "2"), (HookAction::Rollback, "1")] {
        let hooks = vec![pause(LifecycleStage::PostScaleUp, on_timeout)];
        let scene = staged(Strategy::BlueGreen, hooks).tasks(green());
        let outcome = scene.run();
        assert_eq!(outcome.wake_at, Some(UnixMillis(600_000 + 10 * MINUTE)));
        let outcome = scene.after(&outcome, 10 * MINUTE).run();
        assert_eq!(deployments(&outcome.service)[0].0, expected);
    }
}

#[test]
fn a_breaker_goes_back_to_blue_whatever_it_says_of_rollbacks() {
    let mut scene = staged(Strategy::BlueGreen, Vec::new());
    let rollback = false;
    scene.service.deployment_configuration.circuit_breaker =
        Some(gantry_model::service::CircuitBreaker { rollback, ..breaker() });
    scene.service.deployments[0].failed_tasks = 3;
    let outcome = scene.run();
    assert_eq!(deployments(&outcome.service)[0], ("1".to_owned(), Primary, Completed));
    assert_eq!(line(&outcome), "start on [] stop []", "blue has been there all the time");
}

#[test]
fn a_first_deployment_has_nothing_to_bake_beside() {
    let mut scene = staged(Strategy::BlueGreen, Vec::new()).tasks(green());
    scene.service.deployments.truncate(1);
    scene.tasks.retain(|task| task.deployment.as_ref().is_some_and(|d| d.as_str() == "ecs-svc/2"));
    assert_eq!(deployments(&scene.run().service), [("2".to_owned(), Primary, Completed)]);
}

#[test]
fn another_number_of_tasks_is_wanted_of_both_revisions() {
    let mut scene = staged(Strategy::BlueGreen, Vec::new()).tasks(green());
    let outcome = scene.run();
    scene = scene.after(&outcome, 0);
    scene.service.desired_count = 3;
    let outcome = scene.run();
    let mut started: Vec<&str> = outcome.starts.iter().map(|start| start.deployment.as_str()).collect();
    started.sort_unstable();
    assert_eq!(started, ["ecs-svc/1", "ecs-svc/2"]);
    scene = scene.after(&outcome, 0);
    scene.service.desired_count = 1;
    assert_eq!(scene.run().stops.len(), 2);
}
