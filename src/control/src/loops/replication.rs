//! Replication: what was pushed and deleted is brought to other registries.

use std::sync::Arc;
use std::time::Duration;

use gantry_store::StoreError;

use crate::context::Control;
use crate::error::chain;

/// The longest pause: backfills move on in it, too.
const LONGEST: Duration = Duration::from_secs(60);
/// The pause after an error of our own database.
const AFTER_ERROR: Duration = Duration::from_secs(5);

/// Runs until it is dropped.
pub async fn run(control: Arc<Control>) {
    loop {
        let pause = match pass(&control).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!(loop_name = "replication", "replication failed: {}", chain(&error));
                AFTER_ERROR
            }
        };
        tokio::select! {
            () = control.registry.replication_wanted() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Does all that is due. Answers how long nothing will be.
///
/// # Errors
/// The store's.
pub async fn pass(control: &Control) -> Result<Duration, StoreError> {
    while control.registry.replicate_once().await? > 0 {}
    let next = control.registry.next_replication().await?;
    let until = next.map_or(i64::MAX, |at| at.millis_since(control.now()).max(0));
    Ok(LONGEST.min(Duration::from_millis(u64::try_from(until).unwrap_or(0))))
}
