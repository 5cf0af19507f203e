//! Where the endpoint listens: 169.254.170.2, the address that the SDKs of AWS know.
//!
//! The engine is asked for a network of its own whose gateway has that address. So the host answers to it without a rule
//! of its firewall, and every container that has a network reaches it by its default route. It takes the agent to be in
//! the network of its host, as Amazon's agent is. Of several agents on one engine the first has port 80; each keeps the
//! port that it had, since containers that run were told of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;

use super::Address;
use crate::engine::{Engine, EngineError};
use crate::image::describe;
use crate::worker::Backoff;

const NETWORK: &str = "gantry-metadata";
const SUBNET: &str = "169.254.170.0/30";
const GATEWAY: Ipv4Addr = Ipv4Addr::new(169, 254, 170, 2);
const PORT: u16 = 80;
/// How often the network is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Why containers on this host have no endpoint.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    #[error("the engine does not give the host the address {GATEWAY}")]
    Network(#[source] EngineError),
    #[error("{GATEWAY} cannot be listened on; the agent must run in the network of its host")]
    Listen(#[source] std::io::Error),
    #[error("{path} cannot be used")]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// An endpoint that containers can be told of.
pub struct Endpoint {
    address: SocketAddr,
    /// Nothing while the port, which the agent had before, is somebody else's.
    listener: Option<TcpListener>,
}

impl Endpoint {
    /// Takes the address on the host of `engine`; the port is kept in `data_dir`.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub async fn open<E: Engine>(engine: &E, data_dir: &Path) -> Result<Self, EndpointError> {
        engine.ensure_network(NETWORK, SUBNET, &GATEWAY.to_string()).await.map_err(EndpointError::Network)?;
        let path = data_dir.join("metadata-port");
        if let Some(port) = remembered(&path)? {
            let address = SocketAddr::from((GATEWAY, port));
            return Ok(Self { address, listener: TcpListener::bind(address).await.ok() });
        }
        let listener = match TcpListener::bind((GATEWAY, PORT)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind((GATEWAY, 0)).await.map_err(EndpointError::Listen)?,
        };
        let address = listener.local_addr().map_err(EndpointError::Listen)?;
        std::fs::write(&path, address.port().to_string()).map_err(|source| EndpointError::File { path, source })?;
        Ok(Self { address, listener: Some(listener) })
    }

    /// Where containers reach it.
    #[must_use]
    pub fn address(&self) -> Address {
        let (ip, port) = (self.address.ip(), self.address.port());
        Address(if port == PORT { format!("http://{ip}") } else { format!("http://{ip}:{port}") })
    }

    /// Answers with `router` until it is dropped, and sees to it that the host keeps the address: a network that no
    /// container uses is removed when somebody cleans up.
    pub(crate) async fn serve<E: Engine>(self, router: Router, engine: &E) {
        tokio::join!(self.answer(router), keep_network(engine));
    }

    async fn answer(self, router: Router) {
        let mut pause = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));
        let mut listener = self.listener;
        loop {
            let bound = match listener.take() {
                Some(listener) => Ok(listener),
                None => TcpListener::bind(self.address).await,
            };
            let ended = match bound {
                Ok(listener) => axum::serve(listener, router.clone()).await,
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                tracing::warn!(address = %self.address, "the task metadata endpoint waits: {}", describe(&error));
            }
            pause.wait().await;
        }
    }
}

async fn keep_network<E: Engine>(engine: &E) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Err(error) = engine.ensure_network(NETWORK, SUBNET, &GATEWAY.to_string()).await {
            tracing::warn!("the network of the task metadata endpoint is not there: {}", describe(&error));
        }
    }
}

fn remembered(path: &Path) -> Result<Option<u16>, EndpointError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(EndpointError::File { path: path.to_owned(), source }),
    }
}
