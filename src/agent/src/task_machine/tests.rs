//! The life of a task, told as what happens and what the worker is then asked to do.

use serde_json::Value;

use super::*;
use crate::spec::{Condition, Dependency, NetworkMode, PAUSE_CONTAINER, RestartPolicy};

mod dependencies;
mod resuming;

pub(crate) fn container(name: &str) -> ContainerSpec {
    ContainerSpec {
        name: name.to_owned(),
        arn: None,
        image: "app:1".to_owned(),
        essential: true,
        internal: false,
        ecr_auth: false,
        secrets: Vec::new(),
        registry_secret: None,
        depends_on: Vec::new(),
        start_timeout_s: None,
        stop_timeout_s: None,
        restart_policy: None,
        has_health_check: false,
        cpu: 0,
        memory_mib: 64,
        command: None,
        entry_point: None,
        environment: Vec::new(),
        links: Vec::new(),
        port_mappings: Vec::new(),
        mount_points: Vec::new(),
        volumes_from: Vec::new(),
        config: Value::Null,
        host_config: Value::Null,
    }
}

pub(crate) fn spec(containers: Vec<ContainerSpec>) -> TaskSpec {
    TaskSpec {
        arn: "arn:aws:ecs:us-east-1:000000000000:task/default/0123456789abcdef0123456789abcdef".to_owned(),
        cluster: "default".to_owned(),
        family: "web".to_owned(),
        revision: "3".to_owned(),
        network_mode: NetworkMode::Bridge,
        pid_mode: None,
        ipc_mode: None,
        launch_type: None,
        service_name: None,
        group: None,
        cpu_limit: None,
        memory_limit_mib: None,
        need: Default::default(),
        containers,
        volumes: Vec::new(),
    }
}

/// A task of one container, just accepted.
pub(crate) fn a_task() -> Task {
    Task::new(spec(vec![container("app")]), "ab12", UnixMillis(1_000))
}

fn helper(name: &str) -> ContainerSpec {
    ContainerSpec { essential: false, ..container(name) }
}

fn after(mut of: ContainerSpec, on: &str, condition: Condition) -> ContainerSpec {
    of.depends_on.push(Dependency { container: on.to_owned(), condition });
    of
}

/// A task under test, the time, and what the worker was asked to do and has not done.
struct Play {
    task: Task,
    now: UnixMillis,
    asked: Vec<Action>,
}

impl Play {
    fn of(containers: Vec<ContainerSpec>) -> Self {
        let now = UnixMillis(1_000);
        let mut play = Self { task: Task::new(spec(containers), "ab12", now), now, asked: Vec::new() };
        play.happens(Event::Admitted);
        play
    }

    fn happens(&mut self, event: Event) -> &mut Self {
        let actions = self.task.step(event, self.now);
        self.asked.extend(actions);
        self
    }

    fn seconds_pass(&mut self, seconds: i64) -> &mut Self {
        self.now = self.now.plus_seconds(seconds);
        self
    }

    fn position(&self, name: &str) -> usize {
        self.task.spec.position(name).unwrap()
    }

    /// Carries out everything that is asked for but stops, with success, until nothing more is asked.
    fn runs_on(&mut self) -> &mut Self {
        while let Some(at) = self.asked.iter().position(|a| !matches!(a, Action::Stop { .. } | Action::PublishHealth)) {
            let event = match self.asked.remove(at) {
                Action::Pull { container } => Event::Pulled { container, digest: None },
                Action::Create { container } => Event::Created { container, docker_id: format!("id{container}") },
                Action::Start { container } => Event::Started { container, network: Network::default() },
                Action::Stop { .. } | Action::PublishHealth => unreachable!(),
            };
            self.happens(event);
        }
        self
    }

    fn dies(&mut self, name: &str, code: i64) -> &mut Self {
        let container = self.position(name);
        self.asked.retain(|a| !matches!(a, Action::Stop { container: c, .. } if *c == container));
        self.happens(Event::Died { container, exit_code: Some(code), out_of_memory: false })
    }

    fn becomes(&mut self, name: &str, health: HealthStatus) -> &mut Self {
        let container = self.position(name);
        self.happens(Event::Health { container, health })
    }

    /// The names of the containers that are asked to stop.
    fn stopping(&self) -> Vec<&str> {
        let name = |action: &Action| match action {
            Action::Stop { container, .. } => Some(self.task.spec.containers[*container].name.as_str()),
            _ => None,
        };
        self.asked.iter().filter_map(name).collect()
    }

    fn phase(&self, name: &str) -> Phase {
        self.task.containers[self.position(name)].phase
    }

