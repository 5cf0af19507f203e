//! The worker against an engine in memory: what it does to containers, what it reports, what survives it.

use std::path::Path;
use std::sync::Mutex;

use futures_util::FutureExt;
use gantry_model::task::HealthStatus;
use gantry_wire::acs_task::{AcsContainer, AcsSecret, AsmAuthData, DockerConfig, LOG_DRIVER, RegistryAuthentication};

use super::*;
use crate::engine::fake::FakeEngine;
use crate::engine::{EngineError, RegistryAuth, RunState};
use crate::image::{Auth, Credentials};
use crate::logs::tests::FakeSink;
use crate::secrets::SecretError;
use crate::secrets::tests::FakeSecrets;
use crate::task_machine::Status;

const IMAGE: &str = "registry.test:5000/app:1";

fn arn(number: u32) -> String {
    format!("arn:aws:ecs:us-east-1:000000000000:task/default/{number:032x}")
}

/// Task `number`, of one container that is called after it.
fn acs(number: u32) -> AcsTask {
    AcsTask {
        arn: arn(number),
        family: "web".to_owned(),
        version: "1".to_owned(),
        desired_status: "RUNNING".to_owned(),
        containers: vec![AcsContainer {
            name: format!("c{number}"),
            image: IMAGE.to_owned(),
            essential: true,
            memory: 64,
            ..AcsContainer::default()
        }],
        ..AcsTask::default()
    }
}

fn stopped(number: u32) -> AcsTask {
    AcsTask { desired_status: "STOPPED".to_owned(), ..acs(number) }
}

struct NoPassword;

impl Credentials for NoPassword {
    fn for_registry(&self, server: &str) -> BoxFuture<'_, Result<RegistryAuth, String>> {
        let auth = RegistryAuth { username: "AWS".to_owned(), password: String::new(), server: server.to_owned() };
        async { Ok(auth) }.boxed()
    }
}

/// A control plane that writes down what it is told.
#[derive(Default)]
struct Recorder {
    lines: Mutex<Vec<String>>,
    refusals: Mutex<VecDeque<ReportError>>,
}

impl Recorder {
    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    fn has(&self, line: &str) -> bool {
        self.lines().iter().any(|l| l == line)
    }
}

impl Reports for Recorder {
    fn submit(&self, task: &Task, report: &Report) -> BoxFuture<'static, Result<(), ReportError>> {
        if let Some(refusal) = self.refusals.lock().unwrap().pop_front() {
            return async { Err(refusal) }.boxed();
        }
        let number = task.spec.arn.trim_start_matches(|c: char| c != '/').rsplit('/').next().unwrap();
        let number = u32::from_str_radix(number, 16).unwrap();
        let line = match report {
            Report::Task(t) => {
                let code = t.containers[0].exit_code.map_or(String::new(), |code| format!(" {code}"));
                format!("{number} {}{code}", t.status.as_str())
            }
            Report::Container(c) => format!("{number} container {} {}", c.name, c.status.as_str()),
        };
        self.lines.lock().unwrap().push(line);
        async { Ok(()) }.boxed()
    }
}

/// An agent's worker and what it works with; dropping it is the agent's sudden end.
struct Agent {
    engine: Arc<FakeEngine>,
    recorder: Arc<Recorder>,
    handle: WorkerHandle,
    _worker: StopOnDrop,
}

fn engine() -> Arc<FakeEngine> {
    Arc::new(FakeEngine::with_registry(&[(IMAGE, "sha256:one")]))
}

fn agent(engine: &Arc<FakeEngine>, folder: &Path) -> Agent {
    agent_with(engine, folder, FakeSecrets::default())
}

fn agent_with(engine: &Arc<FakeEngine>, folder: &Path, secrets: FakeSecrets) -> Agent {
    let recorder = Arc::new(Recorder::default());
    let images = Images::new(Arc::clone(engine), Arc::new(NoPassword), vec!["registry.test:5000".to_owned()]);
    let (worker, handle) = Worker::new(Parts {
        engine: Arc::clone(engine),
        images,
        logs: Shipping::new(Arc::clone(engine), Arc::new(FakeSink::default()), DiskState::open(folder).unwrap()),
        secrets: Arc::new(secrets),
        reports: Arc::clone(&recorder) as Arc<dyn Reports>,
        creator: Creator { agent: "test".to_owned(), cpus: 2, metadata: None },
        disk: DiskState::open(folder).unwrap(),
        total: Resources { cpu: 2048, memory_mib: 2 * 64 },
        parallel_starts: 2,
        clock: Arc::new(|| UnixMillis(1_000)),
    });
    let worker = StopOnDrop(tokio::spawn(async move { worker.run().await.unwrap() }));
    Agent { engine: Arc::clone(engine), recorder, handle, _worker: worker }
}

