//! `gantry serve`: puts the parts together, prints what the operator needs, and stops cleanly.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use axum::Router;
use gantry_agent::AgentConfig;
use gantry_agent::transport::Trust;
use gantry_control::loops::delivery::{EventWebhooks, SigningKey};
use gantry_control::{Clock, Control, ControlConfig, Failure};
use gantry_model::url::is_http;
use gantry_model::{Scope, UnixMillis};
use gantry_registry::{Registry, Settings, Tokens};
use gantry_store::Store;
use gantry_store::access_key::AccessKey;
use gantry_store::backup::{BLOBS, DATABASE};
use gantry_store::blob::{BlobError, BlobStore, ObjectLocation};
use gantry_web::WebContext;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, SessionManagerLayer};

use crate::boards::StoredBoards;
use crate::bootstrap::{self, Credentials};
use crate::cli::ServeFlags;
use crate::embedded_agent;
use crate::events::Events;
use crate::http::{self, Parts};
use crate::proxy;
use crate::replicas;
use crate::schedules::StoredSchedules;
use crate::secrets_key;
use crate::sessions::StoredSessions;
use crate::sign_in::StoredAccounts;
use crate::tls::{self, Tls, TlsListener};
use crate::upstream_auth;
use crate::webhooks::HttpWebhooks;

/// Hours after which a session that nobody uses ends.
const SESSION_IDLE_HOURS: i64 = 8;
/// How long open requests get when the process is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Runs until Ctrl-C or SIGTERM.
pub(crate) async fn serve(flags: ServeFlags) -> anyhow::Result<()> {
    if flags.dev_reset && !flags.listen.ip().is_loopback() {
        bail!("--dev-reset is refused on {}: it is for tests on a loopback address", flags.listen);
    }
    make_private_dir(&flags.data_dir)?;
    let store = Store::open(&flags.data_dir.join(DATABASE)).await.context("open the database")?;
    let secrets_key = secrets_key::path(&flags.data_dir, flags.secrets_key_file.as_deref());
    store.unlock_with_file(&secrets_key).await.context("open the secrets")?;
    let listener = TcpListener::bind(flags.listen).await.with_context(|| format!("listen on {}", flags.listen))?;
    let address = listener.local_addr()?;
    let secure = flags.tls || flags.tls_cert.is_some();
    let (endpoint_url, registry_host) = public_address(flags.external_url.as_deref(), address, secure)?;
    let tls = tls::open(&flags, &registry_host)?;
    let authority = tls.as_ref().and_then(|tls| tls.authority.clone());
    let admin = bootstrap::admin_key(&store, &flags.account).await?;
    let agent_key = bootstrap::agent_key(&store, &flags.account).await?;
    let control = control(&flags, &store, endpoint_url, registry_host).await?;
    disconnect_agents(&store).await?;

    let shutdown = CancellationToken::new();
    let loops = gantry_control::loops::start(&control);
    let authority_pem = authority.as_deref().map(std::fs::read_to_string).transpose().context("read the authority")?;
    let router = router(&flags, &control, &shutdown, secure, authority_pem.clone())?;
    let server = tokio::spawn(listen(listener, tls, router, shutdown.clone()));
    let trust = authority_pem.map_or(Trust::System, Trust::Authority);
    let proxy = match flags.no_proxy {
        true => None,
        false => Some(embedded_proxy(&flags, &control, &store, trust.clone(), shutdown.clone()).await?),
    };
    let agent = (!flags.no_agent).then(|| {
        let config = AgentConfig { trust, ..agent_config(&flags, &control, agent_key) };
        tokio::spawn(embedded_agent::keep_running(config, shutdown.clone()))
    });

    announce(&flags, &control, &store, &admin, authority.as_deref()).await?;
    stop_signal().await?;
    tracing::info!("stopping; containers keep running and the next start finds them");
    shutdown.cancel();
    if tokio::time::timeout(GRACE, server).await.is_err() {
        tracing::warn!("requests were still open after {} s and are dropped", GRACE.as_secs());
    }
    if let Some(agent) = agent
        && tokio::time::timeout(GRACE, agent).await.is_err()
    {
        tracing::warn!("the embedded agent did not stop within {} s", GRACE.as_secs());
    }
    if let Some(proxy) = proxy
        && tokio::time::timeout(GRACE, proxy).await.is_err()
    {
        tracing::warn!("the embedded proxy did not stop within {} s", GRACE.as_secs());
    }
    drop(loops);
    Ok(())
}

