//! Shipping over an engine and a sink in memory.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::assemble::Event;
use super::*;
use crate::engine::RunState;
use crate::engine::fake::FakeEngine;
use crate::task_machine::tests::a_task;

/// Takes events, unless it was told to answer otherwise.
#[derive(Default)]
pub(crate) struct FakeSink {
    answers: Mutex<VecDeque<SinkError>>,
    taken: Mutex<Vec<String>>,
    prepared: Mutex<Vec<String>>,
}

impl FakeSink {
    fn answers(&self, error: SinkError) {
        self.answers.lock().unwrap().push_back(error);
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }

    fn answer(&self) -> Result<(), SinkError> {
        self.answers.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }
}

impl Sink for FakeSink {
    fn prepare(&self, target: &Target) -> BoxFuture<'_, Result<(), SinkError>> {
        self.prepared.lock().unwrap().push(format!("{}:{}", target.group, target.stream));
        std::future::ready(self.answer()).boxed()
    }

    fn put(&self, _: &Target, events: &[Event]) -> BoxFuture<'_, Result<(), SinkError>> {
        let answer = self.answer();
        if answer.is_ok() {
            self.taken.lock().unwrap().extend(events.iter().map(|event| event.message.clone()));
        }
        std::future::ready(answer).boxed()
    }
}

struct Host {
    engine: Arc<FakeEngine>,
    sink: Arc<FakeSink>,
    shipping: Arc<Shipping<FakeEngine>>,
    folder: tempfile::TempDir,
    task: Task,
}

/// A host with a task whose container `id` has ended and whose lines are shipped.
fn host() -> Host {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(FakeEngine::with_registry(&[]));
    engine.has("id", RunState::Exited);
    let mut task = a_task();
    task.containers[0].docker_id = Some("id".to_owned());
    task.spec.containers[0].name = "web".to_owned();
    task.spec.containers[0].host_config = serde_json::json!({ "LogConfig": {
        "Type": "awslogs",
        "Config": { "awslogs-group": "/ecs/web", "awslogs-stream-prefix": "blue" }
    } });
    let sink = Arc::new(FakeSink::default());
    let shipping = shipping(&engine, &sink, &folder);
    Host { engine, sink, shipping, folder, task }
}

fn shipping(engine: &Arc<FakeEngine>, sink: &Arc<FakeSink>, folder: &tempfile::TempDir) -> Arc<Shipping<FakeEngine>> {
    let disk = DiskState::open(folder.path()).unwrap();
    Shipping::new(Arc::clone(engine), Arc::clone(sink) as Arc<dyn Sink>, disk)
}

impl Host {
    async fn ship(&self) {
        self.shipping.follow(&self.task, 0);
        tokio::time::timeout(Duration::from_secs(60), self.shipping.drained("id")).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_container_wrote_is_shipped_in_its_order() {
    let host = host();
    for (second, line) in [(1, "a"), (1, "b"), (2, "c")] {
        host.engine.writes("id", second, line);
    }
    host.ship().await;
    assert_eq!(host.sink.taken(), ["a", "b", "c"]);
}

#[tokio::test]
async fn an_agent_that_starts_anew_goes_on_where_it_was() {
    let host = host();
    host.engine.writes("id", 1, "a");
    host.engine.writes("id", 1, "b");
    host.ship().await;
    host.engine.writes("id", 1, "c");
    host.engine.writes("id", 3, "d");
    let again = Host { shipping: shipping(&host.engine, &host.sink, &host.folder), ..host };
    again.ship().await;
    assert_eq!(again.sink.taken(), ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn lines_wait_for_a_control_plane_that_is_away() {
    let host = host();
    host.engine.writes("id", 1, "a");
    for _ in 0..3 {
        host.sink.answers(SinkError::Later("away".to_owned()));
    }
    host.ship().await;
    assert_eq!(host.sink.taken(), ["a"]);
}

#[tokio::test]
async fn an_engine_that_restarts_is_asked_again() {
    let host = host();
    host.engine.writes("id", 1, "a");
    host.engine.fails("logs", crate::engine::EngineError::Unreachable("restarting".into()));
    host.ship().await;
    assert_eq!(host.sink.taken(), ["a"]);
}

#[tokio::test]
async fn a_stream_that_was_deleted_is_made_again() {
    let host = host();
    host.engine.writes("id", 1, "a");
    host.sink.answers(SinkError::Missing("gone".to_owned()));
    host.ship().await;
    assert_eq!(host.sink.taken(), ["a"]);
    let task_id = host.task.spec.arn.rsplit('/').next().unwrap();
    assert_eq!(*host.sink.prepared.lock().unwrap(), [format!("/ecs/web:blue/web/{task_id}")]);
}

#[tokio::test]
async fn what_is_refused_for_good_does_not_hold_up_what_follows() {
    let host = host();
    host.engine.writes("id", 1, "a");
    host.sink.answers(SinkError::Refused("no".to_owned()));
    host.ship().await;
    host.engine.writes("id", 2, "b");
    host.ship().await;
    assert_eq!(host.sink.taken(), ["b"]);
}

#[tokio::test]
async fn a_container_without_its_group_cannot_start_and_one_without_a_control_plane_can() {
    let host = host();
    host.sink.answers(SinkError::Missing("ResourceNotFoundException: no group".to_owned()));
    let reason = host.shipping.prepare(&host.task, 0).await.unwrap_err();
    assert!(
        reason.ends_with("failed to create Cloudwatch log stream: ResourceNotFoundException: no group"),
        "{reason}"
    );
    host.sink.answers(SinkError::Later("away".to_owned()));
    assert_eq!(host.shipping.prepare(&host.task, 0).await, Ok(()));
}

#[tokio::test]
async fn a_container_with_another_driver_is_left_to_the_engine() {
    let mut host = host();
    host.task.spec.containers[0].host_config = serde_json::json!({ "LogConfig": { "Type": "json-file" } });
    host.shipping.follow(&host.task, 0);
    assert_eq!(host.engine.count("logs"), 0);
    assert_eq!(host.shipping.prepare(&host.task, 0).await, Ok(()));
}
