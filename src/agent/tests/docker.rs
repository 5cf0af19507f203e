//! The worker on a real Docker Engine: what the pure parts promise must be what containers do.
//!
//! The engine is the one that `GANTRY_TEST_DOCKER_HOST` names; without it nothing here runs, and each test says so. The
//! test image is made of the host's static busybox, so nothing is pulled from anywhere.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use gantry_agent::create::Creator;
use gantry_agent::disk_state::DiskState;
use gantry_agent::engine::docker::DockerEngine;
use gantry_agent::engine::{Engine, RegistryAuth, RunState, TASK_LABEL};
use gantry_agent::image::{Credentials, Images};
use gantry_agent::logs::Shipping;
use gantry_agent::logs::assemble::Event;
use gantry_agent::logs::sink::{Sink, SinkError};
use gantry_agent::logs::target::Target;
use gantry_agent::secrets::{SecretError, Secrets};
use gantry_agent::task_machine::{Report, Task, TaskReport};
use gantry_agent::worker::{Parts, ReportError, Reports, Worker, WorkerHandle};
use gantry_model::UnixMillis;
use gantry_model::resources::Resources;
use gantry_model::secret::reference::SecretReference;
use gantry_model::task::HealthStatus;
use gantry_wire::acs_task::{
    AcsContainer, AcsDependency, AcsMountPoint, AcsPortMapping, AcsTask, AcsVolume, DockerConfig, Environment,
};

const IMAGE: &str = "gantry-test/busybox:1";
const APPLETS: [&str; 9] = ["sh", "sleep", "true", "cat", "nc", "echo", "kill", "head", "test"];

/// The engine to test on, with the test image, or `None` when there is none to test on.
async fn engine() -> Option<Arc<DockerEngine>> {
    let Ok(host) = std::env::var("GANTRY_TEST_DOCKER_HOST") else {
        eprintln!("no engine: GANTRY_TEST_DOCKER_HOST is not set");
        return None;
    };
    let engine = DockerEngine::connect(&host).unwrap();
    static IMPORT: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _one_at_a_time = IMPORT.lock().await;
    if engine.image(IMAGE).await.unwrap().is_none() {
        engine.import("gantry-test/busybox", "1", busybox()).await.unwrap();
    }
    Some(Arc::new(engine))
}

/// A root file system of busybox and links to it, as a tar.
fn busybox() -> Vec<u8> {
    let root = tempfile::tempdir().unwrap();
    let bin = root.path().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    std::fs::create_dir_all(root.path().join("tmp")).unwrap();
    let program = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists());
    std::fs::copy(program.expect("busybox-static is installed"), bin.join("busybox")).unwrap();
    for applet in APPLETS {
        std::os::unix::fs::symlink("busybox", bin.join(applet)).unwrap();
    }
    let tar = std::process::Command::new("tar").arg("-C").arg(root.path()).args(["-c", "."]).output().unwrap();
    assert!(tar.status.success());
    tar.stdout
}

#[derive(Default)]
struct Recorder(Mutex<Vec<(String, Report)>>);

/// The messages that were shipped, each after the name of its stream.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Sink for Lines {
    fn prepare(&self, _: &Target) -> BoxFuture<'_, Result<(), SinkError>> {
        async { Ok(()) }.boxed()
    }

    fn put(&self, target: &Target, events: &[Event]) -> BoxFuture<'_, Result<(), SinkError>> {
        let lines = events.iter().map(|event| format!("{} {}", target.stream, event.message));
        self.0.lock().unwrap().extend(lines);
        async { Ok(()) }.boxed()
    }
}

impl Reports for Recorder {
    fn submit(&self, task: &Task, report: &Report) -> BoxFuture<'static, Result<(), ReportError>> {
        self.0.lock().unwrap().push((task.spec.arn.clone(), report.clone()));
        async { Ok(()) }.boxed()
    }
}

struct NoCredentials;

impl Credentials for NoCredentials {
    fn for_registry(&self, _: &str) -> BoxFuture<'_, Result<RegistryAuth, String>> {
        async { Err("no registry in this test".to_owned()) }.boxed()
    }
}

