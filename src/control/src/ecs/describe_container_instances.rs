//! DescribeContainerInstances (ECS API reference): instances with what is free of them.

use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{DescribeContainerInstancesRequest, DescribeContainerInstancesResponse};

use crate::context::Call;
use crate::ecs::instances::{self, Surroundings};
use crate::ecs::{resolve, view};
use crate::error::Failure;

const MOST: usize = 100;

/// Answers DescribeContainerInstances. Deregistered instances are answered too, as INACTIVE.
///
/// # Errors
/// ClusterNotFoundException; ClientException for none and InvalidParameterException for more than a hundred.
pub async fn describe_container_instances(
    call: Call,
    input: DescribeContainerInstancesRequest,
) -> Result<DescribeContainerInstancesResponse, Failure> {
    let mut reader = call.control.store.read().await?;
    let cluster = resolve::cluster(&mut reader, &call.scope, input.cluster.as_deref()).await?;
    let named = input.container_instances.unwrap_or_default();
    if named.is_empty() {
        return Err(ApiError::client("Container Instances cannot be empty.").into());
    }
    if named.len() > MOST {
        return Err(ApiError::invalid_parameter("containerInstances must name at most 100 container instances.").into());
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for text in named {
        match instances::named(&mut reader, &call.scope, &cluster.name, &text).await? {
            Some(instance) => found.push(instance),
            None => failures.push(view::missing(instances::missing_arn(&call.scope, &cluster.name, &text))),
        }
    }
    let asks = |field: &str| input.include.iter().flatten().any(|i| i == field);
    let (with_tags, with_health) = (asks("TAGS"), asks("CONTAINER_INSTANCE_HEALTH"));
    let surroundings = Surroundings::load(&mut reader, &call.scope, &cluster.name, &found).await?;
    let views = found.iter().map(|i| surroundings.view(i, with_tags, with_health)).collect();
    Ok(DescribeContainerInstancesResponse { container_instances: Some(views), failures: Some(failures) })
}
