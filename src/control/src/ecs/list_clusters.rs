//! ListClusters (ECS API reference): the ARNs of the ACTIVE clusters.

use gantry_model::Arn;
use gantry_wire::shapes::ecs::{ListClustersRequest, ListClustersResponse};

use crate::context::Call;
use crate::ecs::paging;
use crate::error::Failure;

/// Answers ListClusters.
///
/// # Errors
/// InvalidParameterException for a page size or token that is not one.
pub async fn list_clusters(call: Call, input: ListClustersRequest) -> Result<ListClustersResponse, Failure> {
    let mut reader = call.control.store.read().await?;
    let clusters = gantry_store::cluster::list(&mut reader, &call.scope).await?;
    let arns = clusters.iter().map(|c| Arn::cluster(&c.scope, &c.name).to_string()).collect();
    let (cluster_arns, next_token) = paging::page(arns, input.next_token.as_deref(), input.max_results)?;
    Ok(ListClustersResponse { cluster_arns: Some(cluster_arns), next_token })
}