struct NoSecrets;

impl Secrets for NoSecrets {
    fn value(&self, _: &SecretReference, _: &str) -> BoxFuture<'_, Result<String, SecretError>> {
        async { Err(SecretError::Refused("no secrets in this test".to_owned())) }.boxed()
    }
}

/// An agent's worker on a real engine. Its containers are removed in the end.
struct Agent {
    engine: Arc<DockerEngine>,
    label: String,
    recorder: Arc<Recorder>,
    lines: Arc<Lines>,
    handle: WorkerHandle,
    worker: tokio::task::JoinHandle<()>,
}

fn agent(engine: &Arc<DockerEngine>, label: &str, folder: &Path) -> Agent {
    let lines = Arc::<Lines>::default();
    let sink = Arc::clone(&lines) as Arc<dyn Sink>;
    let recorder = Arc::new(Recorder::default());
    let (worker, handle) = Worker::new(Parts {
        engine: Arc::clone(engine),
        images: Images::new(Arc::clone(engine), Arc::new(NoCredentials), Vec::new()),
        logs: Shipping::new(Arc::clone(engine), sink, DiskState::open(folder).unwrap()),
        secrets: Arc::new(NoSecrets),
        reports: Arc::clone(&recorder) as Arc<dyn Reports>,
        creator: Creator { agent: label.to_owned(), cpus: 1, metadata: None },
        disk: DiskState::open(folder).unwrap(),
        total: Resources { cpu: 4096, memory_mib: 4096 },
        parallel_starts: 4,
        clock: Arc::new(|| {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
            UnixMillis(i64::try_from(since.as_millis()).unwrap())
        }),
    });
    let worker = tokio::spawn(async move { worker.run().await.unwrap() });
    Agent { engine: Arc::clone(engine), label: label.to_owned(), recorder, lines, handle, worker }
}

