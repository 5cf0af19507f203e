//! The data plane of load balancers: it listens, chooses a target, and carries requests, connections and datagrams there.
//!
//! A [`Proxy`] is told with [`Proxy::apply`] what [`Traffic`] is to be like, as often as it changes, and does the rest by
//! itself: it opens and closes ports, checks targets, and goes on with what it was told last when nobody tells it anything.
//! What it finds out it says in a [`Report`]. A change never breaks what is under way: each request looks at the newest table ([`table`]), and one that
//! has begun ends where it began.
//!
//! Read [`table`] first, then [`request`] (HTTP) and [`connection`] (TCP).

mod activity;
mod backend;
mod balance;
mod body;
mod connection;
mod cookie;
mod datagram;
mod health;
mod listen;
mod matching;
mod proxy_header;
mod redirect;
mod report;
mod request;
mod table;
mod tls;
mod upstream;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use gantry_model::load_balancing::{Report, Traffic};
use tokio::sync::Notify;

use crate::health::Checks;
use crate::listen::Ports;
use crate::table::Table;

/// A proxy at work. It ends when it is dropped.
pub struct Proxy {
    shared: Arc<Shared>,
    ports: Mutex<Ports>,
    checks: Mutex<Checks>,
}

/// What every connection and check looks at.
pub(crate) struct Shared {
    table: RwLock<Arc<Table>>,
    /// Rung when there is something new to report.
    news: Notify,
    tls: tls::Outgoing,
}

impl Shared {
    /// What holds now.
    pub(crate) fn table(&self) -> Arc<Table> {
        Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// There is something new to report.
    pub(crate) fn tell(&self) {
        self.news.notify_one();
    }
}

impl Proxy {
    /// A proxy that listens on addresses of its own at `address` once it is told what on.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(address: IpAddr) -> Result<Self, rustls::Error> {
        let shared = Arc::new(Shared {
            table: RwLock::new(Arc::new(Table::default())),
            news: Notify::new(),
            tls: tls::Outgoing::new()?,
        });
        Ok(Self {
            ports: Mutex::new(Ports::new(address, Arc::clone(&shared))),
            checks: Mutex::new(Checks::new(Arc::clone(&shared))),
            shared,
        })
    }

    /// Makes everything as `traffic` says. Must be called inside a tokio runtime.
    pub fn apply(&self, traffic: &Traffic) {
        let table = Arc::new(Table::build(traffic, &self.shared.table()));
        *self.shared.table.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&table);
        self.ports.lock().unwrap_or_else(PoisonError::into_inner).follow(&table);
        self.checks.lock().unwrap_or_else(PoisonError::into_inner).follow(&table);
        self.shared.tell();
    }

    /// Tries again to open the ports that could not be opened.
    pub fn retry(&self) {
        let table = self.shared.table();
        self.ports.lock().unwrap_or_else(PoisonError::into_inner).follow(&table);
    }

    /// Waits until there may be something new to report.
    pub async fn news(&self) {
        self.shared.news.notified().await;
    }

    /// Stops listening; what is under way goes on.
    pub fn close(&self) {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner).follow(&Table::default());
    }

    /// How much is under way to targets.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.shared.table().backends().map(|backend| backend.in_flight()).sum()
    }

    /// How everything stands.
    #[must_use]
    pub fn report(&self) -> Report {
        let listeners = self.ports.lock().unwrap_or_else(PoisonError::into_inner).report();
        report::of(&self.shared.table(), listeners)
    }
}

#[cfg(test)]
mod tests;
