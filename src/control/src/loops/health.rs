//! The health loop: writes down how services stand, each time that it changes, so that a status board can say how the
//! last 90 days were. It follows the event log; what it judges by is in [`Health::of_service`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gantry_model::event::{Event, EventKind};
use gantry_model::health::Health;
use gantry_model::service::ServiceStatus;
use gantry_model::{Arn, UnixMillis};
use gantry_store::{Conn, StoreError, kv, service, service_health, task};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::context::Control;
use crate::error::{Failure, chain};

/// Events of one moment are judged together.
const SETTLE: Duration = Duration::from_secs(1);
/// How often it is written down that somebody watches.
const EVERY: Duration = Duration::from_secs(60);
const EVERY_MS: i64 = 60_000;
/// A longer pause than this is time that nobody watched.
const PAUSE_MS: i64 = 180_000;
/// The setting that says until when somebody watched.
const WATCHED_UNTIL: &str = "health-watched-until";

/// Runs until it is dropped.
pub async fn run(control: Arc<Control>) {
    let mut events = control.store.subscribe();
    if let Err(failure) = resume(&control).await {
        tracing::error!(loop_name = "health", "the pause could not be written down: {}", chain(&failure));
    }
    loop {
        if let Err(failure) = pass(&control).await {
            tracing::error!(loop_name = "health", "the services could not be judged: {}", chain(&failure));
        }
        tokio::select! {
            () = concerning(&mut events) => tokio::time::sleep(SETTLE).await,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Waits for an event that can change how a service stands.
async fn concerning(events: &mut Receiver<Arc<Event>>) {
    loop {
        match events.recv().await {
            Ok(event) if matches!(event.kind, EventKind::Service | EventKind::Task) => return,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return,
            // The store is closing; the next pass says so, and the loop ends with the process.
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

/// Until when somebody watched, as it is written down.
async fn watched_until(conn: &mut Conn) -> Result<Option<UnixMillis>, StoreError> {
    Ok(kv::get(conn, WATCHED_UNTIL).await?.and_then(|until| until.parse().ok()).map(UnixMillis))
}

/// After a pause: from its beginning on nobody knows how the services stood.
///
/// # Errors
/// The store's.
pub async fn resume(control: &Arc<Control>) -> Result<(), Failure> {
    let now = control.now();
    let done = control.store.write(move |tx| {
        Box::pin(async move {
            let Some(until) = watched_until(tx).await?.filter(|until| now.millis_since(*until) > PAUSE_MS) else {
                return Ok(());
            };
            for (service, health) in service_health::latest(tx).await? {
                if !matches!(health, Health::Idle | Health::Unknown) {
                    service_health::put(tx, &service, until, Health::Unknown).await?;
                }
            }
            Ok::<_, StoreError>(())
        })
    });
    Ok(done.await?)
}

/// One round.
///
/// # Errors
/// The store's.
pub async fn pass(control: &Arc<Control>) -> Result<(), Failure> {
    let (changed, until) = {
        let mut reader = control.store.read().await?;
        (changes(&mut reader).await?, watched_until(&mut reader).await?)
    };
    // A busy cluster is looked at each second; that alone is nothing to write.
    if changed.is_empty() && until.is_some_and(|until| control.now().millis_since(until) < EVERY_MS) {
        return Ok(());
    }
    let done = control.store.write(move |tx| {
        Box::pin(async move {
            let now = tx.now();
            for (service, health) in changed {
                service_health::put(tx, &service, now, health).await?;
            }
            kv::put(tx, WATCHED_UNTIL, &now.0.to_string()).await
        })
    });
    Ok(done.await?)
}

/// The services that stand otherwise than it is written, and how.
async fn changes(conn: &mut Conn) -> Result<Vec<(String, Health)>, StoreError> {
    let written = service_health::latest(conn).await?;
    let before = |arn: &str| written.get(arn).copied().unwrap_or(Health::Idle);
    let running = task::running_by_service(conn).await?;
    let mut now: BTreeMap<String, Health> = written.keys().map(|arn| (arn.clone(), Health::Idle)).collect();
    for service in service::unfinished(conn).await? {
        let arn = Arn::service(&service.scope, &service.cluster, &service.name).to_string();
        let own = running.get(&(service.scope.clone(), service.cluster.clone(), service.name.clone()));
        let desired = if service.status == ServiceStatus::Active { service.desired_count } else { 0 };
        let minimum = service.deployment_configuration.minimum_healthy_percent;
        let health = Health::of_service(before(&arn), own.copied().unwrap_or(0), desired, minimum);
        now.insert(arn, health);
    }
    Ok(now.into_iter().filter(|(arn, health)| *health != before(arn)).collect())
}
