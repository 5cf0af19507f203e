//! The Docker Engine, over its API.
//!
//! The version is negotiated once a connection; nothing newer than API 1.41 (Docker 20.10) is used. The client holds no
//! connection between calls, so a restarted daemon is found again without doing anything.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::auth::DockerCredentials;
use bollard::container::LogOutput;
use bollard::errors::Error as DockerError;
use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, ContainerState, ContainerSummary, ContainerSummaryStateEnum,
    EventMessage, HealthStatusEnum, Ipam, IpamConfig, NetworkCreateRequest, NetworkSettings,
};
use bollard::query_parameters::{
    CreateContainerOptions, CreateImageOptions, EventsOptions, InspectContainerOptions, InspectNetworkOptions,
    ListContainersOptions, LogsOptions, RemoveContainerOptions, RemoveVolumeOptions, StartContainerOptions,
    StatsOptions, StopContainerOptions,
};
use bollard::{ClientVersion, Docker};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use gantry_model::task::HealthStatus;
use serde_json::Value;

use super::{
    AGENT_LABEL, Engine, EngineError, EngineEvent, EngineEventKind, EngineInfo, Inspected, Listed, LocalImage,
    PublishedPort, RegistryAuth, RunState,
};

/// Where the engine listens unless the operator says otherwise.
pub const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

/// The API version that is spoken. Engines from Docker 20.10 on understand it.
const API_VERSION: ClientVersion = ClientVersion { major_version: 1, minor_version: 41 };
/// The longest that a call may be silent, in seconds; a stop may take its timeout on top.
const CALL_TIMEOUT_S: u64 = 120;
/// A pull that makes no progress for this long has failed.
const PULL_INACTIVITY: Duration = Duration::from_mins(1);
/// The longest that a pull may take.
const PULL_TIMEOUT: Duration = Duration::from_hours(2);

/// A Docker Engine.
#[derive(Clone)]
pub struct DockerEngine {
    docker: Docker,
}

impl DockerEngine {
    /// The engine at `host`: `unix://PATH`, `tcp://HOST:PORT` or `http://HOST:PORT`.
    ///
    /// # Errors
    /// [`EngineError::Unreachable`] when there is no such socket, [`EngineError::Refused`] for another kind of address.
    pub fn connect(host: &str) -> Result<Self, EngineError> {
        let docker = if host.starts_with("tcp://") || host.starts_with("http://") {
            Docker::connect_with_http(host, CALL_TIMEOUT_S, &API_VERSION)
        } else if host.starts_with("unix://") || host.starts_with('/') {
            Docker::connect_with_unix(host, CALL_TIMEOUT_S, &API_VERSION)
        } else {
            return Err(EngineError::Refused(format!("{host} is not a unix://, tcp:// or http:// address")));
        };
        Ok(Self { docker: docker.map_err(failure)? })
    }
}

impl Engine for DockerEngine {
    async fn info(&self) -> Result<EngineInfo, EngineError> {
        let info = self.docker.info().await.map_err(failure)?;
        let version = self.docker.version().await.map_err(failure)?;
        let plugins = info.plugins.unwrap_or_default();
        Ok(EngineInfo {
            id: info.id.unwrap_or_default(),
            version: info.server_version.unwrap_or_default(),
            api_version: version.api_version.unwrap_or_default(),
            cpus: info.ncpu.and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
            memory_mib: info.mem_total.and_then(|bytes| u32::try_from(bytes / (1024 * 1024)).ok()).unwrap_or_default(),
            os_type: info.os_type.unwrap_or_default(),
            architecture: info.architecture.unwrap_or_default(),
            log_drivers: plugins.log.unwrap_or_default(),
            volume_drivers: plugins.volume.unwrap_or_default(),
        })
    }