impl Agent {
    async fn given(&self, tasks: Vec<AcsTask>) {
        self.handle.payload(tasks).await.unwrap();
    }

    async fn reports(&self, line: &str) {
        eventually(|| self.recorder.has(line), || format!("{line} in {:?}", self.recorder.lines())).await;
    }
}

/// Waits until `condition` holds; past the deadline the test has failed and `what` says at what.
async fn eventually(condition: impl Fn() -> bool, what: impl Fn() -> String) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "never came: {}", what());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_task_is_run_and_its_end_reported() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine(), folder.path());
    agent.given(vec![acs(1)]).await;
    agent.reports("1 RUNNING").await;
    agent.engine.exits("c1", 3);
    agent.reports("1 STOPPED 3").await;
}

#[tokio::test]
async fn a_payload_that_comes_twice_runs_the_task_once() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine(), folder.path());
    agent.given(vec![acs(1)]).await;
    agent.given(vec![acs(1)]).await;
    agent.reports("1 RUNNING").await;
    agent.given(vec![acs(1)]).await;
    assert_eq!((agent.engine.count("create"), agent.recorder.lines().len()), (1, 1));
}

#[tokio::test]
async fn an_order_to_stop_stops_the_containers() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine(), folder.path());
    agent.given(vec![acs(1)]).await;
    agent.reports("1 RUNNING").await;
    agent.given(vec![stopped(1)]).await;
    agent.reports("1 STOPPED 143").await;
}

#[tokio::test]
async fn an_order_to_stop_an_unknown_task_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine(), folder.path());
    agent.given(vec![stopped(1)]).await;
    agent.reports("1 STOPPED").await;
    assert_eq!(agent.engine.count("create"), 0);
}

#[tokio::test]
async fn a_task_that_does_not_fit_waits_until_another_has_really_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine(), folder.path());
    agent.given(vec![acs(1), acs(2)]).await;
    agent.reports("1 RUNNING").await;
    agent.reports("2 RUNNING").await;
    agent.engine.is_stubborn("c1");
    agent.given(vec![stopped(1), acs(3)]).await;
    eventually(|| agent.engine.count("stop") > 0, || "a stop".to_owned()).await;
    assert_eq!(agent.engine.count("create"), 2);
    agent.engine.exits("c1", 137);
    agent.reports("3 RUNNING").await;
}

#[tokio::test]
async fn a_new_agent_takes_running_containers_up_without_touching_them() {
    let (folder, engine) = (tempfile::tempdir().unwrap(), engine());
    let first = agent(&engine, folder.path());
    first.given(vec![acs(1)]).await;
    first.reports("1 RUNNING").await;
    drop(first);
    let second = agent(&engine, folder.path());
    second.given(vec![acs(1)]).await;
    second.engine.exits("c1", 0);
    second.reports("1 STOPPED 0").await;
    assert_eq!((engine.count("create"), engine.count("start"), engine.count("stop")), (1, 1, 0));
}

#[tokio::test]
async fn what_ended_while_the_agent_was_away_is_reported() {
    let (folder, engine) = (tempfile::tempdir().unwrap(), engine());
    let first = agent(&engine, folder.path());
    first.given(vec![acs(1)]).await;
    first.reports("1 RUNNING").await;
    drop(first);
    engine.exits("c1", 5);
    agent(&engine, folder.path()).reports("1 STOPPED 5").await;
}

#[tokio::test]
async fn an_agent_that_lost_its_memory_finds_its_containers_by_their_labels() {
    let (folder, engine) = (tempfile::tempdir().unwrap(), engine());
    let first = agent(&engine, folder.path());
    first.given(vec![acs(1)]).await;
    first.reports("1 RUNNING").await;
    drop(first);
    let other = tempfile::tempdir().unwrap();
    let second = agent(&engine, other.path());
    second.given(vec![acs(1)]).await;
    second.reports("1 RUNNING").await;
    assert_eq!(engine.count("create"), 1);
}

#[tokio::test]
async fn reports_are_submitted_until_they_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine(), folder.path());
    agent.recorder.refusals.lock().unwrap().push_back(ReportError::Retry("away".to_owned()));
    agent.given(vec![acs(1)]).await;
    agent.reports("1 RUNNING").await;
    assert_eq!(agent.recorder.lines().len(), 1);
}