impl Agent {
    /// Waits until so many lines were shipped.
    async fn shipped(&self, count: usize) -> Vec<String> {
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            let lines = self.lines.0.lock().unwrap().clone();
            if lines.len() >= count {
                return lines;
            }
            assert!(Instant::now() < deadline, "{} lines were shipped, not {count}", lines.len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits for the report that brings `task` to `status`.
    async fn report(&self, task: &AcsTask, status: &str) -> TaskReport {
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            let found = self.recorder.0.lock().unwrap().iter().find_map(|(arn, report)| match report {
                Report::Task(t) if *arn == task.arn && t.status.as_str() == status => Some(t.clone()),
                _ => None,
            });
            if let Some(found) = found {
                return found;
            }
            let seen = || format!("{:?}", self.recorder.0.lock().unwrap());
            assert!(Instant::now() < deadline, "{status} was never reported, but {}", seen());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn runs_to_its_end(&self, task: &AcsTask) -> TaskReport {
        self.handle.payload(vec![task.clone()]).await.unwrap();
        self.report(task, "STOPPED").await
    }

    /// The ids of the task's containers, pause container included.
    async fn containers(&self, task: &AcsTask) -> Vec<String> {
        let listed = self.engine.list(&self.label).await.unwrap();
        listed.into_iter().filter(|c| c.labels.get(TASK_LABEL) == Some(&task.arn)).map(|c| c.id).collect()
    }

    async fn ends(self) {
        self.worker.abort();
        for container in self.engine.list(&self.label).await.unwrap() {
            self.engine.remove(&container.id).await.unwrap();
        }
    }
}

/// A label that no other run of these tests uses.
fn fresh_label() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    format!("test-{}-{}", std::process::id(), since.as_nanos())
}

fn container(name: &str, script: &str) -> AcsContainer {
    AcsContainer {
        name: name.to_owned(),
        image: IMAGE.to_owned(),
        essential: true,
        memory: 32,
        command: ["sh", "-c", script].map(str::to_owned).to_vec(),
        ..AcsContainer::default()
    }
}

fn task(number: u8, containers: Vec<AcsContainer>) -> AcsTask {
    AcsTask {
        arn: format!("arn:aws:ecs:us-east-1:000000000000:task/default/{number:032x}"),
        family: "t".to_owned(),
        version: "1".to_owned(),
        desired_status: "RUNNING".to_owned(),
        containers,
        ..AcsTask::default()
    }
}

fn stopped(task: &AcsTask) -> AcsTask {
    AcsTask { desired_status: "STOPPED".to_owned(), ..task.clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_and_reasons_are_what_the_engine_saw() {
    let Some(engine) = engine().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine, &fresh_label(), folder.path());
    let cases = [
        (container("app", "exit 3"), Some(3), None, "Essential container in task exited"),
        (
            AcsContainer { image: "127.0.0.1:1/none:9".to_owned(), ..container("app", "true") },
            None,
            Some("CannotPullContainerError: Error response from daemon: "),
            "CannotPullContainerError: ",
        ),
        (
            AcsContainer { command: vec!["/nope".to_owned()], ..container("app", "") },
            None,
            Some("CannotStartContainerError: Error response from daemon: "),
            "CannotStartContainerError: ",
        ),
        (
            AcsContainer { memory: 8, ..container("app", "x=xxxxxxxxxxxxxxxx; while true; do x=$x$x; done") },
            Some(137),
            Some("OutOfMemoryError: Container killed due to memory usage"),
            "Essential container in task exited",
        ),
    ];
    for (number, (container, code, reason, task_reason)) in (1..).zip(cases) {
        let report = agent.runs_to_its_end(&task(number, vec![container])).await;
        let c = &report.containers[0];
        assert_eq!(c.exit_code, code, "{number}: {c:?}");
        assert!(c.reason.as_deref().unwrap_or_default().starts_with(reason.unwrap_or_default()), "{number}: {c:?}");
        assert!(report.reason.as_deref().unwrap_or_default().starts_with(task_reason), "{number}: {:?}", report.reason);
    }
    agent.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_gets_its_limits_ports_and_environment() {
    let Some(engine) = engine().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine, &fresh_label(), folder.path());
    let host_config = r#"{"MemoryReservation": 16777216, "ReadonlyRootfs": true, "CapDrop": ["ALL"]}"#;
    let app = AcsContainer {
        cpu: 256,
        environment: Environment(BTreeMap::from([("GREETING".to_owned(), "hi there".to_owned())])),
        port_mappings: vec![AcsPortMapping {
            container_port: Some(80),
            host_port: Some(0),
            protocol: "tcp".to_owned(),
            container_port_range: None,
        }],
        docker_config: DockerConfig {
            config: Some(r#"{"User": "1000", "Labels": {"team": "blue"}}"#.to_owned()),
            host_config: Some(host_config.to_owned()),
            version: None,
        },
        ..container("app", "sleep 300")
    };
    let given = task(1, vec![app]);
    agent.handle.payload(vec![given.clone()]).await.unwrap();
    let report = agent.report(&given, "RUNNING").await;
    let binding = &report.containers[0].network_bindings[0];
    assert_eq!((binding.container_port, binding.bind_ip.as_str()), (80, "0.0.0.0"));
    assert!(binding.host_port > 0);

    let docker = bollard::Docker::connect_with_unix(
        &std::env::var("GANTRY_TEST_DOCKER_HOST").unwrap(),
        30,
        &bollard::ClientVersion { major_version: 1, minor_version: 41 },
    );
    let id = report.containers[0].runtime_id.clone().unwrap();
    let found = docker.unwrap().inspect_container(&id, None).await.unwrap();
    let (config, host) = (found.config.unwrap(), found.host_config.unwrap());
    assert_eq!((host.memory, host.memory_reservation, host.cpu_shares), (Some(32 << 20), Some(16 << 20), Some(256)));
    assert_eq!((host.readonly_rootfs, host.cap_drop), (Some(true), Some(vec!["ALL".to_owned()])));
    assert_eq!(config.user.as_deref(), Some("1000"));
    assert!(config.env.unwrap().contains(&"GREETING=hi there".to_owned()));
    let labels = config.labels.unwrap();
    assert_eq!(labels["com.amazonaws.ecs.container-name"], "app");
    assert_eq!(labels["team"], "blue");
    assert!(found.name.unwrap().starts_with("/ecs-t-1-app-"));
    agent.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_ignores_sigterm_is_killed_when_its_time_is_up() {
    let Some(engine) = engine().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine, &fresh_label(), folder.path());
    let stubborn = AcsContainer { stop_timeout: Some(1), ..container("app", "trap '' TERM; sleep 300") };
    let polite = container("app", "trap 'exit 9' TERM; sleep 300 & wait");
    for (number, app, code) in [(1, stubborn, 137), (2, polite, 9)] {
        let given = task(number, vec![app]);
        agent.handle.payload(vec![given.clone()]).await.unwrap();
        agent.report(&given, "RUNNING").await;
        agent.handle.payload(vec![stopped(&given)]).await.unwrap();
        assert_eq!(agent.report(&given, "STOPPED").await.containers[0].exit_code, Some(code));
    }
    agent.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dependant_waits_for_health_and_volumes_are_shared() {
    let Some(engine) = engine().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine, &fresh_label(), folder.path());
    let mount = vec![AcsMountPoint {
        source_volume: "scratch".to_owned(),
        container_path: "/data".to_owned(),
        read_only: false,
    }];
    let check = r#"{"Healthcheck": {"Test": ["CMD-SHELL", "test -f /data/ready"], "Interval": 500000000,
        "Timeout": 2000000000, "Retries": 3}}"#;
    let db = AcsContainer {
        essential: false,
        mount_points: mount.clone(),
        docker_config: DockerConfig { config: Some(check.to_owned()), ..DockerConfig::default() },
        ..container("db", "sleep 1; echo from-db > /data/ready; sleep 300")
    };
    let app = AcsContainer {
        mount_points: mount,
        depends_on: vec![AcsDependency { container_name: "db".to_owned(), condition: "HEALTHY".to_owned() }],
        ..container("app", "test \"$(cat /data/ready)\" = from-db && exit 42")
    };
    let scratch = AcsVolume { name: "scratch".to_owned(), kind: "host".to_owned(), ..AcsVolume::default() };
    let given = AcsTask { volumes: vec![scratch], ..task(1, vec![app, db]) };
    let report = agent.runs_to_its_end(&given).await;
    assert_eq!(report.containers[0].exit_code, Some(42), "{report:?}");
    agent.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_containers_of_an_awsvpc_task_share_a_network_with_an_address() {
    let Some(engine) = engine().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine, &fresh_label(), folder.path());
    let server =
        AcsContainer { essential: false, ..container("server", "while true; do echo hello | nc -l -p 9000; done") };
    let client = AcsContainer {
        depends_on: vec![AcsDependency { container_name: "server".to_owned(), condition: "START".to_owned() }],
        ..container(
            "client",
            "until nc 127.0.0.1 9000 </dev/null > /tmp/a && test -s /tmp/a; do sleep 1; done; cat /tmp/a; sleep 300",
        )
    };
    let given = AcsTask { network_mode: Some("awsvpc".to_owned()), ..task(1, vec![client, server]) };
    agent.handle.payload(vec![given.clone()]).await.unwrap();
    let report = agent.report(&given, "RUNNING").await;
    let address = report.containers[0].address.clone().unwrap();
    assert!(address.parse::<std::net::Ipv4Addr>().is_ok(), "{address}");
    assert_eq!(report.containers.len(), 2);
    assert_eq!(agent.containers(&given).await.len(), 3);
    agent.handle.payload(vec![stopped(&given)]).await.unwrap();
    agent.report(&given, "STOPPED").await;
    for id in agent.containers(&given).await {
        let found = agent.engine.inspect(&id).await.unwrap();
        assert_eq!(found.state, RunState::Exited);
        if found.labels["com.amazonaws.ecs.container-name"].contains("pause") {
            assert_eq!(found.exit_code, Some(0), "the pause container ends on SIGTERM");
        }
    }
    agent.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_agent_finds_the_containers_of_the_old_one_and_what_became_of_them() {
    let Some(engine) = engine().await else { return };
    let (folder, label) = (tempfile::tempdir().unwrap(), fresh_label());
    let first = agent(&engine, &label, folder.path());
    let (lives, dies) = (task(1, vec![container("lives", "sleep 300")]), task(2, vec![container("dies", "sleep 300")]));
    first.handle.payload(vec![lives.clone(), dies.clone()]).await.unwrap();
    first.report(&lives, "RUNNING").await;
    let id = first.report(&dies, "RUNNING").await.containers[0].runtime_id.clone().unwrap();
    let before = first.containers(&lives).await;
    first.worker.abort();
    engine.stop(&id, Duration::ZERO).await.unwrap();
    let second = agent(&engine, &label, folder.path());
    let report = second.report(&dies, "STOPPED").await;
    assert_eq!(report.containers[0].exit_code, Some(137));
    assert_eq!(second.containers(&lives).await, before);
    let running = second.handle.running().await.unwrap();
    assert_eq!(running.len(), 1);
    assert_eq!(running[0].containers[0].health, HealthStatus::Unknown);
    second.ends().await;
}

/// A container whose lines go to a stream of its own.
fn shipped(name: &str, script: &str, options: &str) -> AcsContainer {
    let config = format!(
        r#"{{"LogConfig":{{"Type":"awslogs","Config":{{"awslogs-group":"g","awslogs-stream-prefix":"p"{options}}}}}}}"#
    );
    let docker_config = DockerConfig { host_config: Some(config), ..DockerConfig::default() };
    AcsContainer { docker_config, ..container(name, script) }
}

#[tokio::test]
async fn what_containers_write_is_shipped_whole_and_each_to_its_stream() {
    let Some(engine) = engine().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&engine, &fresh_label(), folder.path());
    let long = "head -c 40000 /dev/zero | busybox tr '\\0' x; echo";
    let task = task(
        60,
        vec![
            shipped("one", &format!("echo out; echo err >&2; {long}"), ""),
            shipped("two", "echo 'E a'; echo ' at b'; echo 'E c'", r#","awslogs-multiline-pattern":"^E""#),
        ],
    );
    agent.runs_to_its_end(&task).await;
    let lines = agent.shipped(5).await;
    let stream = |name: &str| format!("p/{name}/{:032x} ", 60);
    let of = |name: &str| {
        let stream = stream(name);
        let mut of: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix(&stream)).collect();
        of.sort_unstable();
        of
    };
    assert_eq!(of("one"), ["err", "out", "x".repeat(40_000).as_str()]);
    assert_eq!(of("two"), ["E a\n at b", "E c"]);
    agent.ends().await;
}

#[tokio::test]
async fn an_agent_that_is_killed_ships_on_where_it_was() {
    let Some(engine) = engine().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let label = fresh_label();
    // All that the first agent does ends with its runtime, as with a process that is killed.
    let process = tokio::runtime::Runtime::new().unwrap();
    let first = {
        let _inside = process.enter();
        agent(&engine, &label, folder.path())
    };
    let script = "i=0; while test $i -lt 300; do i=$((i+1)); echo $i; busybox usleep 5000; done";
    let task = task(61, vec![shipped("one", script, "")]);
    first.handle.payload(vec![task.clone()]).await.unwrap();
    first.shipped(50).await;
    process.shutdown_background();
    let second = agent(&engine, &label, folder.path());
    second.report(&task, "STOPPED").await;
    let after = second.shipped(1).await;
    let number = |line: &String| line.rsplit(' ').next().unwrap().parse::<u32>().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while second.lines.0.lock().unwrap().last().map(number) != Some(300) {
        assert!(Instant::now() < deadline, "the last line was never shipped");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(number(&after[0]) > 1, "what the first agent had shipped was shipped again");
    let mut numbers: Vec<u32> = first.lines.0.lock().unwrap().iter().map(number).collect();
    numbers.extend(second.lines.0.lock().unwrap().iter().map(number));
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (1..=300).collect::<Vec<_>>());
    second.ends().await;
}
