//! DescribeRegistry (ECR API reference).

use gantry_wire::shapes::ecr::{DescribeRegistryRequest, DescribeRegistryResponse};

use super::{replication, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeRegistry.
///
/// # Errors
/// None of its own.
pub(super) async fn describe_registry(
    call: Call,
    _input: DescribeRegistryRequest,
) -> Result<DescribeRegistryResponse, Failure> {
    let settings = call.control.registry.registry_settings(&call.scope).await?;
    Ok(DescribeRegistryResponse {
        registry_id: view::registry_id(&call),
        replication_configuration: Some(replication::configuration(&settings.replication)),
    })
}
