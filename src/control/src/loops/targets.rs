//! Targets: takes those away that were let go and whose time is over.

use std::sync::Arc;
use std::time::Duration;

use gantry_model::load_balancing::Target;
use gantry_store::target_group;

use crate::context::Control;
use crate::ecs::targets;
use crate::error::{Failure, chain};

const EVERY: Duration = Duration::from_secs(1);

/// Runs until it is dropped.
pub async fn run(control: Arc<Control>) {
    loop {
        if let Err(failure) = pass(&control).await {
            tracing::error!(loop_name = "targets", "the targets could not be looked at: {}", chain(&failure));
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// One look.
///
/// # Errors
/// The store's.
pub async fn pass(control: &Arc<Control>) -> Result<(), Failure> {
    let now = control.now();
    let mut reader = control.store.read().await?;
    let mut over: Vec<Target> = Vec::new();
    for target in target_group::draining(&mut reader).await? {
        let group = target_group::get(&mut reader, &target.key.group).await?;
        let delay_s = group.map_or(0, |group| i64::from(group.deregistration_delay_s()));
        if target.draining_since.is_some_and(|since| now.millis_since(since) >= delay_s * 1000) {
            over.push(target);
        }
    }
    drop(reader);
    for target in over {
        control.store.write(move |tx| Box::pin(async move { targets::gone(tx, &target).await })).await?;
    }
    Ok(())
}
