//! DescribeReplicationBackfillResults (ECR API reference).

use gantry_registry::BackfillResult;
use gantry_wire::shapes::ecr::{
    DescribeReplicationBackfillResultsRequest, DescribeReplicationBackfillResultsResponse, ImageIdentifier,
    ReplicationBackfillResult,
};

use super::{pages, replication, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeReplicationBackfillResults, by repository and digest.
///
/// # Errors
/// ReplicationBackfillNotFoundException; InvalidParameterException for a token that is none of ours.
pub(super) async fn describe_replication_backfill_results(
    call: Call,
    input: DescribeReplicationBackfillResultsRequest,
) -> Result<DescribeReplicationBackfillResultsResponse, Failure> {
    resolve::own_registry(&call, input.registry_id.as_deref())?;
    let id = resolve::required("replicationBackfillId", input.replication_backfill_id)?;
    let found = call.control.registry.backfill(&call.scope, &id).await;
    let (backfill, progress, mut results) = found.map_err(replication::refused)?;
    if let Some(status) = &input.result_status_filter {
        results.retain(|result| result.status.as_str() == status);
    }
    let (page, next_token) = pages::by_place(&results, input.next_token.as_deref(), input.max_results)?;
    Ok(DescribeReplicationBackfillResultsResponse {
        registry_id: view::registry_id(&call),
        destination: Some(replication::destination_view(&backfill.destination)),
        status: Some(backfill.status.as_str().to_owned()),
        failure_code: backfill.failure.clone(),
        progress: replication::progress_view(&backfill, &progress),
        results: Some(page.iter().map(result).collect()),
        started_at: Some(backfill.started_at.into()),
        ended_at: backfill.ended_at.map(Into::into),
        replication_backfill_id: Some(backfill.id),
        next_token,
    })
}

fn result(image: &BackfillResult) -> ReplicationBackfillResult {
    ReplicationBackfillResult {
        repository_name: Some(image.name.to_string()),
        image_id: Some(ImageIdentifier { image_digest: Some(image.digest.to_string()), image_tag: None }),
        status: Some(image.status.as_str().to_owned()),
        failure_code: image.failure.clone(),
        sub_image_failure_codes: None,
    }
}
