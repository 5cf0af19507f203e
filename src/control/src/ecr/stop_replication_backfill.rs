//! StopReplicationBackfill (ECR API reference).

use gantry_wire::shapes::ecr::{StopReplicationBackfillRequest, StopReplicationBackfillResponse};

use super::{replication, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers StopReplicationBackfill; what was copied stays.
///
/// # Errors
/// ReplicationBackfillNotFoundException; ReplicationBackfillInvalidStatusException when it has ended or is being stopped.
pub(super) async fn stop_replication_backfill(
    call: Call,
    input: StopReplicationBackfillRequest,
) -> Result<StopReplicationBackfillResponse, Failure> {
    resolve::own_registry(&call, input.registry_id.as_deref())?;
    let id = resolve::required("replicationBackfillId", input.replication_backfill_id)?;
    let stopped = call.control.registry.stop_backfill(&call.scope, &id).await.map_err(replication::refused)?;
    Ok(StopReplicationBackfillResponse {
        registry_id: view::registry_id(&call),
        replication_backfill_id: Some(stopped.id),
        destination: Some(replication::destination_view(&stopped.destination)),
        status: Some(stopped.status.as_str().to_owned()),
        started_at: Some(stopped.started_at.into()),
    })
}
