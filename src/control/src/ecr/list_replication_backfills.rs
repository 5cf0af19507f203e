//! ListReplicationBackfills (ECR API reference).

use gantry_model::replication::{Backfill, BackfillProgress};
use gantry_wire::shapes::ecr::{
    ListReplicationBackfillsRequest, ListReplicationBackfillsResponse, ReplicationBackfillSummary,
};

use super::{pages, replication, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers ListReplicationBackfills, the last one first.
///
/// # Errors
/// InvalidParameterException for a token that is none of ours.
pub(super) async fn list_replication_backfills(
    call: Call,
    input: ListReplicationBackfillsRequest,
) -> Result<ListReplicationBackfillsResponse, Failure> {
    resolve::own_registry(&call, input.registry_id.as_deref())?;
    let all = call.control.registry.backfills(&call.scope).await?;
    let (page, next_token) = pages::by_place(&all, input.next_token.as_deref(), input.max_results)?;
    Ok(ListReplicationBackfillsResponse {
        registry_id: view::registry_id(&call),
        backfills: Some(page.iter().map(summary).collect()),
        next_token,
    })
}

fn summary((backfill, progress): &(Backfill, BackfillProgress)) -> ReplicationBackfillSummary {
    ReplicationBackfillSummary {
        replication_backfill_id: Some(backfill.id.clone()),
        destination: Some(replication::destination_view(&backfill.destination)),
        status: Some(backfill.status.as_str().to_owned()),
        failure_code: backfill.failure.clone(),
        progress: replication::progress_view(backfill, progress),
        started_at: Some(backfill.started_at.into()),
        ended_at: backfill.ended_at.map(Into::into),
    }
}
