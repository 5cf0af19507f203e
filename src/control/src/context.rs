//! What every operation and loop is given: the control plane's parts, and who calls when.

use std::path::PathBuf;
use std::sync::Arc;

use gantry_model::principal::Principal;
use gantry_model::{AccountId, Region, Scope, UnixMillis};
use gantry_registry::Registry;
use gantry_store::Store;

use crate::bus::Bus;
use crate::loops::delivery::EventWebhooks;
use crate::operations::Operations;
use crate::proxies::Proxies;
use crate::webhooks::Webhooks;

/// Where the time comes from. The binary gives the system's, tests give one that they turn by hand.
pub type Clock = Arc<dyn Fn() -> UnixMillis + Send + Sync>;

/// What the operator configured.
#[derive(Debug, Clone)]
pub struct ControlConfig {
    pub account: AccountId,
    pub default_region: Region,
    /// The base URL under which agents and clients reach this control plane, without a trailing slash.
    pub endpoint_url: String,
    /// `host:port` of the registry, as it stands in image references.
    pub registry_host: String,
    /// The domain that the DNS names of load balancers are in.
    pub load_balancer_domain: String,
    /// How long a silent agent's tasks are left alone before they are handed over, in seconds; `None` is for ever.
    pub disconnect_timeout_s: Option<i64>,
    /// How long a stopped task stays describable, in seconds (ECS promises an hour).
    pub stopped_task_retention_s: i64,
    /// The folder of advisories that images are scanned against.
    pub vulnerability_database: Option<PathBuf>,
    /// Those who are told what happens.
    pub event_webhooks: Option<EventWebhooks>,
}

/// The control plane: shared by every request and loop.
pub struct Control {
    pub config: ControlConfig,
    pub store: Store,
    pub registry: Arc<Registry>,
    pub clock: Clock,
    pub webhooks: Arc<dyn Webhooks>,
    pub bus: Bus,
    pub proxies: Proxies,
    pub operations: Operations,
}

impl Control {
    /// Puts the parts together; starts nothing.
    #[must_use]
    pub fn new(
        config: ControlConfig,
        store: Store,
        registry: Arc<Registry>,
        clock: Clock,
        webhooks: Arc<dyn Webhooks>,
    ) -> Arc<Self> {
        if config.event_webhooks.is_some() {
            store.notify();
        }
        Arc::new(Self {
            config,
            store,
            registry,
            clock,
            webhooks,
            bus: Bus::default(),
            proxies: Proxies::default(),
            operations: Operations::all(),
        })
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        (self.clock)()
    }

    /// The scope of the configured account in `region`.
    #[must_use]
    pub fn scope(&self, region: &Region) -> Scope {
        Scope { account: self.config.account.clone(), region: region.clone() }
    }
}

/// One request, after its caller was proved and its input found valid.
#[derive(Clone)]
pub struct Call {
    pub control: Arc<Control>,
    pub principal: Principal,
    /// The account of the configuration and the region of the credential scope.
    pub scope: Scope,
    pub request_id: String,
    pub now: UnixMillis,
}