/// The proxy inside the server: the same as on any host, talking to this process through its own listener.
async fn embedded_proxy(
    flags: &ServeFlags,
    control: &Control,
    store: &Store,
    trust: Trust,
    stopping: CancellationToken,
) -> anyhow::Result<tokio::task::JoinHandle<()>> {
    let key = bootstrap::proxy_key(store, &flags.account).await?;
    let settings = proxy::Settings {
        server_url: control.config.endpoint_url.clone(),
        access_key_id: key.id,
        secret_access_key: key.secret,
        trust,
        region: flags.region.clone(),
        data_dir: flags.data_dir.join("proxy"),
        address: flags.proxy_address,
    };
    let proxy = proxy::Serving::start(settings).context("start the proxy")?;
    Ok(tokio::spawn(async move { proxy.serve(stopping).await }))
}

/// Serves until `stopping`.
async fn listen(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    match tls {
        None => axum::serve(listener, router).with_graceful_shutdown(stopping.cancelled_owned()).await?,
        Some(tls) => {
            let listener = TlsListener::new(listener, tls)?;
            axum::serve(listener, router).with_graceful_shutdown(stopping.cancelled_owned()).await?;
        }
    }
    Ok(())
}

fn make_private_dir(dir: &std::path::Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.with_context(|| format!("make the data directory {}", dir.display()))
}

/// The place of the layers: the data directory, or an object store with the data directory for what arrives.
async fn blob_store(flags: &ServeFlags) -> Result<BlobStore, BlobError> {
    let folder = flags.data_dir.join(BLOBS);
    let Some(url) = flags.storage.clone() else { return BlobStore::open_disk(folder).await };
    let options =
        flags.storage_options.iter().map(|option| (option.0.clone(), option.1.clone().unwrap_or_default())).collect();
    let location = ObjectLocation { url, options, redirects: !flags.storage_proxy };
    BlobStore::open_objects(folder, &location).await
}

async fn control(
    flags: &ServeFlags,
    store: &Store,
    endpoint_url: String,
    registry_host: String,
) -> anyhow::Result<Arc<Control>> {
    let scope = Scope { account: flags.account.clone(), region: flags.region.clone() };
    let blobs = blob_store(flags).await.context("open the blob store")?;
    let tokens = Tokens::open(store).await.context("open the registry's token key")?;
    let settings = Settings {
        hosts: vec![registry_host.clone()],
        upstream_credentials: upstream_auth::read(flags.upstream_auth.as_deref())?,
        replicas: replicas::read(flags.replication_destinations.as_deref())?,
        scrub_millis: (flags.scrub_days > 0).then(|| i64::from(flags.scrub_days) * 24 * 3_600_000),
        upstream_check_millis: i64::from(flags.upstream_check_minutes) * 60_000,
        protects_images_in_use: !flags.allow_deleting_used_images,
        ..Settings::new(scope)
    };
    let registry = Registry::new(store.clone(), blobs, tokens, settings);
    let config = ControlConfig {
        account: flags.account.clone(),
        default_region: flags.region.clone(),
        endpoint_url,
        registry_host,
        load_balancer_domain: flags.load_balancer_domain.clone(),
        disconnect_timeout_s: flags.disconnect_timeout_s,
        stopped_task_retention_s: i64::from(flags.stopped_task_retention_hours) * 60 * 60,
        vulnerability_database: flags.vulnerability_database.clone(),
        event_webhooks: event_webhooks(flags)?,
    };
    let clock: Clock = Arc::new(system_now);
    Ok(Control::new(config, store.clone(), Arc::new(registry), clock, Arc::new(HttpWebhooks)))
}

/// Those who are told what happens.
fn event_webhooks(flags: &ServeFlags) -> anyhow::Result<Option<EventWebhooks>> {
    let Some(key) = flags.event_webhook_key.as_deref().filter(|_| !flags.event_webhooks.is_empty()) else {
        return Ok(None);
    };
    let key = SigningKey::read(key).context("--event-webhook-key is not 24 to 64 bytes in base64")?;
    if let Some(url) = flags.event_webhooks.iter().find(|url| !is_http(url)) {
        bail!("--event-webhook {url} is not an http:// or https:// URL");
    }
    Ok(Some(EventWebhooks { urls: flags.event_webhooks.clone(), key }))
}

/// The URL of everything and the host in the names of images: as the operator says, or the address that is listened on.
fn public_address(external_url: Option<&str>, address: SocketAddr, secure: bool) -> anyhow::Result<(String, String)> {
    let scheme = if secure { "https" } else { "http" };
    let Some(url) = external_url else { return Ok((format!("{scheme}://{address}"), address.to_string())) };
    if secure && !url.starts_with("https://") {
        bail!("--external-url {url} is not an https:// URL, but the listener speaks TLS");
    }
    let url = url.trim_end_matches('/');
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).unwrap_or_default();
    if host.is_empty() || host.contains('/') {
        bail!("--external-url {url} is not a URL of a host alone, such as http://10.0.0.5:8080");
    }
    Ok((url.to_owned(), host.to_owned()))
}

