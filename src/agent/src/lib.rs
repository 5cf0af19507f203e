//! The agent: makes a host's container engine run what the control plane wants, and says what came of it.
//!
//! The parts, from the inside out:
//! - [`task_machine`]: a task's life as a pure function, the heart; [`host`]: what of the host is promised to whom;
//! - [`worker`]: the actor that feeds the machines and has their actions carried out; [`image`], [`create`], [`pause`]:
//!   what these need; [`disk_state`]: what outlives the process;
//! - [`engine`]: the seam to Docker;
//! - [`join`]: how a host gets its key; [`transport`]: plain or TLS; [`session`]: registration and the two sockets;
//!   [`submit`]: reports; `skew`: a clock that is wrong; [`payload`]: from the wire to a task;
//! - `interruption`: the notice that the host is about to be taken away;
//! - [`logs`]: what containers write, on its way to where it is read;
//! - [`secrets`]: what containers are given and nobody sees;
//! - [`metadata`]: what containers may ask about themselves.
//!
//! It speaks the protocol of Amazon's ECS agent and needs no port that is open to other hosts. What it deliberately does not do: decide what
//! should run. Running containers are never touched because the agent or the control plane starts anew.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gantry_model::UnixMillis;

pub mod api;
mod capability;
pub mod config;
pub mod create;
pub mod disk_state;
pub mod engine;
pub mod host;
pub mod image;
mod interruption;
pub mod join;
pub mod logs;
pub mod metadata;
pub mod pause;
pub mod payload;
pub mod registration;
pub mod registry_token;
pub mod secrets;
pub mod session;
mod skew;
pub mod spec;
pub mod submit;
pub mod task_machine;
pub mod transport;
pub mod worker;

pub use config::AgentConfig;

use api::{Api, ServerError};
use create::Creator;
use disk_state::{DiskError, DiskState};
use engine::docker::{DEFAULT_HOST, DockerEngine};
use engine::{Engine, EngineError, EngineInfo};
use image::{Images, describe};
use logs::Shipping;
use logs::sink::ApiSink;
use metadata::{Endpoint, Source};
use registry_token::RegistryTokens;
use secrets::ApiSecrets;
use session::Sessions;
use submit::Submitter;
use worker::{Backoff, Clock, Parts, Worker};

/// Why an agent cannot run at all. What may pass by itself is waited for instead.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    #[error("the agent's state cannot be used")]
    Disk(#[from] DiskError),
    #[error("the control plane cannot be spoken to")]
    Server(#[from] ServerError),
}

/// Runs an agent until `shutdown`. Its containers go on.
///
/// # Errors
/// [`AgentError`] when it cannot run at all.
pub async fn run(config: AgentConfig, shutdown: impl Future<Output = ()> + Send) -> Result<(), AgentError> {
    tokio::select! {
        ended = work(config) => ended,
        () = shutdown => Ok(()),
    }
}

async fn work(config: AgentConfig) -> Result<(), AgentError> {
    let api = Api::new(&config, Arc::new(system_now))?;
    let clock: Clock = Arc::clone(&api.clock);
    let disk = DiskState::open(&config.data_dir)?;
    let (engine, info) = connect_patiently(config.docker_host.as_deref().unwrap_or(DEFAULT_HOST)).await;
    let engine = Arc::new(engine);
    let tokens = Arc::new(RegistryTokens::new(api.clone()));
    let cores = usize::try_from(info.cpus).unwrap_or(1);
    let metadata = open_metadata(engine.as_ref(), &config).await;
    let address = metadata.as_ref().map(Endpoint::address);
    let (worker, handle) = Worker::new(Parts {
        images: Images::new(Arc::clone(&engine), tokens, config.registry_hosts.clone()),
        logs: Shipping::new(Arc::clone(&engine), Arc::new(ApiSink(api.clone())), disk.clone()),
        secrets: Arc::new(ApiSecrets(api.clone())),
        engine: Arc::clone(&engine),
        reports: Arc::new(Submitter(api.clone())),
        creator: Creator { agent: config.container_label(), cpus: info.cpus, metadata: address },
        disk: disk.clone(),
        total: registration::total(&config, &info),
        parallel_starts: config.parallel_starts.unwrap_or(2 * cores),
        clock,
    });
    let source =
        Source { worker: handle.clone(), engine, api: api.clone(), availability_zone: config.availability_zone() };
    let notices = interruption::watch(api.clone(), config.cluster_name().to_owned(), disk.clone());
    let sessions = Sessions { config: Arc::new(config), api, engine: Arc::new(info), disk, worker: handle };
    tokio::select! {
        ended = worker.run() => Ok(ended?),
        () = sessions.run() => Ok(()),
        () = serve_metadata(metadata, source) => Ok(()),
        () = notices => Ok(()),
    }
}

/// A host without the endpoint runs tasks all the same; their containers are told of none.
async fn open_metadata<E: Engine>(engine: &E, config: &AgentConfig) -> Option<Endpoint> {
    match Endpoint::open(engine, &config.data_dir).await {
        Ok(endpoint) => Some(endpoint),
        Err(error) => {
            tracing::warn!("containers get no task metadata endpoint: {}", describe(&error));
            None
        }
    }
}

async fn serve_metadata<E: Engine>(endpoint: Option<Endpoint>, source: Source<E>) {
    match endpoint {
        Some(endpoint) => {
            let engine = Arc::clone(&source.engine);
            endpoint.serve(metadata::router(source), engine.as_ref()).await;
        }
        None => std::future::pending().await,
    }
}

/// Connects to the engine, however long it takes to come up.
async fn connect_patiently(host: &str) -> (DockerEngine, EngineInfo) {
    let mut pause = Backoff::new(Duration::from_millis(500), Duration::from_secs(5));
    loop {
        match connect(host).await {
            Ok(connected) => return connected,
            Err(error) => tracing::warn!(docker_host = host, "waiting for the container engine: {}", describe(&error)),
        }
        pause.wait().await;
    }
}

async fn connect(host: &str) -> Result<(DockerEngine, EngineInfo), EngineError> {
    let engine = DockerEngine::connect(host)?;
    let info = engine.info().await?;
    Ok((engine, info))
}

fn system_now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
