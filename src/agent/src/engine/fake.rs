//! An engine in memory for tests: does what it is told, fails when it is told to, and counts what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bollard::models::{ContainerCreateBody, ContainerInspectResponse};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use gantry_model::task::HealthStatus;
use serde_json::Value;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

use super::{
    AGENT_LABEL, Engine, EngineError, EngineEvent, EngineEventKind, EngineInfo, Inspected, Listed, LocalImage,
    RegistryAuth, RunState,
};

/// The engine.
pub(crate) struct FakeEngine {
    state: Mutex<State>,
    events: Mutex<broadcast::Sender<EngineEvent>>,
}

#[derive(Default)]
struct State {
    containers: BTreeMap<String, Inspected>,
    names: BTreeMap<String, String>,
    /// Containers that ignore SIGTERM: they are stopped by [`FakeEngine::exits`] only.
    stubborn: Vec<String>,
    images: BTreeMap<String, LocalImage>,
    /// What the registry has, by reference.
    registry: BTreeMap<String, String>,
    /// Errors that calls answer, by the call's name, before they work again.
    failures: BTreeMap<&'static str, VecDeque<EngineError>>,
    /// What containers wrote, by id: lines with their seconds.
    written: BTreeMap<String, Vec<(i64, String)>>,
    calls: Vec<String>,
    /// What containers were created with, by name.
    bodies: BTreeMap<String, ContainerCreateBody>,
    /// What each pull signed in with.
    signed_in: Vec<Option<RegistryAuth>>,
    down: bool,
    loses_create: bool,
}

