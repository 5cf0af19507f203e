//! A whole control plane in a test: on a store in a temporary folder, with a clock that the test turns, and callers that
//! sign or are believed.
//!
//! - [`TestGantry`]: start it, call it, turn its clock;
//! - [`http`]: requests as they come off a wire, signed or not, and what they are answered with;
//! - [`build`]: clusters with hosts, task definitions and tasks in the state that a test needs;
//! - [`webhooks`]: the servers that it calls.
//!
//! Nothing here sleeps or opens a socket. For tests only: whatever cannot be prepared fails the test on the spot.

#![expect(clippy::expect_used, reason = "a harness that cannot prepare a test fails it")]

pub mod build;
pub mod http;
pub mod webhooks;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use gantry_control::operations::Operations;
use gantry_control::{Clock, Control, ControlConfig};
use gantry_model::principal::{Caller, Principal, PrincipalKind};
use gantry_model::{AccountId, Region, Scope, UnixMillis};
use gantry_registry::{Registry, Settings, Tokens};
use gantry_store::access_key::AccessKey;
use gantry_store::blob::BlobStore;
use gantry_store::vault::Vault;
use gantry_store::{Store, StoreError};
use gantry_wire::sigv4::Credentials;
use serde_json::Value;
use tempfile::TempDir;

pub use crate::http::Answer;
use crate::webhooks::ScriptedWebhooks;

/// The account, region and registry of every test.
pub const ACCOUNT: &str = "000000000000";
pub const REGION: &str = "us-east-1";
pub const REGISTRY_HOST: &str = "registry.test:5000";
pub const ENDPOINT_URL: &str = "http://gantry.test";
/// Where the clock stands at first: 2026-01-01T00:00:00Z.
pub const START: UnixMillis = UnixMillis(1_767_225_600_000);

/// What a call is refused with: code and message.
pub type Refusal = (String, String);

/// A control plane.
pub struct TestGantry {
    pub control: Arc<Control>,
    pub api: Router,
    /// The key of an administrator.
    pub admin: Credentials,
    /// The key of an agent, and of another.
    pub agent: Credentials,
    pub other_agent: Credentials,
    /// Those whom the control plane calls.
    pub webhooks: Arc<ScriptedWebhooks>,
    clock: Arc<AtomicI64>,
    dir: TempDir,
}