#[tokio::test]
async fn a_report_that_is_refused_for_good_does_not_hold_up_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine(), folder.path());
    agent.recorder.refusals.lock().unwrap().push_back(ReportError::Refused("unknown".to_owned()));
    agent.given(vec![acs(1)]).await;
    eventually(|| agent.engine.containers_in(RunState::Running) == 1, || "a container".to_owned()).await;
    agent.engine.exits("c1", 0);
    agent.reports("1 STOPPED 0").await;
}

#[tokio::test]
async fn an_engine_that_is_away_for_a_while_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine();
    let down = || EngineError::Unreachable("down".into());
    engine.fails("create", down());
    engine.fails("start", down());
    let agent = agent(&engine, folder.path());
    agent.given(vec![acs(1)]).await;
    agent.reports("1 RUNNING").await;
}

#[tokio::test]
async fn an_exit_that_happened_while_the_engine_was_away_is_seen_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine(), folder.path());
    agent.given(vec![acs(1)]).await;
    agent.reports("1 RUNNING").await;
    agent.engine.goes_down();
    agent.engine.exits("c1", 9);
    agent.engine.comes_back();
    agent.reports("1 STOPPED 9").await;
}

#[tokio::test]
async fn a_container_that_was_made_by_a_call_whose_answer_was_lost_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine();
    engine.loses_the_answer_of_create();
    let agent = agent(&engine, folder.path());
    agent.given(vec![acs(1)]).await;
    agent.reports("1 RUNNING").await;
    assert_eq!((engine.count("create"), engine.containers_in(RunState::Running)), (2, 1));
}

#[tokio::test]
async fn what_the_manifest_does_not_name_is_stopped_only_when_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine(), folder.path());
    agent.given(vec![acs(1), acs(2)]).await;
    agent.reports("1 RUNNING").await;
    agent.reports("2 RUNNING").await;
    let named = TaskIdentifier { task_arn: arn(1), ..TaskIdentifier::default() };
    assert_eq!(agent.handle.surplus(vec![named]).await.unwrap(), [arn(2)]);
    assert_eq!(agent.engine.count("stop"), 0);
    agent.handle.stop_surplus(vec![arn(2)]).await.unwrap();
    agent.reports("2 STOPPED 143").await;
    assert_eq!(agent.engine.containers_in(RunState::Running), 1);
}

#[tokio::test]
async fn health_is_known_to_whoever_asks() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine(), folder.path());
    agent.given(vec![acs(1)]).await;
    agent.reports("1 RUNNING").await;
    agent.handle.health_changed().await;
    agent.engine.becomes("c1", HealthStatus::Healthy);
    agent.handle.health_changed().await;
    let running = agent.handle.running().await.unwrap();
    assert_eq!(running[0].containers[0].health, HealthStatus::Healthy);
    assert_eq!(running[0].status, Status::Running);
}

#[tokio::test]
async fn the_containers_of_stopped_tasks_are_kept_but_not_too_many() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine(), folder.path());
    for number in 1..=24 {
        agent.given(vec![acs(number)]).await;
        agent.reports(&format!("{number} RUNNING")).await;
        agent.engine.exits(&format!("-c{number}-"), 1);
        agent.reports(&format!("{number} STOPPED 1")).await;
    }
    eventually(|| agent.engine.containers_in(RunState::Exited) == 20, || "20 containers".to_owned()).await;
    eventually(|| DiskState::open(folder.path()).unwrap().load().unwrap().len() == 20, || "20 files".to_owned()).await;
}

#[tokio::test]
async fn requests_for_one_image_at_the_same_time_are_one_pull() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine(), folder.path());
    agent.given(vec![acs(1), acs(2)]).await;
    agent.reports("1 RUNNING").await;
    agent.reports("2 RUNNING").await;
    assert_eq!(agent.engine.count("pull"), 1);
}

#[tokio::test]
async fn a_tag_that_was_pushed_again_is_pulled_again_and_an_unchanged_one_is_not() {
    let engine = engine();
    let images = Images::new(Arc::clone(&engine), Arc::new(NoPassword), vec!["registry.test:5000".to_owned()]);
    assert_eq!(images.ensure(IMAGE, Auth::ByRegistry).await.unwrap().as_deref(), Some("sha256:one"));
    assert_eq!(images.ensure(IMAGE, Auth::ByRegistry).await.unwrap().as_deref(), Some("sha256:one"));
    assert_eq!(engine.count("pull"), 1);
    engine.pushed(IMAGE, "sha256:two");
    assert_eq!(images.ensure(IMAGE, Auth::ByRegistry).await.unwrap().as_deref(), Some("sha256:two"));
    assert_eq!(engine.count("pull"), 2);
}

