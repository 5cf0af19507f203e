//! The ports that are open, and those that could not be opened.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use gantry_model::load_balancing::ListenerReport;
use tokio::net::{TcpListener, TcpSocket, UdpSocket};
use tokio_util::sync::CancellationToken;

use crate::table::{Table, Transport};
use crate::{Shared, connection, datagram};

/// Connections that wait to be taken.
const BACKLOG: u32 = 4096;
/// How long nothing is taken after the system refused to give a connection, because there are too many say.
const PAUSE: Duration = Duration::from_millis(50);

/// The ports that are open.
pub(crate) struct Ports {
    address: IpAddr,
    shared: Arc<Shared>,
    open: BTreeMap<(Transport, u16), CancellationToken>,
    failures: Vec<ListenerReport>,
}

impl Drop for Ports {
    fn drop(&mut self) {
        self.open.values().for_each(CancellationToken::cancel);
    }
}

impl Ports {
    pub(crate) fn new(address: IpAddr, shared: Arc<Shared>) -> Self {
        Self { address, shared, open: BTreeMap::new(), failures: Vec::new() }
    }

    /// Opens the ports of `table` that are not open, and closes those that are no more.
    pub(crate) fn follow(&mut self, table: &Table) {
        self.open.retain(|place, closing| {
            let stays = table.ports.contains_key(place);
            if !stays {
                closing.cancel();
            }
            stays
        });
        self.failures.clear();
        for (&(transport, number), port) in &table.ports {
            if self.open.contains_key(&(transport, number)) {
                continue;
            }
            match self.open_port(transport, number) {
                Ok(closing) => drop(self.open.insert((transport, number), closing)),
                Err(error) => {
                    let failure = format!("port {number} cannot be listened on: {error}");
                    tracing::warn!("{failure}");
                    self.failures.extend(
                        port.fronts
                            .iter()
                            .map(|front| ListenerReport { arn: front.listener.arn.clone(), failure: failure.clone() }),
                    );
                }
            }
        }
    }

    pub(crate) fn report(&self) -> Vec<ListenerReport> {
        self.failures.clone()
    }

    fn open_port(&self, transport: Transport, number: u16) -> std::io::Result<CancellationToken> {
        let address = SocketAddr::new(self.address, number);
        let closing = CancellationToken::new();
        match transport {
            Transport::Tcp => {
                let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
                socket.set_reuseaddr(true)?;
                socket.bind(address)?;
                let listener = socket.listen(BACKLOG)?;
                tokio::spawn(accept(Arc::clone(&self.shared), listener, number, closing.clone()));
            }
            Transport::Udp => {
                let socket = std::net::UdpSocket::bind(address)?;
                socket.set_nonblocking(true)?;
                let socket = UdpSocket::from_std(socket)?;
                tokio::spawn(datagram::serve(Arc::clone(&self.shared), socket, closing.clone()));
            }
        }
        Ok(closing)
    }
}

async fn accept(shared: Arc<Shared>, listener: TcpListener, number: u16, closing: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = closing.cancelled() => return,
        };
        let (stream, client) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!("a connection could not be taken: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Some(port) = shared.table().ports.get(&(Transport::Tcp, number)).map(Arc::clone) else { return };
        tokio::spawn(connection::serve(Arc::clone(&shared), port, stream, client, closing.clone()));
    }
}