impl TestGantry {
    /// Starts one, empty but for its three access keys.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts one whose operations `adapt` has changed, for tests of how the front meets an operation that misbehaves.
    pub async fn start_with(adapt: impl FnOnce(&mut Operations)) -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        let millis = Arc::new(AtomicI64::new(START.0));
        let clock: Clock = {
            let millis = Arc::clone(&millis);
            Arc::new(move || UnixMillis(millis.load(Ordering::SeqCst)))
        };
        let store = Store::open_with_clock(&dir.path().join("gantry.db"), Arc::clone(&clock)).await.expect("a store");
        store.unlock(Vault::with_keys([9; 32], &[])).await.expect("a store that seals");
        let blobs = BlobStore::open_disk(dir.path().join("blobs")).await.expect("a blob store");
        let hosts = vec![REGISTRY_HOST.to_owned()];
        let settings = Settings { hosts, clock: Arc::clone(&clock), ..Settings::new(scope()) };
        let registry = Registry::new(store.clone(), blobs, Tokens::with_key([7; 32]), settings);
        let config = ControlConfig {
            account: account(),
            default_region: region(REGION),
            endpoint_url: ENDPOINT_URL.to_owned(),
            registry_host: REGISTRY_HOST.to_owned(),
            load_balancer_domain: "localhost".to_owned(),
            disconnect_timeout_s: None,
            stopped_task_retention_s: 3600,
            vulnerability_database: None,
            event_webhooks: None,
        };
        let webhooks = Arc::new(ScriptedWebhooks::default());
        let mut control = Control::new(config, store, Arc::new(registry), clock, Arc::clone(&webhooks) as _);
        adapt(&mut Arc::get_mut(&mut control).expect("nobody else has it yet").operations);
        let admin = key(&control, "AKIDADMIN", "user/admin", PrincipalKind::Admin).await;
        let agent = key(&control, "AKIDAGENT", "role/agent-1", PrincipalKind::Agent).await;
        let other_agent = key(&control, "AKIDOTHER", "role/agent-2", PrincipalKind::Agent).await;
        let api = gantry_control::front::router(Arc::clone(&control));
        Self { control, api, admin, agent, other_agent, webhooks, clock: millis, dir }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        UnixMillis(self.clock.load(Ordering::SeqCst))
    }

    /// The files of the database.
    #[must_use]
    pub fn database_files(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.dir.path()).expect("the folder of the database");
        files.map(|file| file.expect("a file").path()).filter(|path| path.is_file()).collect()
    }

    /// The folder of the blobs, shelf by shelf.
    #[must_use]
    pub fn blobs(&self) -> PathBuf {
        self.dir.path().join("blobs/blobs/sha256")
    }

    /// Turns the clock on.
    pub fn pass_seconds(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Calls an operation as an administrator, in-process, in the default region.
    ///
    /// # Errors
    /// The code and message that the operation refuses with.
    pub async fn call(&self, service: &str, operation: &str, input: Value) -> Result<Value, Refusal> {
        self.call_as(admin(service, REGION), operation, input).await
    }

    /// Calls an operation of ECS as an administrator.
    ///
    /// # Errors
    /// As [`TestGantry::call`].
    pub async fn ecs(&self, operation: &str, input: Value) -> Result<Value, Refusal> {
        self.call("ecs", operation, input).await
    }

    /// Calls an operation as `caller`, in-process; the caller says the service and region.
    ///
    /// # Errors
    /// As [`TestGantry::call`].
    pub async fn call_as(&self, caller: Caller, operation: &str, input: Value) -> Result<Value, Refusal> {
        let mut request = http::json_request(&caller.service, operation, &input);
        request.extensions_mut().insert(caller);
        self.send(request).await.json()
    }

    /// Calls an operation as whoever holds `credentials`, signed as it would be on a wire.
    ///
    /// # Errors
    /// As [`TestGantry::call`].
    pub async fn call_signed(
        &self,
        credentials: &Credentials,
        service: &str,
        operation: &str,
        input: Value,
    ) -> Result<Value, Refusal> {
        let mut request = http::json_request(service, operation, &input);
        http::sign(&mut request, input.to_string().as_bytes(), credentials, service, self.now());
        self.send(request).await.json()
    }

    /// Writes to the store.
    ///
    /// # Errors
    /// The store's.
    pub async fn disable_key(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.control
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let key = gantry_store::access_key::get(tx, &id).await?.expect("the key exists");
                    gantry_store::access_key::put(tx, &AccessKey { disabled: true, ..key }).await
                })
            })
            .await
    }
}

async fn key(control: &Control, id: &str, name: &str, kind: PrincipalKind) -> Credentials {
    let secret = format!("secret-of-{id}");
    let key =
        AccessKey { id: id.to_owned(), secret: secret.clone(), principal: principal(name, kind), disabled: false };
    let written: Result<(), StoreError> =
        control.store.write(move |tx| Box::pin(async move { gantry_store::access_key::put(tx, &key).await })).await;
    written.expect("an access key is written");
    Credentials { access_key_id: id.to_owned(), secret_access_key: secret, session_token: None }
}

/// The account of every test.
#[must_use]
pub fn account() -> AccountId {
    AccountId::parse(ACCOUNT).expect("an account id")
}

/// A region.
#[must_use]
pub fn region(name: &str) -> Region {
    Region::parse(name).expect("a region")
}

/// The account and default region.
#[must_use]
pub fn scope() -> Scope {
    Scope { account: account(), region: region(REGION) }
}

/// A principal of the account, such as `user/admin`.
#[must_use]
pub fn principal(name: &str, kind: PrincipalKind) -> Principal {
    Principal { account: account(), arn: format!("arn:aws:iam::{ACCOUNT}:{name}"), kind }
}

/// An administrator who calls `service` in `region_name`.
#[must_use]
pub fn admin(service: &str, region_name: &str) -> Caller {
    Caller {
        principal: principal("user/admin", PrincipalKind::Admin),
        region: region(region_name),
        service: service.to_owned(),
    }
}
