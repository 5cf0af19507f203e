//! Housekeeping: forgets what nobody can ask for any more.
//!
//! Stopped tasks are describable for the configured time (ECS promises an hour), events as long as a reader may resume
//! from them, blobs as long as something names them.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use gantry_model::UnixMillis;
use gantry_store::{log_chunk, log_group};

use crate::context::Control;
use crate::error::{Failure, chain};
use crate::loops::delivery;

/// Secrets that go in one round.
const SECRETS: i64 = 1000;
/// Chunks of log lines that go in one transaction: few enough that nobody else waits long.
const LOG_CHUNKS: i64 = 200;

const EVERY: Duration = Duration::from_secs(60);
/// Events that a reader that comes back can still resume from.
const EVENTS_KEPT: i64 = 100_000;

/// How long finished deployments of services can be asked for: 90 days (ECS developer guide, "View service history").
const DEPLOYMENTS_KEPT_S: i64 = 90 * 24 * 60 * 60;

/// Runs until it is dropped.
pub async fn run(control: Arc<Control>) {
    loop {
        if let Err(failure) = pass(&control).await {
            tracing::error!(loop_name = "housekeeping", "housekeeping failed: {}", chain(&failure));
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// One round.
///
/// # Errors
/// The store's.
pub async fn pass(control: &Arc<Control>) -> Result<(), Failure> {
    let now = control.now();
    let old = now.plus_seconds(-control.config.stopped_task_retention_s);
    control
        .store
        .write(move |tx| {
            Box::pin(async move {
                for task in gantry_store::task::stopped_before(tx, old).await? {
                    gantry_store::task::delete(tx, &task).await?;
                }
                let oldest = now.plus_seconds(-DEPLOYMENTS_KEPT_S);
                gantry_store::service_deployment::delete_finished_before(tx, oldest).await?;
                gantry_store::service_health::forget_before(tx, oldest).await?;
                gantry_store::board::forget_expired_links(tx, now).await?;
                for due in gantry_store::secret::due(tx, now, SECRETS).await? {
                    crate::secretsmanager::record::delete(tx, &due).await?;
                }
                gantry_store::event::prune(tx, EVENTS_KEPT).await?;
                gantry_store::session::delete_expired(tx, now).await?;
                gantry_store::client_token::delete_expired(tx).await?;
                Ok::<_, Failure>(())
            })
        })
        .await?;
    forget_log_lines(control, now).await?;
    let urls = control.config.event_webhooks.as_ref().map(|webhooks| webhooks.urls.as_slice()).unwrap_or_default();
    delivery::forget(control, urls).await?;
    control.registry.apply_lifecycle_policies(now).await.map_err(|e| gantry_wire::ApiError::server(chain(&e)))?;
    control.registry.forget_old_backfills(now).await?;
    control.registry.scrub_once(now).await.map_err(|e| gantry_wire::ApiError::server(chain(&e)))?;
    control.registry.collect_once(now).await.map_err(|e| gantry_wire::ApiError::server(chain(&e)))?;
    Ok(())
}

/// Forgets the lines that their groups do not keep any longer, and those of streams that are gone.
async fn forget_log_lines(control: &Control, now: UnixMillis) -> Result<(), Failure> {
    let mut reader = control.store.read().await?;
    let groups = log_group::all(&mut reader).await?;
    drop(reader);
    for stored in groups {
        let Some(since) = stored.group.kept_since(now) else { continue };
        while control.store.write(move |tx| log_chunk::forget_before(tx, stored.id, since, LOG_CHUNKS).boxed()).await?
            > 0
        {}
    }
    while control.store.write(|tx| log_chunk::sweep(tx, LOG_CHUNKS).boxed()).await? > 0 {}
    Ok(())
}
