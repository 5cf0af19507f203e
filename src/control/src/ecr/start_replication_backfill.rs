//! StartReplicationBackfill (ECR API reference).

use gantry_wire::shapes::ecr::{StartReplicationBackfillRequest, StartReplicationBackfillResponse};

use super::{replication, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers StartReplicationBackfill; the images are copied in the background.
///
/// # Errors
/// ValidationException for a destination without a rule; ReplicationBackfillInProgressException.
pub(super) async fn start_replication_backfill(
    call: Call,
    input: StartReplicationBackfillRequest,
) -> Result<StartReplicationBackfillResponse, Failure> {
    resolve::own_registry(&call, input.registry_id.as_deref())?;
    let given = resolve::required("destination", input.destination)?;
    let destination = replication::destination(&given)?;
    let started = call.control.registry.start_backfill(&call.scope, &destination).await;
    let started = started.map_err(replication::refused)?;
    Ok(StartReplicationBackfillResponse {
        replication_backfill_id: Some(started.id),
        registry_id: view::registry_id(&call),
        destination: Some(given),
        status: Some(started.status.as_str().to_owned()),
        started_at: Some(started.started_at.into()),
    })
}
