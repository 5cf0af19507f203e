//! Whether targets work: each is asked at an interval, and how it answered counts ([`Tally`], pure).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use gantry_model::load_balancing::{
    HealthCheck, Protocol, ProtocolVersion, TargetGroup, TargetKey, TargetState, is_matched,
};
use http::header::{CONTENT_TYPE, HOST, TE, USER_AGENT};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::Shared;
use crate::backend::Backend;
use crate::table::Table;

/// How soon a target that is new is asked again: it may be about to listen.
const NEW: Duration = Duration::from_secs(1);
const AGENT: &str = "ELB-HealthChecker/2.0";

/// A check failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// No answer in time, or no connection.
    Silent,
    /// An answer with another code; of gRPC its own.
    Code(u16),
}

impl Trouble {
    /// The code of the API and its words.
    fn reason(&self) -> (&'static str, String) {
        match self {
            Self::Silent => ("Target.Timeout", "Request timed out".to_owned()),
            Self::Code(code) => {
                ("Target.ResponseCodeMismatch", format!("Health checks failed with these codes: [{code}]"))
            }
        }
    }
}

/// How a target stands by the checks so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    state: TargetState,
    successes: u32,
    failures: u32,
}

impl Tally {
    pub(crate) fn new(state: TargetState) -> Self {
        Self { state, successes: 0, failures: 0 }
    }

    /// Counts a check. A new target needs one success; one that was unhealthy the threshold of the check.
    pub(crate) fn count(&mut self, success: bool, check: &HealthCheck) -> TargetState {
        if success {
            (self.successes, self.failures) = (self.successes.saturating_add(1), 0);
        } else {
            (self.successes, self.failures) = (0, self.failures.saturating_add(1));
        }
        self.state = match self.state {
            TargetState::Initial if self.successes >= 1 => TargetState::Healthy,
            TargetState::Unhealthy if self.successes >= check.healthy_threshold => TargetState::Healthy,
            TargetState::Initial | TargetState::Healthy if self.failures >= check.unhealthy_threshold => {
                TargetState::Unhealthy
            }
            state => state,
        };
        self.state
    }
}

/// The checks at work.
pub(crate) struct Checks {
    shared: Arc<Shared>,
    running: HashMap<TargetKey, Running>,
}

struct Running {
    backend: Arc<Backend>,
    group: TargetGroup,
    stopping: CancellationToken,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

impl Checks {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, running: HashMap::new() }
    }

    /// Checks the targets of the groups that are used, and no others.
    pub(crate) fn follow(&mut self, table: &Table) {
        let mut before = std::mem::take(&mut self.running);
        for group in table.groups.values().filter(|group| group.is_used) {
            for backend in group.backends.iter().chain(&group.draining) {
                let goes_on = before.remove(&backend.key).filter(|running| {
                    Arc::ptr_eq(&running.backend, backend) && running.group.health_check == group.config.health_check
                });
                let running = goes_on.unwrap_or_else(|| self.start(backend, &group.config));
                self.running.insert(backend.key.clone(), running);
            }
        }
    }

    fn start(&self, backend: &Arc<Backend>, group: &TargetGroup) -> Running {
        let stopping = CancellationToken::new();
        let work = run(Arc::clone(&self.shared), Arc::clone(backend), group.clone());
        let stopped = stopping.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = work => {}
                () = stopped.cancelled() => {}
            }
        });
        Running { backend: Arc::clone(backend), group: group.clone(), stopping }
    }
}

async fn run(shared: Arc<Shared>, backend: Arc<Backend>, group: TargetGroup) {
    let check = &group.health_check;
    let interval = Duration::from_secs(u64::from(check.interval_s));
    let mut tally = Tally::new(backend.state());
    loop {
        let began = tokio::time::Instant::now();
        let mut outcome = ask(&shared, &backend, &group).await;
        // A new target that does not answer yet has the whole interval for it.
        while outcome.is_err() && backend.state() == TargetState::Initial && began.elapsed() + NEW < interval {
            tokio::time::sleep(NEW).await;
            outcome = ask(&shared, &backend, &group).await;
        }
        let state = tally.count(outcome.is_ok(), check);
        let trouble = match (state, outcome) {
            (TargetState::Healthy, _) | (_, Ok(())) => None,
            (TargetState::Unhealthy, Err(trouble)) => Some(trouble.reason()),
            (TargetState::Initial, Err(_)) => {
                Some(("Elb.InitialHealthChecking", "Initial health checks in progress".to_owned()))
            }
        };
        if backend.set_state(state, trouble) {
            tracing::debug!(target = %backend.address, state = state.as_str(), "a target changed");
            shared.tell();
        }
        tokio::time::sleep_until(began + interval).await;
    }
}

