//! Scanning: images that were pushed or asked for are held against the vulnerability database, and all of them again when
//! that changes.

use std::sync::Arc;
use std::time::Duration;

use crate::context::Control;
use crate::error::chain;

/// How often the database is looked at for new files.
const LOAD_EVERY: Duration = Duration::from_secs(60);

/// Runs until it is dropped.
pub async fn run(control: Arc<Control>) {
    loop {
        pass(&control).await;
        tokio::select! {
            () = control.registry.scan_wanted() => {}
            () = tokio::time::sleep(LOAD_EVERY) => {}
        }
    }
}

/// One round: the database, then every scan that is to be done.
pub async fn pass(control: &Arc<Control>) {
    if let Some(folder) = &control.config.vulnerability_database {
        match control.registry.load_advisories(folder).await {
            Ok(None) => {}
            Ok(Some(advisories)) => tracing::info!(advisories, "the vulnerability database was loaded"),
            Err(error) => tracing::error!(loop_name = "scanning", "the database was not loaded: {}", chain(&error)),
        }
    }
    loop {
        match control.registry.scan_once().await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(loop_name = "scanning", "scans failed: {}", chain(&error));
                return;
            }
        }
    }
}