    /// The statuses reported so far, of the task and of single containers.
    fn reported(&self) -> Vec<String> {
        let line = |report: &Report| match report {
            Report::Task(t) => format!("task {}", t.status.as_str()),
            Report::Container(c) => format!("{} {}", c.name, c.status.as_str()),
        };
        self.task.outbox.iter().map(line).collect()
    }

    fn last_task_report(&self) -> &TaskReport {
        fn task(report: &Report) -> Option<&TaskReport> {
            match report {
                Report::Task(t) => Some(t),
                Report::Container(_) => None,
            }
        }
        self.task.outbox.iter().rev().find_map(task).unwrap()
    }
}

#[test]
fn a_container_is_pulled_created_and_started_once_the_host_has_room() {
    let mut task = a_task();
    assert_eq!(task.step(Event::Tick, UnixMillis(0)), []);
    assert_eq!(task.step(Event::Admitted, UnixMillis(0)), [Action::Pull { container: 0 }]);
    let pulled = Event::Pulled { container: 0, digest: Some("sha256:00".to_owned()) };
    assert_eq!(task.step(pulled, UnixMillis(1)), [Action::Create { container: 0 }]);
    let created = Event::Created { container: 0, docker_id: "id".to_owned() };
    assert_eq!(task.step(created, UnixMillis(2)), [Action::Start { container: 0 }]);
    assert!(task.outbox.is_empty());
    assert_eq!(task.step(Event::Started { container: 0, network: Network::default() }, UnixMillis(3)), []);
    let Some(Report::Task(report)) = task.outbox.front() else { panic!("no report") };
    assert_eq!((report.status, report.containers[0].status), (Status::Running, Status::Running));
    assert_eq!(report.containers[0].runtime_id.as_deref(), Some("id"));
    assert_eq!(report.containers[0].image_digest.as_deref(), Some("sha256:00"));
    assert_eq!((report.pull_started_at, report.pull_stopped_at), (Some(UnixMillis(0)), Some(UnixMillis(1))));
}

#[test]
fn containers_are_named_after_family_revision_and_container() {
    assert_eq!(a_task().containers[0].docker_name, "ecs-web-3-app-ab12");
    let paused = Task::new(spec(vec![container(PAUSE_CONTAINER)]), "ab12", UnixMillis(0));
    assert_eq!(paused.containers[0].docker_name, "ecs-web-3-internalecspause-ab12");
}

#[test]
fn events_delivered_twice_change_nothing() {
    let mut play = Play::of(vec![container("app")]);
    play.runs_on();
    for event in [
        Event::Admitted,
        Event::Pulled { container: 0, digest: None },
        Event::Created { container: 0, docker_id: "other".to_owned() },
        Event::Started { container: 0, network: Network::default() },
        Event::StartFailed { container: 0, reason: "late".to_owned() },
    ] {
        play.happens(event);
    }
    assert!(play.asked.is_empty());
    assert_eq!(play.reported(), ["task RUNNING"]);
    play.dies("app", 0).dies("app", 1);
    assert_eq!(play.reported(), ["task RUNNING", "task STOPPED"]);
    assert_eq!(play.last_task_report().containers[0].exit_code, Some(0));
}

#[test]
fn a_task_whose_only_container_exits_is_stopped_with_its_exit_code() {
    let mut play = Play::of(vec![container("app")]);
    play.runs_on().dies("app", 3);
    let report = play.last_task_report();
    assert_eq!(report.status, Status::Stopped);
    assert_eq!(report.reason.as_deref(), Some(ESSENTIAL_EXITED));
    assert_eq!((report.containers[0].exit_code, report.containers[0].reason.as_deref()), (Some(3), None));
}

#[test]
fn an_essential_container_that_exits_takes_the_others_along() {
    let mut play = Play::of(vec![container("app"), helper("log")]);
    play.runs_on().dies("app", 1);
    assert_eq!(play.stopping(), ["log"]);
    assert_eq!(play.reported(), ["task RUNNING", "app STOPPED"]);
    play.dies("log", 143);
    assert_eq!(play.reported(), ["task RUNNING", "app STOPPED", "task STOPPED"]);
}

#[test]
fn a_container_that_is_not_essential_may_exit() {
    let mut play = Play::of(vec![container("app"), helper("init")]);
    play.runs_on().dies("init", 0);
    assert_eq!(play.stopping(), [""; 0]);
    assert_eq!(play.reported(), ["task RUNNING", "init STOPPED"]);
}

#[test]
fn a_container_killed_for_its_memory_says_so() {
    let mut play = Play::of(vec![container("app")]);
    play.runs_on().happens(Event::Died { container: 0, exit_code: Some(137), out_of_memory: true });
    let c = &play.last_task_report().containers[0];
    assert_eq!((c.exit_code, c.reason.as_deref()), (Some(137), Some(OUT_OF_MEMORY)));
}

