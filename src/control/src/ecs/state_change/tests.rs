//! How an agent's reports move a task.

use gantry_model::{AccountId, ClusterName, Family, Region, TaskDefinitionId};

use super::*;

fn container(name: &str, essential: bool) -> Container {
    Container { essential, ..Container::new(name.to_owned(), format!("{name}-id"), "hello:1".to_owned()) }
}

fn task() -> Task {
    Task {
        version: 1,
        containers: vec![container("app", true), container("side", false)],
        attachments: vec![json!({ "id": "eni-1", "status": "PRECREATED" })],
        ..Task::new(
            Scope { account: AccountId::parse("000000000000").unwrap(), region: Region::parse("us-east-1").unwrap() },
            ClusterName::parse("default").unwrap(),
            TaskId::parse("0".repeat(32)).unwrap(),
            TaskDefinitionId { family: Family::parse("web").unwrap(), revision: 1 },
            "family:web".to_owned(),
            UnixMillis(0),
        )
    }
}

fn report(status: TaskStatus) -> TaskReport {
    TaskReport { status: Some(status), ..TaskReport::default() }
}

fn of_container(name: &str, exit_code: Option<i64>, reason: Option<&str>) -> ContainerReport {
    ContainerReport {
        name: name.to_owned(),
        status: Some(TaskStatus::Stopped),
        exit_code,
        reason: reason.map(str::to_owned),
        ..ContainerReport::default()
    }
}

#[test]
fn running_is_noted_once_and_a_late_pending_does_not_take_it_back() {
    let mut task = task();
    assert_eq!(apply(&mut task, &report(TaskStatus::Running), UnixMillis(5)), Some(Moved::Running));
    assert_eq!(task.started_at, Some(UnixMillis(5)));
    let before = task.clone();
    assert_eq!(apply(&mut task, &report(TaskStatus::Running), UnixMillis(9)), None);
    assert_eq!(apply(&mut task, &report(TaskStatus::Pending), UnixMillis(9)), None);
    assert_eq!(task, before);
    assert_eq!(task.attachments[0]["status"], "ATTACHED");
}

#[test]
fn a_task_that_was_told_to_stop_keeps_its_reason() {
    let mut task = task();
    task.desired_status = DesiredStatus::Stopped;
    task.stop_code = Some(StopCode::UserInitiated);
    task.stopped_reason = Some("enough".to_owned());
    let mut stop = report(TaskStatus::Stopped);
    stop.containers = vec![of_container("app", Some(143), None)];
    assert_eq!(apply(&mut task, &stop, UnixMillis(7)), Some(Moved::Stopped { was_running: false }));
    assert_eq!(task.stop_code, Some(StopCode::UserInitiated));
    assert_eq!(task.stopped_reason.as_deref(), Some("enough"));
    assert_eq!(task.stopped_at, Some(UnixMillis(7)));
    assert_eq!(task.containers[0].exit_code, Some(143));
    assert!(task.containers.iter().all(|c| c.last_status == TaskStatus::Stopped));
}

#[test]
fn what_stopped_a_task_that_nobody_told_to() {
    let essential_exit = "Essential container in task exited";
    let pull = "CannotPullContainerError: no such image";
    let start = "CannotStartContainerError: exec not found";
    let oom = "OutOfMemoryError: Container killed due to memory usage";
    type Case<'a> = (bool, Option<&'a str>, ContainerReport, StopCode, &'a str);
    let cases: [Case<'_>; 8] = [
        (true, None, of_container("app", Some(0), None), StopCode::EssentialContainerExited, essential_exit),
        (true, None, of_container("app", Some(137), Some(oom)), StopCode::EssentialContainerExited, essential_exit),
        (false, None, of_container("app", Some(3), None), StopCode::EssentialContainerExited, essential_exit),
        (false, None, of_container("app", None, Some(pull)), StopCode::TaskFailedToStart, pull),
        (false, None, of_container("app", Some(127), Some(start)), StopCode::TaskFailedToStart, start),
        (false, None, of_container("side", None, Some(pull)), StopCode::TaskFailedToStart, pull),
        (
            false,
            Some("no address left"),
            of_container("side", None, None),
            StopCode::TaskFailedToStart,
            "no address left",
        ),
        (false, None, of_container("side", None, None), StopCode::TaskFailedToStart, "Task failed to start"),
    ];
    for (was_running, reason, container, code, text) in cases {
        let mut task = task();
        if was_running {
            apply(&mut task, &report(TaskStatus::Running), UnixMillis(1));
        }
        let mut stop = report(TaskStatus::Stopped);
        stop.reason = reason.map(str::to_owned);
        stop.containers = vec![container.clone()];
        assert_eq!(apply(&mut task, &stop, UnixMillis(2)), Some(Moved::Stopped { was_running }), "{container:?}");
        assert_eq!((task.stop_code, task.stopped_reason.as_deref()), (Some(code), Some(text)), "{container:?}");
        assert_eq!(task.desired_status, DesiredStatus::Stopped);
        assert_eq!(apply(&mut task, &stop, UnixMillis(3)), None, "a second report changes nothing");
    }
}

#[test]
fn the_first_exit_code_stays_and_unknown_containers_are_passed_over() {
    let mut task = task();
    let containers = vec![of_container("app", Some(1), None), of_container("stranger", Some(2), None)];
    let first = TaskReport { containers, ..TaskReport::default() };
    apply(&mut task, &first, UnixMillis(1));
    let second = TaskReport { containers: vec![of_container("app", Some(9), None)], ..TaskReport::default() };
    apply(&mut task, &second, UnixMillis(2));
    assert_eq!(task.containers[0].exit_code, Some(1));
    assert_eq!(task.containers.len(), 2);
    assert_eq!(task.last_status, TaskStatus::Pending);
}

#[test]
fn reasons_are_cut_to_1024_characters() {
    let mut task = task();
    let long = format!("CannotPullContainerError: {}", "x".repeat(5000));
    let mut stop = report(TaskStatus::Stopped);
    stop.containers = vec![of_container("app", None, Some(&long))];
    apply(&mut task, &stop, UnixMillis(1));
    assert_eq!(task.stopped_reason.unwrap().chars().count(), 1024);
}

#[test]
fn statuses_that_an_agent_takes_on_the_way_are_pending() {
    for text in ["NONE", "PULLED", "CREATED", "PENDING"] {
        assert_eq!(status(text), Ok(TaskStatus::Pending));
    }
    assert!(status("running").is_err());
}

#[test]
fn a_binding_without_a_port_is_the_address_of_an_awsvpc_task() {
    let mut task = task();
    let address =
        NetworkBinding { bind_ip: "10.0.0.2".to_owned(), container_port: 0, host_port: 0, protocol: "tcp".to_owned() };
    let report = TaskReport {
        containers: vec![ContainerReport {
            name: "app".to_owned(),
            network_bindings: Some(vec![address]),
            ..ContainerReport::default()
        }],
        ..TaskReport::default()
    };
    apply(&mut task, &report, UnixMillis(1));
    let app = &task.containers[0];
    assert_eq!(app.network_bindings, []);
    assert_eq!(app.network_interfaces, [json!({ "attachmentId": "eni-1", "privateIpv4Address": "10.0.0.2" })]);
}

#[test]
fn the_reason_of_a_task_names_the_container_that_failed() {
    let mut task = task();
    task.stopped_reason = Some("Essential container in task exited".to_owned());
    task.containers[0].exit_code = Some(137);
    task.containers[1].exit_code = Some(1);
    assert_eq!(why_in_words(&task), "Essential container in task exited (app with exit code 137)");
}
