//! A connection's way: requests are answered one by one ([`crate::request`]); anything else is joined to a connection to
//! a target and carried as it is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gantry_model::load_balancing::{Protocol, Stickiness};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_util::sync::CancellationToken;

use crate::activity::{Activity, Watched};
use crate::backend::Backend;
use crate::request::Client;
use crate::table::{Group, Port};
use crate::{Shared, balance, proxy_header, request, upstream};

/// After how long without a byte a connection that is carried as it is is closed (Network Load Balancers: 350 s).
const IDLE: Duration = Duration::from_secs(350);
/// How long a client has for its part of a TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The most bytes of a request's head, and the most headers (Application Load Balancers: 60 KiB).
const MOST_HEAD: usize = 64 * 1024;
const MOST_HEADERS: usize = 200;
/// How many targets are tried before a client's connection is closed.
const TRIES: usize = 3;

/// Serves a connection that came to `port`, until `closing`, when what is under way is ended and nothing more begun.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    port: Arc<Port>,
    stream: TcpStream,
    address: SocketAddr,
    closing: CancellationToken,
) {
    // Without it small answers wait for acknowledgements; where it cannot be had they do.
    _ = stream.set_nodelay(true);
    let Ok(local) = stream.local_addr() else { return };
    let client = Client { address, number: local.port(), port: Arc::clone(&port) };
    match &port.tls {
        None => carry(shared, client, stream, local, closing).await,
        Some(tls) => {
            let handshake = TlsAcceptor::from(Arc::clone(tls)).accept(stream);
            match tokio::time::timeout(HANDSHAKE, handshake).await {
                Ok(Ok(stream)) => carry(shared, client, stream, local, closing).await,
                Ok(Err(error)) => tracing::debug!(client = %address, "no TLS: {error}"),
                Err(_) => tracing::debug!(client = %address, "no TLS in time"),
            }
        }
    }
}

async fn carry<S>(shared: Arc<Shared>, client: Client, stream: S, local: SocketAddr, closing: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Some(front) = client.port.fronts.first() else { return };
    match front.listener.protocol {
        Protocol::Http | Protocol::Https => {
            let idle = Duration::from_secs(u64::from(front.balancer.idle_timeout_s()));
            let life = Duration::from_secs(u64::from(front.balancer.keep_alive_s()));
            requests(shared, client, stream, idle, life, closing).await;
        }
        Protocol::Tcp | Protocol::Tls | Protocol::Udp | Protocol::TcpUdp => join(&shared, &client, stream, local).await,
    }
}

async fn requests<S>(
    shared: Arc<Shared>,
    client: Client,
    stream: S,
    idle: Duration,
    life: Duration,
    closing: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .max_buf_size(MOST_HEAD)
        .max_headers(MOST_HEADERS)
        .preserve_header_case(true)
        .pipeline_flush(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(MOST_HEAD).unwrap_or(u32::MAX))
        .max_concurrent_streams(128)
        .keep_alive_interval(idle)
        .keep_alive_timeout(idle);
    let address = client.address;
    let service = service_fn(move |request| {
        let (shared, client) = (Arc::clone(&shared), client.clone());
        async move { Ok::<_, std::convert::Infallible>(request::answer(shared, client, request).await) }
    });
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ending = async {
        tokio::select! {
            () = closing.cancelled() => {}
            () = tokio::time::sleep(life) => {}
        }
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = ending => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(client = %address, "a client's connection ended: {error}");
    }
}

/// Joins a client's connection to one to a target.
async fn join<S>(shared: &Arc<Shared>, client: &Client, mut stream: S, local: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let table = shared.table();
    let place = (crate::table::Transport::Tcp, client.number);
    let port = table.ports.get(&place).unwrap_or(&client.port);
    let Some(front) = port.fronts.first() else { return };
    let groups = front.default_groups();
    let first = groups.first().and_then(|weighted| table.groups.get(&weighted.group));
    let weights = groups.iter().map(|weighted| weighted.weight);
    let Some(chosen) = first.and_then(|group| balance::by_weight(weights, &group.turn)) else { return };
    let Some(group) = table.groups.get(&groups[chosen].group).map(Arc::clone) else { return };
    drop(table);
    group.counts.request();
    let mut tried: Vec<Arc<Backend>> = Vec::new();
    while tried.len() < TRIES {
        let Some(backend) = choose(&group, client.address, &tried) else { break };
        let in_flight = backend.begin(shared);
        let connecting = tokio::time::timeout(upstream::CONNECT, TcpStream::connect(backend.address)).await;
        let Ok(Ok(mut target)) = connecting else {
            drop(in_flight);
            tried.push(backend);
            continue;
        };
        _ = target.set_nodelay(true);
        if group.config.writes_proxy_header()
            && target.write_all(&proxy_header::v2(client.address, local)).await.is_err()
        {
            break;
        }
        let cut = backend.cut.clone();
        if group.config.protocol == Protocol::Tls {
            let connector = TlsConnector::from(shared.tls.config(false));
            let name = rustls::pki_types::ServerName::from(backend.address.ip());
            let Ok(target) = connector.connect(name, target).await else { break };
            copy(&mut stream, target, cut).await;
        } else {
            copy(&mut stream, target, cut).await;
        }
        return;
    }
    group.counts.error();
}

async fn copy<C, T>(client: &mut C, target: T, cut: CancellationToken)
where
    C: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    let activity = Activity::default();
    let mut client = Watched { inner: client, activity: activity.clone() };
    let mut target = Watched { inner: target, activity: activity.clone() };
    tokio::select! {
        _ = activity.within(IDLE, tokio::io::copy_bidirectional(&mut client, &mut target)) => {}
        () = cut.cancelled() => {}
    }
}

/// A target of `group` for a client that is known by nothing but its address.
pub(crate) fn choose(group: &Group, client: SocketAddr, tried: &[Arc<Backend>]) -> Option<Arc<Backend>> {
    let candidates = balance::candidates(&group.backends, tried);
    if group.stickiness == Stickiness::SourceIp {
        // The target whose digest with the client's is the greatest: when one comes or goes only its own clients move.
        let weight = |backend: &&&Arc<Backend>| rendezvous(client, backend);
        return candidates.iter().max_by_key(weight).map(|backend| Arc::clone(backend));
    }
    let slow_start = Duration::from_secs(u64::from(group.config.slow_start_s()));
    balance::choose(&candidates, group.config.algorithm(), slow_start, &group.turn).map(Arc::clone)
}

fn rendezvous(client: SocketAddr, backend: &Backend) -> Vec<u8> {
    let text = format!("{}|{}|{}", client.ip().to_canonical(), backend.key.id, backend.key.port);
    Sha256::digest(text.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_model::load_balancing::TargetKey;

    #[test]
    fn clients_stay_where_they_are_when_another_target_goes() {
        let backend = |port| {
            let key = TargetKey { group: "g".into(), id: "10.0.0.1".into(), port };
            Backend::new(key, ([10, 0, 0, 1], port).into(), gantry_model::load_balancing::TargetState::Healthy)
        };
        let all: Vec<Backend> = (1..=4).map(backend).collect();
        let best = |client: SocketAddr, count: usize| {
            all[..count].iter().max_by_key(|backend| rendezvous(client, backend)).unwrap().key.port
        };
        for last in 1..=50_u8 {
            let client: SocketAddr = ([192, 168, 0, last], 1).into();
            let before = best(client, 4);
            if before != 4 {
                assert_eq!(best(client, 3), before, "{client}");
            }
        }
    }
}