#[test]
fn failures_before_the_start_stop_the_task_with_their_reason() {
    type Failure = fn(String) -> Event;
    let cases: [(usize, Failure); 3] = [
        (0, |reason| Event::PullFailed { container: 0, reason }),
        (1, |reason| Event::CreateFailed { container: 0, reason }),
        (2, |reason| Event::StartFailed { container: 0, reason }),
    ];
    for (steps, failure) in cases {
        let mut play = Play::of(vec![container("app")]);
        for _ in 0..steps {
            let event = match play.asked.remove(0) {
                Action::Pull { container } => Event::Pulled { container, digest: None },
                Action::Create { container } => Event::Created { container, docker_id: "id".to_owned() },
                other => panic!("{other:?}"),
            };
            play.happens(event);
        }
        play.happens(failure("CannotDoError: no".to_owned()));
        let report = play.last_task_report();
        assert_eq!((report.status, report.reason.as_deref()), (Status::Stopped, Some("CannotDoError: no")));
        assert_eq!(report.containers[0].reason.as_deref(), Some("CannotDoError: no"));
        assert_eq!(report.containers[0].exit_code, None);
        assert_eq!(play.reported(), ["task STOPPED"]);
    }
}

#[test]
fn an_image_that_cannot_be_pulled_stops_the_task_only_if_its_container_is_essential() {
    let mut play = Play::of(vec![container("app"), helper("side")]);
    play.asked.retain(|a| *a != Action::Pull { container: 1 });
    play.happens(Event::PullFailed { container: 1, reason: "CannotPullContainerError: gone".to_owned() }).runs_on();
    assert_eq!(play.phase("app"), Phase::Running);
    assert_eq!(play.reported(), ["side STOPPED", "task RUNNING"]);
}

#[test]
fn a_refused_task_stops_without_having_done_anything() {
    let mut task = a_task();
    assert_eq!(task.step(Event::Refused { reason: "no".to_owned() }, UnixMillis(0)), []);
    let Some(Report::Task(report)) = task.outbox.front() else { panic!("no report") };
    assert_eq!((report.status, report.reason.as_deref()), (Status::Stopped, Some("no")));
}

#[test]
fn an_ordered_stop_gives_each_container_its_own_time() {
    let quick = ContainerSpec { stop_timeout_s: Some(2), ..container("quick") };
    let mut play = Play::of(vec![quick, container("slow")]);
    play.runs_on().happens(Event::StopOrdered);
    let stop = |container, timeout_s| Action::Stop { container, timeout_s };
    assert_eq!(play.asked, [stop(0, 2), stop(1, DEFAULT_STOP_TIMEOUT_S)]);
    play.dies("quick", 143).dies("slow", 137);
    let report = play.last_task_report();
    assert_eq!((report.status, report.reason.as_deref()), (Status::Stopped, None));
    assert_eq!(play.reported(), ["task RUNNING", "task STOPPED"]);
}

#[test]
fn a_stop_before_anything_runs_is_done_at_once() {
    let mut task = a_task();
    assert_eq!(task.step(Event::StopOrdered, UnixMillis(0)), []);
    assert!(task.is_stopped());
    let mut play = Play::of(vec![container("app")]);
    play.happens(Event::StopOrdered);
    assert!(play.task.is_stopped(), "a pull under way is not waited for");
    play.happens(Event::Pulled { container: 0, digest: None });
    assert_eq!(play.reported(), ["task STOPPED"]);
}

#[test]
fn what_is_being_made_when_the_stop_comes_is_waited_for() {
    let mut play = Play::of(vec![container("app")]);
    play.asked.clear();
    play.happens(Event::Pulled { container: 0, digest: None }).happens(Event::StopOrdered);
    assert_eq!(play.phase("app"), Phase::Creating);
    play.happens(Event::Created { container: 0, docker_id: "id".to_owned() });
    assert!(play.task.is_stopped());

    let mut play = Play::of(vec![container("app")]);
    play.asked.clear();
    play.happens(Event::Pulled { container: 0, digest: None });
    play.happens(Event::Created { container: 0, docker_id: "id".to_owned() }).happens(Event::StopOrdered);
    play.asked.clear();
    play.happens(Event::Started { container: 0, network: Network::default() });
    assert_eq!(play.stopping(), ["app"]);
    assert_eq!(play.reported(), [""; 0], "a task that stops is not reported running any more");
}

#[test]
fn news_of_an_exit_that_overtakes_the_answer_of_the_start_is_both_start_and_exit() {
    let mut play = Play::of(vec![container("app")]);
    play.asked.clear();
    play.happens(Event::Pulled { container: 0, digest: None });
    play.happens(Event::Created { container: 0, docker_id: "id".to_owned() });
    play.dies("app", 0);
    play.happens(Event::Started { container: 0, network: Network::default() });
    assert_eq!(play.reported(), ["task RUNNING", "task STOPPED"]);
}

