//! The proxy of load balancers, inside `gantry serve` and as `gantry proxy`: told by the control plane, it carries the traffic
//! ([`gantry_proxy`]) and says how it goes.
//!
//! What it was told last is kept in a file, so that it carries on, and starts, while the control plane is down.

use std::fs;
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use axum::http::Method;
use gantry_agent::AgentConfig;
use gantry_agent::api::{Api, CallError};
use gantry_agent::transport::Trust;
use gantry_control::error::chain;
use gantry_control::proxies::{REPORT_PATH, Said, TRAFFIC_PATH, Told};
use gantry_model::load_balancing::{Report, Traffic};
use gantry_model::principal::PrincipalKind;
use gantry_model::{Region, UnixMillis};
use gantry_proxy::Proxy;
use gantry_store::Store;
use gantry_store::backup::DATABASE;
use gantry_wire::Service;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::bootstrap;
use crate::cli::{CreateProxyKey, ProxyFlags};
use crate::serve::stop_signal;

/// How long the control plane has for an answer; it waits up to 20 seconds for something new.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long after a failure it is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often is said that the proxy is there, though nothing changed.
const BEAT: Duration = Duration::from_secs(10);
/// How often it is looked whether targets that are let go are still busy.
const LOOK: Duration = Duration::from_millis(250);
/// How long what is under way has when the process is told to stop.
const GRACE: Duration = Duration::from_secs(30);
/// The file with what was told last.
const KEPT: &str = "traffic.json";

/// What a proxy is started with.
pub(crate) struct Settings {
    pub(crate) server_url: String,
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) trust: Trust,
    pub(crate) region: Region,
    pub(crate) data_dir: PathBuf,
    /// Where load balancers listen.
    pub(crate) address: IpAddr,
}

/// A proxy that follows a control plane.
pub(crate) struct Serving {
    proxy: Proxy,
    api: Api,
    name: String,
    data_dir: PathBuf,
    /// Whether some target is being let go.
    drains: AtomicBool,
}

/// Makes a key for a proxy and prints it, alone on its line.
pub(crate) async fn create_key(flags: CreateProxyKey) -> anyhow::Result<()> {
    let path = flags.data_dir.join(DATABASE);
    anyhow::ensure!(path.exists(), "there is no database in {}: start `gantry serve` first", flags.data_dir.display());
    let store = Store::open(&path).await.context("open the database")?;
    let name = format!("role/gantry-proxy/{}", bootstrap::random_hex(8)?);
    let key = bootstrap::new_key(&flags.account, &name, PrincipalKind::Proxy)?;
    bootstrap::put(&store, &key).await?;
    writeln!(std::io::stdout(), "{}:{}", key.id, key.secret).context("print the key")
}

/// `gantry proxy`: carries traffic until it is told to stop, and then until what is under way has ended.
pub(crate) async fn run(flags: ProxyFlags) -> anyhow::Result<()> {
    let (id, secret) = flags.key.split_once(':').context("--key is not of the form ID:SECRET")?;
    let trust = match &flags.server_ca {
        None => Trust::System,
        Some(path) => Trust::Authority(fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?),
    };
    let settings = Settings {
        server_url: flags.server.clone(),
        access_key_id: id.to_owned(),
        secret_access_key: secret.to_owned(),
        trust,
        region: flags.region,
        data_dir: flags.data_dir,
        address: flags.address,
    };
    let serving = Serving::start(settings)?;
    let stopping = CancellationToken::new();
    let work = tokio::spawn(serving.serve(stopping.clone()));
    stop_signal().await?;
    stopping.cancel();
    work.await.context("stop the proxy")
}

