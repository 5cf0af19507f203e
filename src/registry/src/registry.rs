//! The registry's parts and settings.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::time::{SystemTime, UNIX_EPOCH};

use gantry_model::{Scope, UnixMillis};
use gantry_store::blob::BlobStore;
use gantry_store::{Clock, Store};
use tokio::sync::Notify;

use crate::pull_through::Fetches;
use crate::replication::Replica;
use crate::token::Tokens;
use crate::upload::Sessions;

/// What a registry can be told.
#[derive(Clone)]
pub struct Settings {
    /// The account and region of requests to a host name that does not say them.
    pub default_scope: Scope,
    /// How long a blob that no manifest names is kept after it was uploaded, mounted, or seen by a client.
    pub blob_grace_millis: i64,
    /// How long an upload is kept that nobody goes on with.
    pub upload_grace_millis: i64,
    /// The hosts that stand before the names of this registry's images.
    pub hosts: Vec<String>,
    /// Whether images that tasks or services use can neither be deleted nor expire.
    pub protects_images_in_use: bool,
    /// Who we are to the registries that are cached, by host: user and password.
    pub upstream_credentials: BTreeMap<String, (String, String)>,
    /// How long a tag of a cached repository is taken to name what it named.
    pub upstream_check_millis: i64,
    /// The registries elsewhere that images are copied to.
    pub replicas: BTreeMap<Scope, Arc<Replica>>,
    /// How long the bytes of a blob are taken to be whole before they are read again; never again without it.
    pub scrub_millis: Option<i64>,
    /// Where the time comes from; the same clock as the store's.
    pub clock: Clock,
}

impl Settings {
    /// The defaults: blobs an hour, uploads and cached tags a day, the system's clock.
    #[must_use]
    pub fn new(default_scope: Scope) -> Self {
        Self {
            default_scope,
            blob_grace_millis: 3_600_000,
            upload_grace_millis: 24 * 3_600_000,
            hosts: Vec::new(),
            protects_images_in_use: true,
            upstream_credentials: BTreeMap::new(),
            upstream_check_millis: 24 * 3_600_000,
            replicas: BTreeMap::new(),
            scrub_millis: Some(7 * 24 * 3_600_000),
            clock: Arc::new(system_now),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("default_scope", &self.default_scope)
            .field("blob_grace_millis", &self.blob_grace_millis)
            .field("upload_grace_millis", &self.upload_grace_millis)
            .field("hosts", &self.hosts)
            .field("protects_images_in_use", &self.protects_images_in_use)
            .field("upstream_check_millis", &self.upstream_check_millis)
            .field("replicas", &self.replicas)
            .field("scrub_millis", &self.scrub_millis)
            .finish_non_exhaustive()
    }
}

pub(crate) fn system_now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// An OCI registry with ECR's semantics.
#[derive(Debug)]
pub struct Registry {
    pub(crate) store: Store,
    pub(crate) blobs: BlobStore,
    pub(crate) tokens: Tokens,
    pub(crate) settings: Settings,
    pub(crate) sessions: Sessions,
    /// What is being fetched from other registries.
    pub(crate) fetches: Fetches,
    /// Told when a scan is asked for.
    pub(crate) scans_wanted: Notify,
    /// Told when something is to be replicated.
    pub(crate) replications_wanted: Notify,
    /// The shelf of the blob store that the next collection searches for files without a row.
    pub(crate) next_shelf: AtomicU8,
}

impl Registry {
    /// A registry over `store` and `blobs`; `tokens` are those that the `GetAuthorizationToken` operation issues.
    #[must_use]
    pub fn new(store: Store, blobs: BlobStore, tokens: Tokens, settings: Settings) -> Self {
        Self {
            store,
            blobs,
            tokens,
            settings,
            sessions: Sessions::default(),
            fetches: Fetches::default(),
            scans_wanted: Notify::new(),
            replications_wanted: Notify::new(),
            next_shelf: AtomicU8::new(0),
        }
    }

    /// The tokens that clients sign in with.
    #[must_use]
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The instant.
    pub(crate) fn now(&self) -> UnixMillis {
        (self.settings.clock)()
    }

    /// Until when what is promised at `now` is kept.
    pub(crate) fn lease_from(&self, now: UnixMillis) -> UnixMillis {
        now.plus_millis(self.settings.blob_grace_millis)
    }
}
