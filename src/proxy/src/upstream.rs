//! Connections to targets: made, kept, and used again.
//!
//! HTTP/1.1 connections carry one request at a time and come back to the pool once the answer has been read to its end;
//! an HTTP/2 connection is shared. A request that was not written to a kept connection, because the target has just closed it, comes back
//! whole and is sent on another one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gantry_model::load_balancing::{Protocol, ProtocolVersion, TargetGroup};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::Shared;
use crate::backend::{Backend, InFlight};
use crate::body::Upload;

/// How long a target has to take a connection.
pub(crate) const CONNECT: Duration = Duration::from_secs(10);
/// Connections that nobody used for so long are not used again: targets close theirs, too.
const KEPT: Duration = Duration::from_secs(55);
/// The most connections that are kept to one target.
const MOST_KEPT: usize = 512;

/// The connections that are kept to a target.
#[derive(Default)]
pub(crate) struct Pool(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    idle: Vec<(http1::SendRequest<Upload>, Instant)>,
    shared: Option<http2::SendRequest<Upload>>,
}

/// A connection that may take a request.
pub(crate) enum Connection {
    Http1 { sender: http1::SendRequest<Upload>, is_kept: bool },
    Http2(http2::SendRequest<Upload>),
}

/// What an answer keeps busy: something under way to a target, and the connection that it comes on.
pub(crate) struct Lease {
    in_flight: InFlight,
    sender: Option<http1::SendRequest<Upload>>,
}

/// Why a request was not answered by a target.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// It was not sent, and is here again.
    #[error("the connection was closed before the request was sent")]
    Unsent(Box<Request<Upload>>),
    #[error("the target broke the connection off")]
    Broken(#[source] hyper::Error),
}

/// Why there is no connection to a target.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("the target took no connection within {} s", CONNECT.as_secs())]
    TimedOut,
    #[error("the target took no connection")]
    Refused(#[source] std::io::Error),
    #[error("the target speaks another protocol")]
    Handshake(#[source] hyper::Error),
}

impl Pool {
    /// Drops every connection that is kept.
    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
    }

    fn take(&self) -> Option<http1::SendRequest<Upload>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((sender, since)) = kept.idle.pop() {
            if since.elapsed() < KEPT && sender.is_ready() {
                return Some(sender);
            }
        }
        None
    }

    fn keep(&self, sender: http1::SendRequest<Upload>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.idle.len() < MOST_KEPT {
            kept.idle.push((sender, Instant::now()));
        }
    }

    fn shared(&self) -> Option<http2::SendRequest<Upload>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.shared.as_ref().filter(|sender| !sender.is_closed()).cloned()
    }

    fn share(&self, sender: &http2::SendRequest<Upload>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).shared = Some(sender.clone());
    }
}

impl Lease {
    /// The answer was read to its end: the connection may be used again.
    pub(crate) fn give_back(self) {
        let Self { in_flight, sender } = self;
        let backend = Arc::clone(&in_flight.backend);
        drop(in_flight);
        let Some(mut sender) = sender.filter(|_| backend.keeps_connections()) else { return };
        if sender.is_ready() {
            return backend.pool.keep(sender);
        }
        // The connection still has to see for itself that the exchange is over.
        tokio::spawn(async move {
            if sender.ready().await.is_ok() && backend.keeps_connections() {
                backend.pool.keep(sender);
            }
        });
    }
}

/// A connection to `backend`: one that was kept, or a new one.
pub(crate) async fn connection(
    backend: &Backend,
    group: &TargetGroup,
    shared: &Shared,
) -> Result<Connection, ConnectError> {
    if group.protocol_version == ProtocolVersion::Http1 {
        if let Some(sender) = backend.pool.take() {
            return Ok(Connection::Http1 { sender, is_kept: true });
        }
    } else if let Some(sender) = backend.pool.shared() {
        return Ok(Connection::Http2(sender));
    }
    fresh(backend, group, shared).await
}

/// A new connection to `backend`.
pub(crate) async fn fresh(backend: &Backend, group: &TargetGroup, shared: &Shared) -> Result<Connection, ConnectError> {
    let connecting = connect(backend, group, shared);
    tokio::time::timeout(CONNECT, connecting).await.map_err(|_| ConnectError::TimedOut)?
}

async fn connect(backend: &Backend, group: &TargetGroup, shared: &Shared) -> Result<Connection, ConnectError> {
    let stream = TcpStream::connect(backend.address).await.map_err(ConnectError::Refused)?;
    // Without it small answers wait for acknowledgements; where it cannot be had they do.
    _ = stream.set_nodelay(true);
    let http2 = group.protocol_version != ProtocolVersion::Http1;
    if group.protocol == Protocol::Https {
        let connector = TlsConnector::from(shared.tls.config(http2));
        let name = ServerName::from(backend.address.ip());
        let stream = connector.connect(name, stream).await.map_err(ConnectError::Refused)?;
        return handshake(backend, stream, http2).await;
    }
    handshake(backend, stream, http2).await
}

async fn handshake<S>(backend: &Backend, stream: S, http2: bool) -> Result<Connection, ConnectError>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(stream);
    let ended =
        |address| move |error: hyper::Error| tracing::debug!(%address, "a connection to a target ended: {error}");
    let address = backend.address;
    if http2 {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new());
        let (sender, connection) = builder.handshake(io).await.map_err(ConnectError::Handshake)?;
        tokio::spawn(async move { connection.await.unwrap_or_else(ended(address)) });
        backend.pool.share(&sender);
        return Ok(Connection::Http2(sender));
    }
    let mut builder = http1::Builder::new();
    builder.preserve_header_case(true);
    let (sender, connection) = builder.handshake(io).await.map_err(ConnectError::Handshake)?;
    tokio::spawn(async move { connection.with_upgrades().await.unwrap_or_else(ended(address)) });
    Ok(Connection::Http1 { sender, is_kept: false })
}

/// Sends `request` and answers the head of what comes back, with what its body keeps busy.
pub(crate) async fn send(
    connection: Connection,
    request: Request<Upload>,
    in_flight: InFlight,
) -> Result<(Response<Incoming>, Lease), (SendError, InFlight)> {
    match connection {
        Connection::Http1 { mut sender, .. } => match sender.try_send_request(request).await {
            Ok(response) => Ok((response, Lease { in_flight, sender: Some(sender) })),
            Err(mut error) => match error.take_message() {
                Some(request) => Err((SendError::Unsent(Box::new(request)), in_flight)),
                None => Err((SendError::Broken(error.into_error()), in_flight)),
            },
        },
        Connection::Http2(mut sender) => match sender.try_send_request(request).await {
            Ok(response) => Ok((response, Lease { in_flight, sender: None })),
            Err(mut error) => match error.take_message() {
                Some(request) => Err((SendError::Unsent(Box::new(request)), in_flight)),
                None => Err((SendError::Broken(error.into_error()), in_flight)),
            },
        },
    }
}
