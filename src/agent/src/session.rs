//! The agent's standing with the control plane: registered, then connected by two sockets, for as long as it runs.
//!
//! Every loop here ends only with the agent. A control plane that is away is tried again; one that does not know this
//! host any more (it was reset, say) is registered with anew; one that says the host was deregistered is left alone for
//! long, for that was somebody's wish. Meanwhile the worker goes on: what runs needs nobody to keep running.

use std::sync::Arc;
use std::time::Duration;

use gantry_model::{Arn, Resource};
use gantry_wire::schema::Service;
use gantry_wire::shapes::ecs::{DiscoverPollEndpointRequest, DiscoverPollEndpointResponse};
use tokio::time::Instant;

use crate::api::{Api, CallError};
use crate::config::AgentConfig;
use crate::disk_state::DiskState;
use crate::engine::EngineInfo;
use crate::image::describe;
use crate::registration;
use crate::worker::{Backoff, WorkerGone, WorkerHandle};

mod acs;
mod socket;
mod tcs;

use socket::SocketError;

/// How long a host that was deregistered waits before it asks again (Amazon's agent: an hour).
const INACTIVE_PAUSE: Duration = Duration::from_hours(1);
/// A session that lasted this long was a good one: the next is tried at once.
const GOOD_SESSION: Duration = Duration::from_secs(5);

/// What the sessions of one agent share.
#[derive(Clone)]
pub struct Sessions {
    pub config: Arc<AgentConfig>,
    pub api: Api,
    pub engine: Arc<EngineInfo>,
    pub disk: DiskState,
    pub worker: WorkerHandle,
}

/// The container instance that the agent is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Instance {
    arn: String,
    cluster_arn: String,
}

/// Why a session ended.
#[derive(Debug)]
enum End {
    /// The server closed it, as it does now and then.
    Closed,
    /// The server does not know this host.
    Unknown,
    /// The host was deregistered.
    Inactive,
    WorkerGone,
}

#[derive(Debug, thiserror::Error)]
enum SessionError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Socket(#[from] SocketError),
}

impl From<WorkerGone> for End {
    fn from(_: WorkerGone) -> Self {
        Self::WorkerGone
    }
}

impl Sessions {
    /// Keeps the host registered and connected. Ends only with the worker.
    pub async fn run(self) {
        loop {
            let instance = self.register_patiently().await;
            tracing::info!(container_instance = instance.arn, "registered");
            let end = tokio::select! {
                end = self.keep_acs(&instance) => end,
                end = self.keep_tcs(&instance) => end,
            };
            match end {
                End::WorkerGone => return,
                End::Inactive => {
                    tracing::warn!(
                        "this host was deregistered; asking again in an hour, or when the agent starts anew"
                    );
                    tokio::time::sleep(INACTIVE_PAUSE).await;
                }
                End::Unknown | End::Closed => {
                    tracing::warn!("the control plane does not know this host; registering anew");
                    if let Err(error) = self.disk.set_instance(None) {
                        tracing::error!("the old registration was not forgotten: {}", describe(&error));
                    }
                }
            }
        }
    }

    async fn register_patiently(&self) -> Instance {
        let mut pause = Backoff::new(Duration::from_millis(250), Duration::from_secs(30));
        loop {
            match self.register().await {
                Ok(instance) => return instance,
                Err(error) => tracing::warn!("not registered: {}", describe(&error)),
            }
            pause.wait().await;
        }
    }

    async fn register(&self) -> Result<Instance, CallError> {
        let known = self.disk.instance().unwrap_or_else(|error| {
            tracing::error!("the registration is not known: {}", describe(&error));
            None
        });
        let arn = registration::register(&self.api, &self.config, &self.engine, known).await?;
        if let Err(error) = self.disk.set_instance(Some(&arn)) {
            tracing::error!("the registration was not remembered: {}", describe(&error));
        }
        let cluster_arn = cluster_arn(&arn).unwrap_or_else(|| self.config.cluster_name().to_owned());
        Ok(Instance { arn, cluster_arn })
    }

    /// One payload session after the other, until the host has to register anew.
    async fn keep_acs(&self, instance: &Instance) -> End {
        let first = Backoff::new(Duration::from_millis(250), Duration::from_mins(2));
        self.keep(first, "payload", || async { acs::session(self, instance, &self.discover().await?.0).await }).await
    }

    /// One telemetry session after the other.
    async fn keep_tcs(&self, instance: &Instance) -> End {
        let first = Backoff::new(Duration::from_secs(1), Duration::from_mins(1));
        self.keep(first, "telemetry", || async { tcs::session(self, instance, &self.discover().await?.1).await }).await
    }

    async fn keep<F, S>(&self, first: Backoff, name: &str, session: F) -> End
    where
        F: Fn() -> S,
        S: Future<Output = Result<End, SessionError>>,
    {
        let mut pause = first;
        loop {
            let began = Instant::now();
            match session().await {
                Ok(End::Closed) => tracing::debug!(session = name, "the server closed the session"),
                Ok(end) => return end,
                Err(error) => tracing::warn!(session = name, "the session ended: {}", describe(&error)),
            }
            if began.elapsed() >= GOOD_SESSION {
                pause.reset();
            } else {
                pause.wait().await;
            }
        }
    }

    /// Where the payload socket and the telemetry socket are.
    async fn discover(&self) -> Result<(String, String), CallError> {
        // Without the instance: whether it is known is the sockets' to say, in words that tell why it is not.
        let input = DiscoverPollEndpointRequest {
            cluster: Some(self.config.cluster_name().to_owned()),
            ..DiscoverPollEndpointRequest::default()
        };
        let answer: DiscoverPollEndpointResponse = self.api.call(Service::Ecs, "DiscoverPollEndpoint", &input).await?;
        let endpoint = answer.endpoint.unwrap_or_default();
        let telemetry = answer.telemetry_endpoint.unwrap_or_else(|| endpoint.clone());
        Ok((endpoint, telemetry))
    }
}

fn cluster_arn(instance: &str) -> Option<String> {
    let arn: Arn = instance.parse().ok()?;
    match arn.resource {
        Resource::ContainerInstance(cluster, _) => Some(Arn::cluster(&arn.scope, &cluster).to_string()),
        _ => None,
    }
}