fn system_now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// No agent is connected to a control plane that has just started; each says so again when it is.
async fn disconnect_agents(store: &Store) -> anyhow::Result<()> {
    let done = store.write(|tx| {
        Box::pin(async move {
            let now = tx.now();
            for mut instance in gantry_store::container_instance::all(tx).await? {
                if instance.agent_connected {
                    instance.agent_connected = false;
                    instance.agent_connected_at = now;
                    gantry_control::ecs::record::put_instance(tx, &mut instance).await?;
                }
            }
            Ok::<_, Failure>(())
        })
    });
    done.await.map_err(anyhow::Error::new)
}

fn router(
    flags: &ServeFlags,
    control: &Arc<Control>,
    shutdown: &CancellationToken,
    secure: bool,
    authority: Option<String>,
) -> anyhow::Result<Router> {
    let api = gantry_control::front::router(Arc::clone(control));
    let events = Events { control: Arc::clone(control), shutdown: shutdown.clone() };
    let last_seq = {
        let store = control.store.clone();
        Arc::new(move || store.last_seq())
    };
    let web = gantry_web::router(&WebContext {
        api: api.clone(),
        registry: gantry_registry::router(Arc::clone(&control.registry)),
        region: flags.region.to_string(),
        account: flags.account.to_string(),
        registry_host: control.config.registry_host.clone(),
        endpoint_url: control.config.endpoint_url.clone(),
        last_seq,
        accounts: Arc::new(StoredAccounts(Arc::clone(control))),
        boards: Arc::new(StoredBoards(Arc::clone(control))),
        schedules: Arc::new(StoredSchedules(Arc::clone(control))),
        site: flags.site_dir.clone(),
    });
    // Without TLS of its own the listener is for loopback and for behind a proxy; the cookie must survive both.
    let sessions = SessionManagerLayer::new(StoredSessions(control.store.clone()))
        .with_name("gantry_session")
        .with_secure(secure)
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(time::Duration::hours(SESSION_IDLE_HOURS)));
    Ok(http::router(Parts {
        control: Arc::clone(control),
        api,
        agents: gantry_control::acs::router(Arc::clone(control)),
        proxies: gantry_control::proxies::router(Arc::clone(control)),
        registry: gantry_registry::router(Arc::clone(&control.registry)),
        dashboard: web.layer(sessions.clone()),
        events: http::events(events).layer(sessions),
        authority,
        dev_reset: flags.dev_reset,
    }))
}

fn agent_config(flags: &ServeFlags, control: &Control, key: AccessKey) -> AgentConfig {
    AgentConfig {
        docker_host: flags.docker_host.clone(),
        registry_hosts: vec![control.config.registry_host.clone()],
        serves_fargate: true,
        ..AgentConfig::new(
            control.config.endpoint_url.clone(),
            key.id,
            key.secret,
            flags.region.clone(),
            embedded_agent::data_dir(&flags.data_dir),
        )
    }
}

/// Writes `credentials.env` and prints the lines to paste.
async fn announce(
    flags: &ServeFlags,
    control: &Control,
    store: &Store,
    admin: &AccessKey,
    authority: Option<&Path>,
) -> anyhow::Result<()> {
    let endpoint_url = &control.config.endpoint_url;
    let registry = &control.config.registry_host;
    let admin_url = format!("{endpoint_url}/login?token={}", bootstrap::sign_in_token(store).await?);
    let path = flags.data_dir.join("credentials.env");
    let region = flags.region.as_str();
    let authority = authority.map(std::path::absolute).transpose().context("name the authority's file")?;
    Credentials { endpoint_url, key: admin, region, registry, admin_url: &admin_url, authority: authority.as_deref() }
        .write(&path)?;
    let text = format!(
        "\nGantry is ready at {endpoint_url}\n\n\
         Sign in to the dashboard (the link works once, for 30 minutes):\n  {admin_url}\n\n\
         Paste this into another shell to use the aws command line and docker:\n  \
         set -a; . {}; set +a\n  \
         aws ecr get-login-password | docker login --username AWS --password-stdin $GANTRY_REGISTRY\n\n",
        path.display()
    );
    use std::io::Write as _;
    std::io::stdout().write_all(text.as_bytes()).context("print the sign-in link")
}

/// Waits for Ctrl-C or SIGTERM.
pub(crate) async fn stop_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        done = tokio::signal::ctrl_c() => done?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