impl FakeEngine {
    /// An engine whose registry has `images`.
    pub(crate) fn with_registry(images: &[(&str, &str)]) -> Self {
        let registry = images.iter().map(|&(reference, digest)| (reference.to_owned(), digest.to_owned())).collect();
        let state = Mutex::new(State { registry, ..State::default() });
        Self { state, events: Mutex::new(broadcast::channel(256).0) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next call of `call` answers `error`.
    pub(crate) fn fails(&self, call: &'static str, error: EngineError) {
        self.state().failures.entry(call).or_default().push_back(error);
    }

    /// The next container is made, but its maker gets no answer.
    pub(crate) fn loses_the_answer_of_create(&self) {
        self.state().loses_create = true;
    }

    /// What the container of which `part` is in the name was created with.
    pub(crate) fn created_with(&self, part: &str) -> Option<ContainerCreateBody> {
        self.state().bodies.iter().find(|(name, _)| name.contains(part)).map(|(_, body)| body.clone())
    }

    /// What the last pull signed in with.
    pub(crate) fn signed_in(&self) -> Option<RegistryAuth> {
        self.state().signed_in.last().cloned().flatten()
    }

    /// Moves a tag in the registry.
    pub(crate) fn pushed(&self, reference: &str, digest: &str) {
        self.state().registry.insert(reference.to_owned(), digest.to_owned());
    }

    /// The engine stops answering, and its event stream ends.
    pub(crate) fn goes_down(&self) {
        self.state().down = true;
        *self.events.lock().unwrap_or_else(PoisonError::into_inner) = broadcast::channel(256).0;
    }

    pub(crate) fn comes_back(&self) {
        self.state().down = false;
    }

    /// The container called `name` ends.
    pub(crate) fn exits(&self, name: &str, code: i64) {
        let id = {
            let mut state = self.state();
            let id = state.names.iter().find(|(n, _)| n.contains(name)).map(|(_, id)| id.clone()).unwrap();
            let container = state.containers.get_mut(&id).unwrap();
            container.state = RunState::Exited;
            container.exit_code = Some(code);
            id
        };
        self.tell(EngineEvent { container_id: id, kind: EngineEventKind::Died { exit_code: Some(code) } });
    }

    /// The container with the id `id` writes a line in a second.
    pub(crate) fn writes(&self, id: &str, second: i64, line: &str) {
        self.state().written.entry(id.to_owned()).or_default().push((second, line.to_owned()));
    }

    /// There is a container with the id `id`.
    pub(crate) fn has(&self, id: &str, run: RunState) {
        let container = Inspected {
            id: id.to_owned(),
            labels: BTreeMap::new(),
            state: run,
            exit_code: None,
            out_of_memory: false,
            health: HealthStatus::Unknown,
            ports: Vec::new(),
            address: None,
        };
        self.state().containers.insert(id.to_owned(), container);
    }

    /// The container called `name` ignores SIGTERM from now on.
    pub(crate) fn is_stubborn(&self, name: &str) {
        let mut state = self.state();
        let id = state.names.iter().find(|(n, _)| n.contains(name)).map(|(_, id)| id.clone()).unwrap();
        state.stubborn.push(id);
    }

    pub(crate) fn becomes(&self, name: &str, health: HealthStatus) {
        let id = {
            let mut state = self.state();
            let id = state.names.iter().find(|(n, _)| n.contains(name)).map(|(_, id)| id.clone()).unwrap();
            state.containers.get_mut(&id).unwrap().health = health;
            id
        };
        self.tell(EngineEvent { container_id: id, kind: EngineEventKind::Health(health) });
    }

    /// How often `call` was made.
    pub(crate) fn count(&self, call: &str) -> usize {
        self.state().calls.iter().filter(|c| *c == call).count()
    }

    /// How many containers there are in `run`.
    pub(crate) fn containers_in(&self, run: RunState) -> usize {
        self.state().containers.values().filter(|c| c.state == run).count()
    }

    fn tell(&self, event: EngineEvent) {
        _ = self.events.lock().unwrap_or_else(PoisonError::into_inner).send(event);
    }

    /// Notes the call, and answers the error that it is to fail with.
    fn called(&self, call: &'static str) -> Result<MutexGuard<'_, State>, EngineError> {
        let mut state = self.state();
        state.calls.push(call.to_owned());
        if state.down {
            return Err(EngineError::Unreachable("down".into()));
        }
        match state.failures.get_mut(call).and_then(VecDeque::pop_front) {
            Some(error) => Err(error),
            None => Ok(state),
        }
    }
}

fn missing(id: &str) -> EngineError {
    EngineError::NotFound(format!("No such container: {id}"))
}

impl Engine for FakeEngine {
    async fn info(&self) -> Result<EngineInfo, EngineError> {
        drop(self.called("info")?);
        Ok(EngineInfo {
            id: "FAKE".to_owned(),
            version: "20.10.24".to_owned(),
            api_version: "1.41".to_owned(),
            cpus: 2,
            memory_mib: 4096,
            os_type: "linux".to_owned(),
            architecture: "x86_64".to_owned(),
            log_drivers: vec!["json-file".to_owned(), "awslogs".to_owned()],
            volume_drivers: vec!["local".to_owned()],
        })
    }

    async fn image(&self, reference: &str) -> Result<Option<LocalImage>, EngineError> {
        Ok(self.called("image")?.images.get(reference).cloned())
    }

    async fn registry_digest(&self, reference: &str, _: Option<RegistryAuth>) -> Result<String, EngineError> {
        let state = self.called("registry_digest")?;
        state.registry.get(reference).cloned().ok_or_else(|| EngineError::NotFound("manifest unknown".to_owned()))
    }

    async fn pull(&self, reference: &str, auth: Option<RegistryAuth>) -> Result<(), EngineError> {
        // Others get a turn, as they do while the network is waited for.
        tokio::task::yield_now().await;
        let mut state = self.called("pull")?;
        state.signed_in.push(auth);
        let digest = state.registry.get(reference).cloned();
        let digest = digest.ok_or_else(|| EngineError::NotFound(format!("manifest for {reference} not found")))?;
        let repository = reference.rsplit_once(':').map_or(reference, |(repository, _)| repository);
        let image = LocalImage { id: digest.clone(), repo_digests: vec![format!("{repository}@{digest}")] };
        state.images.insert(reference.to_owned(), image);
        Ok(())
    }

    async fn import(&self, repository: &str, tag: &str, _: Vec<u8>) -> Result<(), EngineError> {
        self.called("import")?.images.insert(format!("{repository}:{tag}"), LocalImage::default());
        Ok(())
    }

    async fn create(&self, name: &str, body: ContainerCreateBody) -> Result<String, EngineError> {
        let mut state = self.called("create")?;
        if let Some(id) = state.names.get(name) {
            return Err(EngineError::Conflict(format!("the name {name} is in use by {id}")));
        }
        let id = format!("id-{name}");
        state.names.insert(name.to_owned(), id.clone());
        state.bodies.insert(name.to_owned(), body.clone());
        let container = Inspected {
            id: id.clone(),
            labels: body.labels.unwrap_or_default().into_iter().collect(),
            state: RunState::Created,
            exit_code: None,
            out_of_memory: false,
            health: HealthStatus::Unknown,
            ports: Vec::new(),
            address: Some("10.0.0.2".to_owned()),
        };
        state.containers.insert(id.clone(), container);
        if std::mem::take(&mut state.loses_create) {
            return Err(EngineError::Unreachable("connection reset".into()));
        }
        Ok(id)
    }

    async fn start(&self, id: &str) -> Result<(), EngineError> {
        let mut state = self.called("start")?;
        let container = state.containers.get_mut(id).ok_or_else(|| missing(id))?;
        container.state = RunState::Running;
        container.exit_code = None;
        Ok(())
    }

    async fn stop(&self, id: &str, _: Duration) -> Result<(), EngineError> {
        let mut state = self.called("stop")?;
        if state.stubborn.iter().any(|s| s == id) {
            return Ok(());
        }
        let container = state.containers.get_mut(id).ok_or_else(|| missing(id))?;
        if container.state == RunState::Running {
            container.state = RunState::Exited;
            container.exit_code = Some(143);
        }
        Ok(())
    }

    async fn remove(&self, id: &str) -> Result<(), EngineError> {
        let mut state = self.called("remove")?;
        state.containers.remove(id);
        state.names.retain(|_, other| other != id);
        Ok(())
    }

    async fn has_volume(&self, _: &str) -> Result<bool, EngineError> {
        drop(self.called("has_volume")?);
        Ok(false)
    }

    async fn remove_volume(&self, _: &str) -> Result<(), EngineError> {
        drop(self.called("remove_volume")?);
        Ok(())
    }

    async fn inspect(&self, id: &str) -> Result<Inspected, EngineError> {
        let state = self.called("inspect")?;
        let id = state.names.get(id).map_or(id, String::as_str);
        state.containers.get(id).cloned().ok_or_else(|| missing(id))
    }

    async fn inspect_whole(&self, id: &str) -> Result<ContainerInspectResponse, EngineError> {
        let found = self.inspect(id).await?;
        Ok(ContainerInspectResponse { id: Some(found.id), ..Default::default() })
    }

    async fn stats(&self, id: &str) -> Result<Value, EngineError> {
        Ok(serde_json::json!({ "id": self.inspect(id).await?.id }))
    }

    async fn logs(
        &self,
        id: &str,
        since_s: i64,
    ) -> Result<BoxStream<'static, Result<Bytes, EngineError>>, EngineError> {
        let state = self.called("logs")?;
        let written = state.written.get(id).cloned().unwrap_or_default();
        let since = written.into_iter().filter(move |(second, _)| *second >= since_s);
        let lines = since.map(|(second, text)| Ok(Bytes::from(format!("1970-01-01T00:00:{second:02}Z {text}\n"))));
        Ok(futures_util::stream::iter(lines.collect::<Vec<_>>()).boxed())
    }

    async fn ensure_network(&self, _name: &str, _subnet: &str, _gateway: &str) -> Result<(), EngineError> {
        self.called("ensure_network").map(|_| ())
    }

    async fn list(&self, agent: &str) -> Result<Vec<Listed>, EngineError> {
        let state = self.called("list")?;
        let ours = |c: &&Inspected| c.labels.get(AGENT_LABEL).is_some_and(|label| label == agent);
        let listed = |c: &Inspected| Listed { id: c.id.clone(), labels: c.labels.clone(), state: c.state };
        Ok(state.containers.values().filter(ours).map(listed).collect())
    }

    async fn events(&self, _: &str) -> Result<BoxStream<'static, Result<EngineEvent, EngineError>>, EngineError> {
        drop(self.called("events")?);
        let receiver = self.events.lock().unwrap_or_else(PoisonError::into_inner).subscribe();
        let events = BroadcastStream::new(receiver);
        Ok(events.map(|event| event.map_err(|e| EngineError::Unreachable(Box::new(e)))).boxed())
    }
}
