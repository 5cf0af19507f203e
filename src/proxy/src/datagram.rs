//! Datagrams: what one client sends goes to one target, and what that answers goes back.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use crate::activity::Activity;
use crate::table::Transport;
use crate::{Shared, connection};

/// After how long without a datagram a client is forgotten (Network Load Balancers: 120 s).
const IDLE: Duration = Duration::from_secs(120);
/// The largest datagram that there is.
const LARGEST: usize = 65_535;
/// The most clients that are known at once; more are not served until some are forgotten.
const MOST_CLIENTS: usize = 65_536;

/// The clients that are known, each with the socket that its target knows.
#[derive(Default)]
struct Flows(Mutex<HashMap<SocketAddr, Flow>>);

#[derive(Clone)]
struct Flow {
    socket: Arc<UdpSocket>,
    activity: Activity,
}

/// Serves `socket` until `closing`.
pub(crate) async fn serve(shared: Arc<Shared>, socket: UdpSocket, closing: CancellationToken) {
    let socket = Arc::new(socket);
    let flows = Arc::new(Flows::default());
    let mut buffer = vec![0; LARGEST];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut buffer) => received,
            () = closing.cancelled() => return,
        };
        let (length, client) = match received {
            Ok(received) => received,
            Err(error) => {
                tracing::debug!("a datagram was not received: {error}");
                continue;
            }
        };
        let known = flows.0.lock().unwrap_or_else(PoisonError::into_inner).get(&client).cloned();
        let flow = match known {
            Some(flow) => Some(flow),
            None => begin(&shared, &socket, &flows, client, &closing).await,
        };
        if let Some(flow) = flow {
            flow.activity.touch();
            // A datagram that cannot be sent is lost, as datagrams are.
            _ = flow.socket.send(&buffer[..length]).await;
        }
    }
}

async fn begin(
    shared: &Arc<Shared>,
    socket: &Arc<UdpSocket>,
    flows: &Arc<Flows>,
    client: SocketAddr,
    closing: &CancellationToken,
) -> Option<Flow> {
    let table = shared.table();
    let port = table.ports.get(&(Transport::Udp, socket.local_addr().ok()?.port()))?;
    let weighted = port.fronts.first()?.default_groups().first()?;
    let group = table.groups.get(&weighted.group)?;
    if flows.0.lock().unwrap_or_else(PoisonError::into_inner).len() >= MOST_CLIENTS {
        group.counts.error();
        return None;
    }
    group.counts.request();
    let backend = connection::choose(group, client, &[])?;
    let in_flight = backend.begin(shared);
    let any: SocketAddr = match backend.address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let to_target = UdpSocket::bind(any).await.ok()?;
    to_target.connect(backend.address).await.ok()?;
    let flow = Flow { socket: Arc::new(to_target), activity: Activity::default() };
    flows.0.lock().unwrap_or_else(PoisonError::into_inner).insert(client, flow.clone());
    let (socket, flows, closing) = (Arc::clone(socket), Arc::clone(flows), closing.clone());
    let answering = flow.clone();
    tokio::spawn(async move {
        let cut = in_flight.backend.cut.clone();
        let answers = answer(&socket, client, &answering);
        tokio::select! {
            _ = answering.activity.within(IDLE, answers) => {}
            () = cut.cancelled() => {}
            () = closing.cancelled() => {}
        }
        flows.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&client);
        drop(in_flight);
    });
    Some(flow)
}

/// Sends what the target answers to `client`, until the target cannot be heard any more.
async fn answer(socket: &UdpSocket, client: SocketAddr, flow: &Flow) {
    let mut buffer = vec![0; LARGEST];
    // A target that is not there refuses; the next datagram goes to another one.
    while let Ok(length) = flow.socket.recv(&mut buffer).await {
        flow.activity.touch();
        _ = socket.send_to(&buffer[..length], client).await;
    }
}
