//! `dependsOn`, `links` and `startTimeout`.

use super::*;

#[test]
fn a_dependant_starts_when_the_condition_is_met_and_not_before() {
    type Change = fn(&mut Play);
    let cases: [(Condition, Option<Change>); 4] = [
        (Condition::Start, None),
        (Condition::Complete, Some(|play| _ = play.dies("init", 1))),
        (Condition::Success, Some(|play| _ = play.dies("init", 0))),
        (Condition::Healthy, Some(|play| _ = play.becomes("init", HealthStatus::Healthy))),
    ];
    for (condition, change) in cases {
        let init = ContainerSpec { has_health_check: true, ..helper("init") };
        let mut play = Play::of(vec![after(container("app"), "init", condition), init]);
        play.runs_on();
        if let Some(change) = change {
            assert_eq!(play.phase("app"), Phase::Created, "{condition:?}");
            assert_eq!(play.reported(), [""; 0], "{condition:?}");
            change(&mut play);
            play.runs_on();
        }
        assert_eq!(play.phase("app"), Phase::Running, "{condition:?}");
        assert!(play.reported().contains(&"task RUNNING".to_owned()), "{condition:?}");
    }
}

#[test]
fn a_start_dependency_that_has_already_exited_has_started_all_the_same() {
    let mut play = Play::of(vec![after(container("app"), "init", Condition::Start), helper("init")]);
    play.asked.retain(|a| *a != Action::Pull { container: 0 });
    play.runs_on().dies("init", 0);
    play.happens(Event::Pulled { container: 0, digest: None }).runs_on();
    assert_eq!(play.phase("app"), Phase::Running);
}

#[test]
fn a_dependency_that_can_never_be_met_ends_the_dependant_and_names_the_culprit() {
    type Change = fn(&mut Play);
    let cases: [(Condition, Change, &str); 3] = [
        (Condition::Success, |play| _ = play.dies("init", 1), "needs container init to succeed, but it exited with 1"),
        (
            Condition::Healthy,
            |play| _ = play.dies("init", 0),
            "needs container init to be healthy, but it stopped first",
        ),
        (
            Condition::Complete,
            |play| {
                play.happens(Event::Observed { container: 1, restarts: 0, found: Found::Missing });
                play.dies("init", 0);
            },
            "",
        ),
    ];
    for (condition, change, expected) in cases {
        let init = ContainerSpec { has_health_check: true, ..helper("init") };
        let mut play = Play::of(vec![after(container("app"), "init", condition), init]);
        play.runs_on();
        change(&mut play);
        if expected.is_empty() {
            play.runs_on();
            assert_eq!(play.phase("app"), Phase::Running, "one that vanished has run to its end");
            continue;
        }
        let report = play.last_task_report();
        assert_eq!(report.status, Status::Stopped, "{condition:?}");
        assert!(report.reason.as_ref().unwrap().contains(expected), "{:?}", report.reason);
        assert_eq!(report.containers[0].exit_code, Some(143));
    }
}

#[test]
fn an_image_that_is_missing_ends_those_that_wait_for_its_container() {
    for condition in [Condition::Start, Condition::Complete, Condition::Success, Condition::Healthy] {
        let mut play = Play::of(vec![after(container("app"), "gone", condition), helper("gone")]);
        play.asked.retain(|a| *a != Action::Pull { container: 1 });
        play.runs_on();
        assert_eq!(play.phase("app"), Phase::Created);
        play.happens(Event::PullFailed { container: 1, reason: "CannotPullContainerError: no".to_owned() });
        let report = play.last_task_report();
        assert_eq!(report.status, Status::Stopped);
        let reason = report.reason.as_ref().unwrap();
        assert!(reason.starts_with("TaskDependencyError: ") && reason.contains("gone"), "{reason}");
        assert!(reason.contains("CannotPullContainerError: no"), "{reason}");
    }
}

#[test]
fn dependants_give_up_when_the_start_timeout_of_the_dependency_has_passed() {
    for condition in [Condition::Complete, Condition::Success, Condition::Healthy] {
        let init = ContainerSpec { start_timeout_s: Some(30), has_health_check: true, ..helper("init") };
        let mut play = Play::of(vec![after(container("app"), "init", condition), init]);
        assert_eq!(play.task.wake_at(), None);
        play.runs_on();
        let deadline = play.now.plus_seconds(30);
        assert_eq!(play.task.wake_at(), Some(deadline), "{condition:?}");
        play.seconds_pass(29).happens(Event::Tick);
        assert_eq!(play.phase("app"), Phase::Created);
        play.seconds_pass(1).happens(Event::Tick);
        assert_eq!(play.stopping(), ["init"]);
        play.dies("init", 143);
        assert!(play.last_task_report().reason.as_ref().unwrap().contains("within 30 s"));
        assert_eq!(play.task.wake_at(), None);
    }
}

#[test]
fn a_start_dependency_knows_no_timeout() {
    let init = ContainerSpec { start_timeout_s: Some(30), ..helper("init") };
    let mut play = Play::of(vec![after(container("app"), "init", Condition::Start), init]);
    play.runs_on();
    assert_eq!(play.task.wake_at(), None);
    assert_eq!(play.phase("app"), Phase::Running);
}

#[test]
fn containers_stop_in_the_reverse_of_the_order_in_which_they_depend() {
    let mut play = Play::of(vec![
        container("db"),
        after(container("app"), "db", Condition::Start),
        after(container("proxy"), "app", Condition::Start),
    ]);
    play.runs_on().happens(Event::StopOrdered);
    for name in ["proxy", "app", "db"] {
        assert_eq!(play.stopping(), [name]);
        play.dies(name, 143);
    }
    assert_eq!(play.last_task_report().status, Status::Stopped);
}

#[test]
fn a_linked_container_exists_and_runs_first() {
    let app = ContainerSpec { links: vec!["db:database".to_owned()], ..container("app") };
    let mut play = Play::of(vec![app, container("db")]);
    let pulled = |container| Event::Pulled { container, digest: None };
    play.asked.clear();
    play.happens(pulled(0)).happens(pulled(1));
    assert_eq!(play.asked, [Action::Create { container: 1 }]);
    play.runs_on();
    assert_eq!(play.phase("app"), Phase::Running);
}

#[test]
fn a_dependency_that_the_task_does_not_have_is_a_failure_not_a_wait() {
    let mut play = Play::of(vec![after(container("app"), "nobody", Condition::Start)]);
    play.runs_on();
    assert!(play.last_task_report().reason.as_ref().unwrap().contains("nobody"));
}
