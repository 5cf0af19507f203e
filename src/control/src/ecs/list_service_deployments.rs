//! ListServiceDeployments: the deployments of a service, the newest first (ECS API reference).

use gantry_model::UnixMillis;
use gantry_model::service_deployment::ServiceDeployment;
use gantry_wire::shapes::ecs::{CreatedAt, ListServiceDeploymentsRequest, ListServiceDeploymentsResponse};
use gantry_wire::{ApiError, paginate};

use crate::context::Call;
use crate::ecs::{describe_services, paging, resolve, view};
use crate::error::Failure;

/// The page of this call when nothing is asked.
const DEFAULT_PAGE: i32 = 20;

/// Answers ListServiceDeployments.
///
/// # Errors
/// ClusterNotFoundException; ServiceNotFoundException; InvalidParameterException for a page size or token that is not one.
pub async fn list_service_deployments(
    call: Call,
    input: ListServiceDeploymentsRequest,
) -> Result<ListServiceDeploymentsResponse, Failure> {
    let mut reader = call.control.store.read().await?;
    let cluster = resolve::cluster(&mut reader, &call.scope, input.cluster.as_deref()).await?;
    let text = input.service.as_deref().unwrap_or_default();
    let service = describe_services::named(&mut reader, &call.scope, &cluster.name, text)
        .await?
        .ok_or_else(ApiError::service_not_found)?;
    let all = gantry_store::service_deployment::list(&mut reader, &call.scope, &cluster.name, &service.name).await?;
    let statuses = input.status.unwrap_or_default();
    let wanted = |d: &ServiceDeployment| {
        (statuses.is_empty() || statuses.iter().any(|s| s == d.status.as_str()))
            && input.created_at.as_ref().is_none_or(|bounds| within(d.created_at, bounds))
    };
    let deployments = all.into_iter().filter(wanted).collect();
    // Newest first is descending by this key: times have the same number of digits for centuries.
    let key = |d: &ServiceDeployment| format!("{:020}/{}", d.created_at.0, d.deployment);
    let max = paging::size(input.max_results, DEFAULT_PAGE)?;
    let (page, next_token) = paginate::page_descending(deployments, key, input.next_token.as_deref(), max)?;
    let briefs = page.iter().map(view::service_deployment::brief).collect();
    Ok(ListServiceDeploymentsResponse { service_deployments: Some(briefs), next_token })
}

fn within(at: UnixMillis, bounds: &CreatedAt) -> bool {
    bounds.after.is_none_or(|after| at > after.to_unix_millis())
        && bounds.before.is_none_or(|before| at < before.to_unix_millis())
}