#[test]
fn a_restart_policy_starts_a_container_again_unless_it_ran_too_short_or_its_code_is_ignored() {
    let policy = RestartPolicy { ignored_exit_codes: vec![7], attempt_period_s: 60 };
    for (ran_s, code, restarted) in [(60, 1, true), (600, 0, true), (59, 1, false), (60, 7, false)] {
        let spec = ContainerSpec { restart_policy: Some(policy.clone()), ..container("app") };
        let mut play = Play::of(vec![spec]);
        play.runs_on().seconds_pass(ran_s).dies("app", code);
        let expected = if restarted { vec![Action::Start { container: 0 }] } else { vec![] };
        assert_eq!(play.asked, expected, "ran {ran_s} s, exited with {code}");
        assert_eq!(play.task.is_stopped(), !restarted);
    }
}

#[test]
fn the_time_a_container_must_run_counts_from_its_last_start() {
    let policy = RestartPolicy { ignored_exit_codes: vec![], attempt_period_s: 60 };
    let mut play = Play::of(vec![ContainerSpec { restart_policy: Some(policy), ..container("app") }]);
    play.runs_on().seconds_pass(60).dies("app", 1).runs_on();
    assert_eq!(play.task.containers[0].restarts, 1);
    play.seconds_pass(59).dies("app", 1);
    assert!(play.task.is_stopped());
    assert_eq!(play.reported(), ["task RUNNING", "task STOPPED"], "a restart is not the task's business");
}

#[test]
fn a_container_that_is_being_stopped_is_not_started_again() {
    let policy = RestartPolicy { ignored_exit_codes: vec![], attempt_period_s: 60 };
    let mut play = Play::of(vec![ContainerSpec { restart_policy: Some(policy), ..container("app") }]);
    play.runs_on().seconds_pass(100).happens(Event::StopOrdered).dies("app", 143);
    assert!(play.task.is_stopped());
}

#[test]
fn health_is_published_when_it_changes_and_does_not_stop_the_task() {
    let mut play = Play::of(vec![ContainerSpec { has_health_check: true, ..container("app") }]);
    play.runs_on().becomes("app", HealthStatus::Healthy).becomes("app", HealthStatus::Healthy);
    assert_eq!(play.asked, [Action::PublishHealth]);
    play.becomes("app", HealthStatus::Unhealthy);
    assert_eq!(play.asked, [Action::PublishHealth, Action::PublishHealth]);
    assert_eq!(play.phase("app"), Phase::Running);
}

#[test]
fn reports_leave_the_outbox_in_order_as_they_are_acknowledged() {
    let mut play = Play::of(vec![container("app")]);
    play.runs_on().dies("app", 0);
    assert_eq!(play.reported(), ["task RUNNING", "task STOPPED"]);
    play.happens(Event::Acknowledged);
    assert_eq!(play.reported(), ["task STOPPED"]);
    play.happens(Event::Acknowledged);
    assert_eq!(play.reported(), [""; 0]);
    play.task.report_again(play.now);
    assert_eq!(play.reported(), ["task STOPPED"]);
}

#[test]
fn the_pause_container_is_reported_by_nobody_and_gives_all_its_address() {
    let pause = ContainerSpec { internal: true, ..container(PAUSE_CONTAINER) };
    let app = after(container("app"), PAUSE_CONTAINER, Condition::Start);
    let mut play = Play::of(vec![pause, app]);
    play.asked.clear();
    play.happens(Event::Pulled { container: 0, digest: None }).happens(Event::Pulled { container: 1, digest: None });
    assert_eq!(play.asked, [Action::Create { container: 0 }]);
    play.asked.clear();
    play.happens(Event::Created { container: 0, docker_id: "pause".to_owned() });
    assert_eq!(play.asked, [Action::Start { container: 0 }, Action::Create { container: 1 }]);
    let network = Network { bindings: Vec::new(), address: Some("10.0.0.2".to_owned()) };
    play.happens(Event::Started { container: 0, network });
    play.happens(Event::Created { container: 1, docker_id: "app".to_owned() });
    play.happens(Event::Started { container: 1, network: Network::default() });
    let report = play.last_task_report();
    assert_eq!(report.containers.len(), 1);
    assert_eq!(report.containers[0].address.as_deref(), Some("10.0.0.2"));
    play.asked.clear();
    play.happens(Event::StopOrdered);
    assert_eq!(play.stopping(), ["app"]);
    play.dies("app", 143);
    assert_eq!(play.stopping(), [PAUSE_CONTAINER]);
}
