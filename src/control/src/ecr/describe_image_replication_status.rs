//! DescribeImageReplicationStatus (ECR API reference).

use gantry_model::replication::{Replication, ReplicationStatus};
use gantry_registry::ImageId;
use gantry_wire::shapes::ecr::{
    DescribeImageReplicationStatusRequest, DescribeImageReplicationStatusResponse, ImageReplicationStatus,
};

use super::{failures, resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeImageReplicationStatus; nothing for an image that no rule was about when it was pushed.
///
/// # Errors
/// RepositoryNotFoundException; ImageNotFoundException; InvalidParameterException.
pub(super) async fn describe_image_replication_status(
    call: Call,
    input: DescribeImageReplicationStatusRequest,
) -> Result<DescribeImageReplicationStatusResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let id = resolve::image(input.image_id)?;
    let found = call.control.registry.replications(&call.scope, &name, &id).await;
    let (digest, replications) = found.map_err(|error| failures::of_image(error, &call.scope, &name))?;
    Ok(DescribeImageReplicationStatusResponse {
        repository_name: Some(name.to_string()),
        image_id: Some(view::image_id(&ImageId { digest: Some(digest), tag: id.tag })),
        replication_statuses: Some(replications.iter().map(status).collect()),
    })
}

fn status(replication: &Replication) -> ImageReplicationStatus {
    let failed = replication.status == ReplicationStatus::Failed;
    ImageReplicationStatus {
        region: Some(replication.destination.region.to_string()),
        registry_id: Some(replication.destination.account.to_string()),
        status: Some(replication.status.as_str().to_owned()),
        failure_code: replication.failure.clone().filter(|_| failed),
    }
}