async fn ask(shared: &Shared, backend: &Backend, group: &TargetGroup) -> Result<(), Trouble> {
    let timeout = Duration::from_secs(u64::from(group.health_check.timeout_s));
    tokio::time::timeout(timeout, probe(shared, backend, group)).await.unwrap_or(Err(Trouble::Silent))
}

async fn probe(shared: &Shared, backend: &Backend, group: &TargetGroup) -> Result<(), Trouble> {
    let check = &group.health_check;
    let mut address = backend.address;
    if let Some(port) = check.port {
        address.set_port(port);
    }
    let stream = TcpStream::connect(address).await.map_err(|_| Trouble::Silent)?;
    let http2 = group.protocol_version != ProtocolVersion::Http1;
    let code = match check.protocol {
        Protocol::Http => exchange(stream, &address.to_string(), check, group.protocol_version).await?,
        Protocol::Https => {
            let connector = TlsConnector::from(shared.tls.config(http2));
            let stream =
                connector.connect(ServerName::from(address.ip()), stream).await.map_err(|_| Trouble::Silent)?;
            exchange(stream, &address.to_string(), check, group.protocol_version).await?
        }
        // That it took the connection is enough.
        Protocol::Tcp | Protocol::Tls | Protocol::Udp | Protocol::TcpUdp => return Ok(()),
    };
    if is_matched(&check.matcher, code) { Ok(()) } else { Err(Trouble::Code(code)) }
}

/// Asks over `stream` and answers the status, of gRPC its own.
async fn exchange<S>(stream: S, host: &str, check: &HealthCheck, version: ProtocolVersion) -> Result<u16, Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let silent = |_| Trouble::Silent;
    let io = TokioIo::new(stream);
    if version == ProtocolVersion::Http1 {
        let request = Request::get(&check.path).header(HOST, host).header(USER_AGENT, AGENT);
        let request = request.header("accept-encoding", "gzip, compressed").body(Full::default());
        let request = request.map_err(|_| Trouble::Silent)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake::<_, Full<bytes::Bytes>>(io).await.map_err(silent)?;
        let connection = tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(silent);
        connection.abort();
        return Ok(response?.status().as_u16());
    }
    let is_grpc = version == ProtocolVersion::Grpc;
    let request = Request::builder().uri(format!("http://{host}{}", check.path)).header(USER_AGENT, AGENT);
    let request = match is_grpc {
        false => request.method(Method::GET).body(Full::default()),
        // An empty message: a byte that says uncompressed, and its length.
        true => request
            .method(Method::POST)
            .header(CONTENT_TYPE, "application/grpc")
            .header(TE, "trailers")
            .body(Full::new(bytes::Bytes::from_static(&[0; 5]))),
    };
    let request = request.map_err(|_| Trouble::Silent)?;
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.map_err(silent)?;
    let connection = tokio::spawn(connection);
    let code = async {
        let response = sender.send_request(request).await.map_err(silent)?;
        let status = |headers: &http::HeaderMap| headers.get("grpc-status")?.to_str().ok()?.parse().ok();
        if !is_grpc {
            return Ok(response.status().as_u16());
        }
        match status(response.headers()) {
            Some(code) => Ok(code),
            None => {
                let trailers = response.into_body().collect().await.map_err(silent)?;
                trailers.trailers().and_then(status).ok_or(Trouble::Silent)
            }
        }
    };
    let code = code.await;
    connection.abort();
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check() -> HealthCheck {
        HealthCheck {
            protocol: Protocol::Http,
            port: None,
            path: "/".to_owned(),
            interval_s: 5,
            timeout_s: 2,
            healthy_threshold: 3,
            unhealthy_threshold: 2,
            matcher: "200".to_owned(),
        }
    }

    #[test]
    fn states_follow_from_successes_and_failures_in_a_row() {
        use TargetState::{Healthy, Initial, Unhealthy};
        let mut tally = Tally::new(Initial);
        for (success, expected) in [
            (false, Initial),
            (true, Healthy),
            (false, Healthy),
            (true, Healthy),
            (false, Healthy),
            (false, Unhealthy),
            (true, Unhealthy),
            (true, Unhealthy),
            (false, Unhealthy),
            (true, Unhealthy),
            (true, Unhealthy),
            (true, Healthy),
        ] {
            assert_eq!(tally.count(success, &check()), expected);
        }
    }

    #[test]
    fn a_new_target_that_never_answers_becomes_unhealthy() {
        let mut tally = Tally::new(TargetState::Initial);
        assert_eq!(tally.count(false, &check()), TargetState::Initial);
        assert_eq!(tally.count(false, &check()), TargetState::Unhealthy);
    }
}