#[tokio::test]
async fn an_image_at_hand_is_used_when_the_registry_does_not_answer() {
    let engine = engine();
    let images = Images::new(Arc::clone(&engine), Arc::new(NoPassword), vec!["registry.test:5000".to_owned()]);
    images.ensure(IMAGE, Auth::ByRegistry).await.unwrap();
    engine.fails("registry_digest", EngineError::Refused("connection refused".to_owned()));
    assert_eq!(images.ensure(IMAGE, Auth::ByRegistry).await.unwrap().as_deref(), Some("sha256:one"));
    assert_eq!(engine.count("pull"), 1);
    let missing = images.ensure("registry.test:5000/none:1", Auth::ByRegistry).await.unwrap_err();
    assert!(missing.starts_with("CannotPullContainerError: manifest for"), "{missing}");
}

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf";

/// Task 1, whose container is given what these name: environment variables, and options of the log driver.
fn secretive(secrets: &[(&str, &str, bool)]) -> AcsTask {
    let mut task = acs(1);
    task.containers[0].secrets = secrets
        .iter()
        .map(|&(name, value_from, for_log_driver)| AcsSecret {
            name: name.to_owned(),
            value_from: value_from.to_owned(),
            target: for_log_driver.then(|| LOG_DRIVER.to_owned()),
            ..AcsSecret::default()
        })
        .collect();
    task
}

fn secrets(values: &[(&str, &str)]) -> FakeSecrets {
    let values = values.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    FakeSecrets { values, ..FakeSecrets::default() }
}

#[tokio::test]
async fn a_container_is_created_with_the_values_that_it_names_and_they_are_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let values = secrets(&[(SECRET, r#"{"password":"hunter2"}"#), ("/shop/url", "http://hunter3")]);
    values.errors.lock().unwrap().push_back(SecretError::Later("the control plane was not reached".to_owned()));
    let agent = agent_with(&engine(), folder.path(), values);
    let mut task = secretive(&[
        ("PASSWORD", &format!("{SECRET}:password::"), false),
        ("URL", "/shop/url", false),
        ("token", "/shop/url", true),
    ]);
    task.containers[0].environment.0.insert("URL".to_owned(), "http://default".to_owned());
    task.containers[0].docker_config = DockerConfig {
        host_config: Some(r#"{"LogConfig":{"Type":"splunk","Config":{"url":"x"}}}"#.to_owned()),
        ..DockerConfig::default()
    };
    agent.given(vec![task]).await;
    agent.reports("1 RUNNING").await;
    let body = agent.engine.created_with("c1").unwrap();
    let environment = body.env.unwrap();
    assert!(
        environment.ends_with(&["PASSWORD=hunter2".to_owned(), "URL=http://hunter3".to_owned()]),
        "{environment:?}"
    );
    let options = body.host_config.unwrap().log_config.unwrap().config.unwrap();
    assert_eq!((options["url"].as_str(), options["token"].as_str()), ("x", "http://hunter3"));
    for file in walk(folder.path()) {
        assert!(!String::from_utf8_lossy(&std::fs::read(&file).unwrap()).contains("hunter"), "{}", file.display());
    }
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

#[tokio::test]
async fn a_task_whose_secret_is_not_to_be_had_does_not_run_even_if_the_container_is_not_essential() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine(), folder.path());
    let mut task = secretive(&[("URL", "/none", false)]);
    let app = AcsContainer { name: "app".to_owned(), ..acs(1).containers[0].clone() };
    task.containers[0].essential = false;
    task.containers.push(app);
    agent.given(vec![task]).await;
    agent.reports("1 STOPPED").await;
    let stopped = DiskState::open(folder.path()).unwrap().load().unwrap();
    assert_eq!(
        stopped[0].reason.as_deref(),
        Some(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: \
             unable to retrieve secrets from ssm: service call has been retried 0 time(s): failed to fetch parameter /none: \
             ParameterNotFound: none"
        )
    );
}

#[tokio::test]
async fn an_image_is_pulled_with_the_credentials_of_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let values = secrets(&[(SECRET, r#"{"username":"shop","password":"hunter2"}"#)]);
    let agent = agent_with(&engine(), folder.path(), values);
    let mut task = acs(1);
    task.containers[0].registry_authentication = Some(RegistryAuthentication {
        kind: "asm".to_owned(),
        asm_auth_data: Some(AsmAuthData { credentials_parameter: SECRET.to_owned(), region: "us-east-1".to_owned() }),
        ..RegistryAuthentication::default()
    });
    agent.given(vec![task]).await;
    agent.reports("1 RUNNING").await;
    let auth = agent.engine.signed_in().unwrap();
    assert_eq!(
        (auth.username.as_str(), auth.password.as_str(), auth.server.as_str()),
        ("shop", "hunter2", "registry.test:5000")
    );
}
