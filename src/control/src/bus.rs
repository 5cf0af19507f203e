//! Who is woken when something was committed.
//!
//! The event log is the truth; this is only the bell. A loop or an agent's session that is woken reads what it needs
//! from the store, so a ring too many costs a read, and one that was missed is made up for by the next sweep.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gantry_model::event::{Event, EventKind};
use gantry_model::{ContainerInstanceId, ServiceName};
use gantry_store::Store;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;

use crate::loops::services::ServiceKey;

/// One bell an agent's session, and one for the service loop with the services that it rings for.
#[derive(Default)]
pub struct Bus {
    instances: Mutex<BTreeMap<ContainerInstanceId, Arc<Notify>>>,
    touched: Mutex<BTreeSet<ServiceKey>>,
    sweep: AtomicBool,
    /// Rung when [`Bus::take_services`] or [`Bus::take_sweep`] have something new.
    pub services: Notify,
    deployed: Mutex<BTreeSet<ServiceKey>>,
    /// Rung when [`Bus::take_deployments`] has something new.
    pub deployments: Notify,
    /// Rung when a host or a task changed: a task may want room, or some may have become free.
    pub placed: Notify,
    /// Rung together with [`Bus::placed`], for who looks at pools.
    pub pools: Notify,
}

impl Bus {
    /// The bell of `instance`'s session. It keeps one ring until somebody waits.
    pub fn instance(&self, instance: &ContainerInstanceId) -> Arc<Notify> {
        let mut bells = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(bells.entry(instance.clone()).or_default())
    }

    /// The services that changed, or whose tasks did, since this was last asked.
    pub fn take_services(&self) -> BTreeSet<ServiceKey> {
        std::mem::take(&mut self.touched.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The services whose rows changed since this was last asked: their deployments may have, too.
    pub fn take_deployments(&self) -> BTreeSet<ServiceKey> {
        std::mem::take(&mut self.deployed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether hosts changed since this was last asked, which may concern every service.
    pub fn take_sweep(&self) -> bool {
        self.sweep.swap(false, Ordering::Relaxed)
    }

    fn ring_for(&self, event: &Event) {
        if let Some(id) = instance_of(event) {
            self.instance(&id).notify_one();
        }
        if let Some(key) = service_of(event).filter(|_| event.kind == EventKind::Service) {
            self.deployed.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
            self.deployments.notify_one();
        }
        if matches!(event.kind, EventKind::ContainerInstance | EventKind::Task) {
            self.placed.notify_one();
            self.pools.notify_one();
        }
        match event.kind {
            EventKind::ContainerInstance => self.sweep.store(true, Ordering::Relaxed),
            EventKind::Service | EventKind::Task => match service_of(event) {
                Some(key) => drop(self.touched.lock().unwrap_or_else(PoisonError::into_inner).insert(key)),
                None => return,
            },
            _ => return,
        }
        self.services.notify_one();
    }

    fn ring_all(&self) {
        let bells = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        bells.values().for_each(|bell| bell.notify_one());
        self.sweep.store(true, Ordering::Relaxed);
        self.services.notify_one();
        self.placed.notify_one();
        self.pools.notify_one();
    }

    /// Rings for every committed event until the store is closed.
    pub async fn run(&self, store: &Store) {
        let mut events = store.subscribe();
        self.ring_all();
        loop {
            match events.recv().await {
                Ok(event) => self.ring_for(&event),
                Err(RecvError::Lagged(_)) => self.ring_all(),
                Err(RecvError::Closed) => return,
            }
        }
    }
}

/// The instance that an event concerns: events of tasks and instances name it as `containerInstanceId`.
fn instance_of(event: &Event) -> Option<ContainerInstanceId> {
    let id = event.payload.get("containerInstanceId")?.as_str()?;
    ContainerInstanceId::parse(id).ok()
}

/// The service that an event concerns: events of services and tasks name it as `service`.
fn service_of(event: &Event) -> Option<ServiceKey> {
    let name = ServiceName::parse(event.payload.get("service")?.as_str()?).ok()?;
    Some(ServiceKey { scope: event.scope.clone(), cluster: event.cluster.clone()?, name })
}
