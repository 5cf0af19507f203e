//! Log packing: moves lines out of the database into segments beside the layers, a group at a time, once there are enough of
//! them to make it worth a file.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use gantry_store::log_chunk::packing;
use gantry_wire::ApiError;

use crate::context::Control;
use crate::error::{Failure, chain};

const EVERY: Duration = Duration::from_secs(5);
/// What a group has in the database before it is packed, in bytes.
const ENOUGH: i64 = 1 << 20;
/// The most bytes of a segment.
const MOST: usize = 8 << 20;
/// The most chunks of a segment.
const CHUNKS: i64 = 1000;

/// Runs until it is dropped.
pub async fn run(control: Arc<Control>) {
    loop {
        if let Err(failure) = pass(&control).await {
            tracing::error!(loop_name = "log_packing", "log lines were not packed: {}", chain(&failure));
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Packs every group that has enough.
///
/// # Errors
/// The store's.
pub async fn pass(control: &Control) -> Result<(), Failure> {
    let mut reader = control.store.read().await?;
    let groups = packing::groups_with(&mut reader, ENOUGH).await?;
    drop(reader);
    for group in groups {
        while pack(control, group).await? {}
    }
    Ok(())
}

/// Packs one segment of a group. Answers whether it was a full one, so that there may be more.
async fn pack(control: &Control, group: i64) -> Result<bool, Failure> {
    let mut reader = control.store.read().await?;
    let chunks = packing::unpacked(&mut reader, group, CHUNKS).await?;
    drop(reader);
    let (mut segment, mut places) = (Vec::new(), Vec::new());
    for (chunk, body) in chunks {
        if segment.len() + body.len() > MOST && !segment.is_empty() {
            break;
        }
        places.push((chunk, i64::try_from(segment.len()).unwrap_or(i64::MAX)));
        segment.extend_from_slice(&body);
    }
    if places.is_empty() {
        return Ok(false);
    }
    let size = segment.len();
    let stored_size = i64::try_from(size).unwrap_or(i64::MAX);
    let kept = control.registry.keep(segment.into(), move |tx, digest| {
        async move { packing::record(tx, &digest, stored_size, &places).await }.boxed()
    });
    kept.await.map_err(|error| ApiError::server(chain(&error)))?;
    Ok(size >= MOST / 2)
}
