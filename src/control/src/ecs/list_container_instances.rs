//! ListContainerInstances (ECS API reference): ARNs, by status and by an expression of the cluster query language.

use gantry_scheduler::expression;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{ListContainerInstancesRequest, ListContainerInstancesResponse};

use crate::context::Call;
use crate::ecs::instances::Surroundings;
use crate::ecs::{paging, resolve, view};
use crate::error::Failure;

/// Answers ListContainerInstances: without a status, all that are not INACTIVE.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException for a filter, page size or token that is not one.
pub async fn list_container_instances(
    call: Call,
    input: ListContainerInstancesRequest,
) -> Result<ListContainerInstancesResponse, Failure> {
    let filter = input.filter.as_deref().filter(|f| !f.trim().is_empty());
    let filter = filter
        .map(expression::parse)
        .transpose()
        .map_err(|e| ApiError::invalid_parameter(format!("Invalid filter: the expression does not parse: {e}.")))?;
    let mut reader = call.control.store.read().await?;
    let cluster = resolve::cluster(&mut reader, &call.scope, input.cluster.as_deref()).await?;
    let mut instances = gantry_store::container_instance::list(&mut reader, &call.scope, &cluster.name).await?;
    if let Some(status) = &input.status {
        instances.retain(|i| i.status.as_str() == status);
    }
    if let Some(filter) = filter {
        let surroundings = Surroundings::load(&mut reader, &call.scope, &cluster.name, &instances).await?;
        instances.retain(|i| surroundings.state().matches(&i.id, &filter));
    }
    let arns = instances.iter().map(view::container_instance::arn).collect();
    let (arns, next_token) = paging::page(arns, input.next_token.as_deref(), input.max_results)?;
    Ok(ListContainerInstancesResponse { container_instance_arns: Some(arns), next_token })
}
