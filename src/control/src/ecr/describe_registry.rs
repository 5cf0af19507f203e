//! DescribeRegistry (ECR API reference). Replication is not built, so no registry has rules for it.

use gantry_wire::ApiError;
use gantry_wire::shapes::ecr::{DescribeRegistryRequest, DescribeRegistryResponse, ReplicationConfiguration};

use super::view;
use crate::context::Call;

/// Answers DescribeRegistry.
///
/// # Errors
/// None of its own.
pub(super) async fn describe_registry(
    call: Call,
    _input: DescribeRegistryRequest,
) -> Result<DescribeRegistryResponse, ApiError> {
    Ok(DescribeRegistryResponse {
        registry_id: view::registry_id(&call),
        replication_configuration: Some(ReplicationConfiguration { rules: Some(Vec::new()) }),
    })
}