    async fn image(&self, reference: &str) -> Result<Option<LocalImage>, EngineError> {
        match self.docker.inspect_image(reference).await {
            Ok(image) => Ok(Some(LocalImage {
                id: image.id.unwrap_or_default(),
                repo_digests: image.repo_digests.unwrap_or_default(),
            })),
            Err(DockerError::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }

    async fn registry_digest(&self, reference: &str, auth: Option<RegistryAuth>) -> Result<String, EngineError> {
        let credentials = auth.map(credentials);
        let image = self.docker.inspect_registry_image(reference, credentials).await.map_err(failure)?;
        image
            .descriptor
            .digest
            .ok_or_else(|| EngineError::Refused(format!("the registry gave no digest of {reference}")))
    }

    async fn pull(&self, reference: &str, auth: Option<RegistryAuth>) -> Result<(), EngineError> {
        let (image, tag) = split_reference(reference);
        let options = CreateImageOptions {
            from_image: Some(image.to_owned()),
            tag: tag.map(str::to_owned),
            ..Default::default()
        };
        let mut progress = self.docker.create_image(Some(options), None, auth.map(credentials));
        let whole = async {
            loop {
                match tokio::time::timeout(PULL_INACTIVITY, progress.try_next()).await {
                    Ok(Ok(Some(_))) => {}
                    Ok(Ok(None)) => return Ok(()),
                    Ok(Err(error)) => return Err(failure(error)),
                    Err(_) => return Err(EngineError::TimedOut { to: "pulled", after: PULL_INACTIVITY }),
                }
            }
        };
        let timed_out = |_| EngineError::TimedOut { to: "pulled", after: PULL_TIMEOUT };
        tokio::time::timeout(PULL_TIMEOUT, whole).await.map_err(timed_out)?
    }

    async fn import(&self, repository: &str, tag: &str, layer: Vec<u8>) -> Result<(), EngineError> {
        let options = CreateImageOptions {
            from_src: Some("-".to_owned()),
            repo: Some(repository.to_owned()),
            tag: Some(tag.to_owned()),
            ..Default::default()
        };
        let body = bollard::body_full(layer.into());
        self.docker
            .create_image(Some(options), Some(body), None)
            .try_for_each(|_| async { Ok(()) })
            .await
            .map_err(failure)
    }

    async fn create(&self, name: &str, body: ContainerCreateBody) -> Result<String, EngineError> {
        let options = CreateContainerOptions { name: Some(name.to_owned()), ..Default::default() };
        let created = self.docker.create_container(Some(options), body).await.map_err(failure)?;
        Ok(created.id)
    }

    async fn start(&self, id: &str) -> Result<(), EngineError> {
        unless_not_modified(self.docker.start_container(id, None::<StartContainerOptions>).await)
    }

    async fn stop(&self, id: &str, timeout: Duration) -> Result<(), EngineError> {
        let seconds = i32::try_from(timeout.as_secs()).unwrap_or(i32::MAX);
        let options = StopContainerOptions { t: Some(seconds), ..Default::default() };
        let patient = self.docker.clone().with_timeout(timeout + Duration::from_secs(CALL_TIMEOUT_S));
        unless_not_modified(patient.stop_container(id, Some(options)).await)
    }

    async fn remove(&self, id: &str) -> Result<(), EngineError> {
        let options = RemoveContainerOptions { v: true, force: true, link: false };
        unless_gone(self.docker.remove_container(id, Some(options)).await)
    }

    async fn has_volume(&self, name: &str) -> Result<bool, EngineError> {
        match self.docker.inspect_volume(name).await.map_err(failure) {
            Ok(_) => Ok(true),
            Err(EngineError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        unless_gone(self.docker.remove_volume(name, Some(RemoveVolumeOptions { force: true })).await)
    }

    async fn inspect(&self, id: &str) -> Result<Inspected, EngineError> {
        Ok(inspected(self.inspect_whole(id).await?))
    }

    async fn inspect_whole(&self, id: &str) -> Result<ContainerInspectResponse, EngineError> {
        self.docker.inspect_container(id, None::<InspectContainerOptions>).await.map_err(failure)
    }

    async fn stats(&self, id: &str) -> Result<Value, EngineError> {
        // Two readings, so that the answer has the one before, of which rates are made.
        let options = StatsOptions { stream: false, one_shot: false };
        let stats = self.docker.stats(id, Some(options)).try_next().await.map_err(failure)?;
        serde_json::to_value(stats)
            .map_err(|e| EngineError::Refused(format!("the statistics of {id} do not read: {e}")))
    }

    async fn logs(
        &self,
        id: &str,
        since_s: i64,
    ) -> Result<BoxStream<'static, Result<Bytes, EngineError>>, EngineError> {
        let options = LogsOptions {
            follow: true,
            stdout: true,
            stderr: true,
            since: i32::try_from(since_s).unwrap_or_default(),
            timestamps: true,
            tail: "all".to_owned(),
            ..Default::default()
        };
        let output = self.docker.logs(id, Some(options));
        Ok(output.map(|output| output.map(LogOutput::into_bytes).map_err(failure)).boxed())
    }

    async fn ensure_network(&self, name: &str, subnet: &str, gateway: &str) -> Result<(), EngineError> {
        match self.docker.inspect_network(name, None::<InspectNetworkOptions>).await.map_err(failure) {
            Ok(_) => return Ok(()),
            Err(EngineError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        let range =
            IpamConfig { subnet: Some(subnet.to_owned()), gateway: Some(gateway.to_owned()), ..Default::default() };
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            ipam: Some(Ipam { config: Some(vec![range]), ..Default::default() }),
            ..Default::default()
        };
        match self.docker.create_network(request).await.map_err(failure) {
            // Another agent of the same engine was quicker.
            Err(EngineError::Conflict(_)) => Ok(()),
            made => made.map(|_| ()),
        }
    }

    async fn list(&self, agent: &str) -> Result<Vec<Listed>, EngineError> {
        let filters = HashMap::from([("label".to_owned(), vec![format!("{AGENT_LABEL}={agent}")])]);
        let options = ListContainersOptions { all: true, filters: Some(filters), ..Default::default() };
        let found = self.docker.list_containers(Some(options)).await.map_err(failure)?;
        Ok(found.into_iter().map(listed).collect())
    }

    async fn events(&self, agent: &str) -> Result<BoxStream<'static, Result<EngineEvent, EngineError>>, EngineError> {
        // A call that is answered proves that the daemon is there: the stream itself says nothing until something happens.
        self.docker.ping().await.map_err(failure)?;
        let wanted = |key: &str, values: &[&str]| (key.to_owned(), values.iter().map(|&v| v.to_owned()).collect());
        let filters = HashMap::from([
            wanted("type", &["container"]),
            wanted("event", &["die", "destroy", "health_status"]),
            wanted("label", &[&format!("{AGENT_LABEL}={agent}")]),
        ]);
        // The request goes out with the first read of the stream; what happens until then is asked for by its time.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string();
        let options = EventsOptions { since: Some(since), filters: Some(filters), ..Default::default() };
        let stream = self.docker.events(Some(options));
        let events = stream.filter_map(|message| async move {
            match message {
                Ok(message) => event(message).map(Ok),
                Err(error) => Some(Err(failure(error))),
            }
        });
        Ok(events.boxed())
    }
}

/// What a failure of the client means. The engine's own words are kept, with its usual preface.
fn failure(error: DockerError) -> EngineError {
    let said = |message: &str| format!("Error response from daemon: {message}");
    match error {
        DockerError::DockerResponseServerError { status_code: 404, message } => EngineError::NotFound(said(&message)),
        DockerError::DockerResponseServerError { status_code: 409, message } => EngineError::Conflict(said(&message)),
        DockerError::DockerResponseServerError { message, .. } => EngineError::Refused(said(&message)),
        DockerError::DockerStreamError { error } => EngineError::Refused(said(&error)),
        DockerError::IOError { .. }
        | DockerError::HyperResponseError { .. }
        | DockerError::HyperLegacyError { .. }
        | DockerError::SocketNotFoundError(_)
        | DockerError::RequestTimeoutError => EngineError::Unreachable(Box::new(error)),
        other => EngineError::Refused(other.to_string()),
    }
}

/// Starting what runs and stopping what stands still is answered "not modified": it is as it was asked to be.
fn unless_not_modified(answer: Result<(), DockerError>) -> Result<(), EngineError> {
    match answer {
        Ok(()) | Err(DockerError::DockerResponseServerError { status_code: 304, .. }) => Ok(()),
        Err(error) => Err(failure(error)),
    }
}

/// Removing what is gone, or is being removed by somebody else, is done.
fn unless_gone(answer: Result<(), DockerError>) -> Result<(), EngineError> {
    match answer.map_err(failure) {
        Err(EngineError::NotFound(_)) => Ok(()),
        Err(EngineError::Conflict(said)) if said.contains("already in progress") => Ok(()),
        other => other,
    }
}

fn credentials(auth: RegistryAuth) -> DockerCredentials {
    DockerCredentials {
        username: Some(auth.username),
        password: Some(auth.password),
        serveraddress: Some(auth.server),
        ..Default::default()
    }
}

/// The repository and the tag or digest of a reference; without either the tag is `latest`.
fn split_reference(reference: &str) -> (&str, Option<&str>) {
    if reference.contains('@') {
        return (reference, None);
    }
    match reference.rsplit_once(':') {
        Some((image, tag)) if !tag.contains('/') => (image, Some(tag)),
        _ => (reference, Some("latest")),
    }
}

fn listed(found: ContainerSummary) -> Listed {
    let state = match found.state {
        Some(ContainerSummaryStateEnum::CREATED) => RunState::Created,
        Some(
            ContainerSummaryStateEnum::RUNNING
            | ContainerSummaryStateEnum::PAUSED
            | ContainerSummaryStateEnum::RESTARTING
            | ContainerSummaryStateEnum::STOPPING,
        ) => RunState::Running,
        _ => RunState::Exited,
    };
    Listed { id: found.id.unwrap_or_default(), labels: found.labels.unwrap_or_default().into_iter().collect(), state }
}

fn inspected(found: ContainerInspectResponse) -> Inspected {
    let labels = found.config.and_then(|c| c.labels).unwrap_or_default().into_iter().collect::<BTreeMap<_, _>>();
    let state = found.state.unwrap_or_default();
    let network = found.network_settings.unwrap_or_default();
    let run_state = run_state(&state);
    Inspected {
        id: found.id.unwrap_or_default(),
        labels,
        state: run_state,
        exit_code: state.exit_code.filter(|_| run_state == RunState::Exited),
        out_of_memory: state.oom_killed.unwrap_or_default(),
        health: state.health.and_then(|h| h.status).map_or(HealthStatus::Unknown, health),
        address: network.networks.iter().flatten().filter_map(|(_, n)| n.ip_address.clone()).find(|a| !a.is_empty()),
        ports: published_ports(&network),
    }
}

fn run_state(state: &ContainerState) -> RunState {
    // The engine writes the zero of its clock for "never".
    let never_ran = state.started_at.as_deref().is_none_or(|at| at.is_empty() || at.starts_with("0001-"));
    if state.running.unwrap_or_default() {
        RunState::Running
    } else if never_ran {
        RunState::Created
    } else {
        RunState::Exited
    }
}

fn published_ports(network: &NetworkSettings) -> Vec<PublishedPort> {
    let mut ports = Vec::new();
    for (port, bindings) in network.ports.iter().flatten() {
        let Some((number, protocol)) = port.split_once('/') else { continue };
        for binding in bindings.iter().flatten() {
            let host_port = binding.host_port.as_deref().and_then(|p| p.parse().ok());
            let (Ok(container_port), Some(host_port)) = (number.parse(), host_port) else { continue };
            let host_ip = binding.host_ip.clone().filter(|ip| !ip.is_empty()).unwrap_or_else(|| "0.0.0.0".to_owned());
            ports.push(PublishedPort { container_port, protocol: protocol.to_owned(), host_ip, host_port });
        }
    }
    ports.sort_by(|a, b| (a.container_port, &a.protocol, &a.host_ip).cmp(&(b.container_port, &b.protocol, &b.host_ip)));
    ports
}

fn health(status: HealthStatusEnum) -> HealthStatus {
    match status {
        HealthStatusEnum::HEALTHY => HealthStatus::Healthy,
        HealthStatusEnum::UNHEALTHY => HealthStatus::Unhealthy,
        _ => HealthStatus::Unknown,
    }
}

fn event(message: EventMessage) -> Option<EngineEvent> {
    let actor = message.actor?;
    let attributes = actor.attributes.unwrap_or_default();
    let kind = match message.action?.as_str() {
        "die" => EngineEventKind::Died { exit_code: attributes.get("exitCode").and_then(|code| code.parse().ok()) },
        "destroy" => EngineEventKind::Destroyed,
        "health_status: healthy" => EngineEventKind::Health(HealthStatus::Healthy),
        "health_status: unhealthy" => EngineEventKind::Health(HealthStatus::Unhealthy),
        _ => return None,
    };
    Some(EngineEvent { container_id: actor.id?, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_split_into_repository_and_tag() {
        for (reference, expected) in [
            ("busybox", ("busybox", Some("latest"))),
            ("busybox:1", ("busybox", Some("1"))),
            ("host:5000/team/app", ("host:5000/team/app", Some("latest"))),
            ("host:5000/team/app:2", ("host:5000/team/app", Some("2"))),
            ("host:5000/app@sha256:00", ("host:5000/app@sha256:00", None)),
        ] {
            assert_eq!(split_reference(reference), expected, "{reference}");
        }
    }
}