impl Serving {
    /// A proxy that carries what was kept, if anything was.
    pub(crate) fn start(settings: Settings) -> anyhow::Result<Self> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&settings.data_dir);
        made.with_context(|| format!("make {}", settings.data_dir.display()))?;
        let config = AgentConfig {
            trust: settings.trust,
            ..AgentConfig::new(
                settings.server_url,
                settings.access_key_id,
                settings.secret_access_key,
                settings.region,
                settings.data_dir.clone(),
            )
        };
        let serving = Self {
            proxy: Proxy::new(settings.address).context("set TLS up")?,
            api: Api::new(&config, Arc::new(now))?,
            name: bootstrap::random_hex(8)?,
            data_dir: settings.data_dir,
            drains: AtomicBool::new(false),
        };
        if let Some(told) = serving.kept() {
            serving.apply(&told.traffic);
        }
        Ok(serving)
    }

    /// Carries traffic until `stopping`, and then until what is under way has ended.
    pub(crate) async fn serve(self, stopping: CancellationToken) {
        tokio::select! {
            () = self.follow() => {}
            () = self.say() => {}
            () = stopping.cancelled() => {}
        }
        self.proxy.close();
        let ended = async {
            while self.proxy.under_way() > 0 {
                tokio::time::sleep(LOOK).await;
            }
        };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("{} requests and connections are broken off", self.proxy.under_way());
        }
    }

    fn apply(&self, traffic: &Traffic) {
        let drains = traffic.targets.iter().any(|target| target.draining_since.is_some());
        self.drains.store(drains, Ordering::Release);
        self.proxy.apply(traffic);
    }

    /// Asks what holds, again and again.
    async fn follow(&self) {
        let mut version = String::new();
        let mut is_reached = true;
        loop {
            let path = format!("{TRAFFIC_PATH}?version={version}");
            let asked = self.api.ask::<Told>(Service::ElasticLoadBalancing, Method::GET, &path, Vec::new(), PATIENCE);
            match asked.await {
                Ok(told) => {
                    is_reached = true;
                    if told.version != version {
                        self.keep(&told);
                        self.apply(&told.traffic);
                        version = told.version;
                    }
                }
                Err(error) => {
                    note_failure(&error, &mut is_reached);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Says how everything stands, when it changes and at least at every beat.
    async fn say(&self) {
        let mut said: Option<Report> = None;
        let mut said_at = tokio::time::Instant::now();
        loop {
            let report = self.proxy.report();
            let is_news = said.as_ref().is_none_or(|said| !is_alike(said, &report));
            if is_news || said_at.elapsed() >= BEAT {
                match self.send(report.clone()).await {
                    Ok(()) => (said, said_at) = (Some(report), tokio::time::Instant::now()),
                    Err(error) => {
                        tracing::debug!("the control plane does not hear the proxy: {}", chain(&error));
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                }
                if !self.proxy.report().listeners.is_empty() {
                    self.proxy.retry();
                }
            }
            let pause = if self.drains.load(Ordering::Acquire) { LOOK } else { BEAT };
            tokio::select! {
                () = self.proxy.news() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn send(&self, report: Report) -> Result<(), CallError> {
        let said = Said { proxy: self.name.clone(), report };
        let body = serde_json::to_vec(&said).map_err(|error| CallError::Request(Box::new(error)))?;
        let sent = self.api.ask::<Value>(Service::ElasticLoadBalancing, Method::POST, REPORT_PATH, body, PATIENCE);
        sent.await.map(drop)
    }

    /// What was told before the process began.
    fn kept(&self) -> Option<Told> {
        let path = self.data_dir.join(KEPT);
        let text = fs::read(&path).ok()?;
        match serde_json::from_slice(&text) {
            Ok(told) => Some(told),
            Err(error) => {
                tracing::warn!("{} does not read, and is not used: {error}", path.display());
                None
            }
        }
    }

    fn keep(&self, told: &Told) {
        if let Err(error) = write(&self.data_dir.join(KEPT), told) {
            tracing::warn!("what the proxy was told cannot be kept: {error:#}");
        }
    }
}

/// Whether two reports say the same but for what was counted.
fn is_alike(a: &Report, b: &Report) -> bool {
    a.targets == b.targets && a.listeners == b.listeners
}

fn note_failure(error: &CallError, is_reached: &mut bool) {
    if std::mem::take(is_reached) {
        tracing::warn!("the control plane is not reached, the proxy carries on as it was told last: {}", chain(error));
    }
}

/// Writes in one step, readable by its owner alone: keys of certificates are in it.
fn write(path: &Path, told: &Told) -> anyhow::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(&serde_json::to_vec(told)?)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    Ok(())
}

fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
