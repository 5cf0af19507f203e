//! Going on after the agent or the engine was away.

use super::*;

fn running(id: &str) -> Found {
    Found::Running { docker_id: id.to_owned(), network: Network::default() }
}

fn exited(code: i64) -> Found {
    Found::Exited { docker_id: "id0".to_owned(), exit_code: Some(code), out_of_memory: false }
}

fn created() -> Found {
    Found::Created { docker_id: "id0".to_owned() }
}

/// The task of one container, stopped in its tracks when `phase` was reached.
fn interrupted(phase: Phase) -> Play {
    let mut play = Play::of(vec![container("app")]);
    for _ in 0..3 {
        if play.phase("app") == phase {
            break;
        }
        let event = match play.asked.remove(0) {
            Action::Pull { container } => Event::Pulled { container, digest: None },
            Action::Create { container } => Event::Created { container, docker_id: "id0".to_owned() },
            Action::Start { container } => Event::Started { container, network: Network::default() },
            other => panic!("{other:?}"),
        };
        play.happens(event);
    }
    if phase == Phase::Stopping {
        play.happens(Event::StopOrdered);
    }
    assert_eq!(play.phase("app"), phase);
    play.asked.clear();
    play
}

#[test]
fn a_task_goes_on_from_what_the_engine_has() {
    let pull = vec![Action::Pull { container: 0 }];
    let create = vec![Action::Create { container: 0 }];
    let start = vec![Action::Start { container: 0 }];
    let stop = vec![Action::Stop { container: 0, timeout_s: DEFAULT_STOP_TIMEOUT_S }];
    let cases = [
        (Phase::Pulling, Found::Missing, pull, Phase::Pulling, vec![]),
        (Phase::Creating, Found::Missing, create.clone(), Phase::Creating, vec![]),
        (Phase::Creating, created(), start.clone(), Phase::Starting, vec![]),
        (Phase::Starting, created(), start, Phase::Starting, vec![]),
        (Phase::Starting, running("id0"), vec![], Phase::Running, vec!["task RUNNING"]),
        (Phase::Starting, exited(2), vec![], Phase::Stopped, vec!["task RUNNING", "task STOPPED"]),
        (Phase::Starting, Found::Missing, create, Phase::Creating, vec![]),
        (Phase::Running, running("id0"), vec![], Phase::Running, vec!["task RUNNING"]),
        (Phase::Running, exited(0), vec![], Phase::Stopped, vec!["task RUNNING", "task STOPPED"]),
        (Phase::Running, Found::Missing, vec![], Phase::Stopped, vec!["task RUNNING", "task STOPPED"]),
        (Phase::Stopping, running("id0"), stop, Phase::Stopping, vec!["task RUNNING"]),
        (Phase::Stopping, exited(137), vec![], Phase::Stopped, vec!["task RUNNING", "task STOPPED"]),
        (Phase::Stopping, Found::Missing, vec![], Phase::Stopped, vec!["task RUNNING", "task STOPPED"]),
    ];
    for (before, found, actions, phase, reports) in cases {
        let mut play = interrupted(before);
        let asked = play.task.resume(|_, _| found.clone(), play.now);
        assert_eq!((asked, play.phase("app")), (actions, phase), "{before:?} {found:?}");
        assert_eq!(play.reported(), reports, "{before:?} {found:?}");
    }
}

#[test]
fn a_container_that_was_removed_behind_the_agents_back_is_said_to_have_vanished() {
    let mut play = interrupted(Phase::Running);
    play.happens(Event::Observed { container: 0, restarts: 0, found: Found::Missing });
    let reason = play.last_task_report().containers[0].reason.clone().unwrap();
    assert!(reason.starts_with("ContainerVanishedError: "), "{reason}");
}

#[test]
fn an_exit_that_was_missed_is_taken_up_when_it_is_seen() {
    let mut play = interrupted(Phase::Running);
    play.happens(Event::Observed { container: 0, restarts: 0, found: exited(9) });
    assert_eq!(play.last_task_report().containers[0].exit_code, Some(9));
}

#[test]
fn what_was_seen_of_an_earlier_run_is_stale() {
    let mut play = interrupted(Phase::Running);
    play.task.containers[0].restarts = 1;
    play.happens(Event::Observed { container: 0, restarts: 0, found: exited(9) });
    assert_eq!(play.phase("app"), Phase::Running);
}

#[test]
fn what_is_under_way_answers_for_itself() {
    for phase in [Phase::Creating, Phase::Starting, Phase::Stopping] {
        let mut play = interrupted(phase);
        play.happens(Event::Observed { container: 0, restarts: 0, found: exited(9) });
        assert_eq!(play.phase("app"), phase);
    }
}

#[test]
fn a_task_that_was_forgotten_is_taken_over_with_its_containers() {
    let mut task = Task::new(spec(vec![container("app")]), "ab12", UnixMillis(0));
    task.admitted = true;
    assert_eq!(task.resume(|_, _| running("found"), UnixMillis(1)), []);
    assert_eq!(task.containers[0].docker_id.as_deref(), Some("found"));
    assert_eq!(task.status, Status::Running);
}
