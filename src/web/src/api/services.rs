//! One service.

use leptos::prelude::*;

use super::service_list::ServiceSummary;
use crate::error::ApiError;

/// One service.
///
/// # Errors
/// `NotFound` when the cluster has none of that name.
#[server(prefix = "/ui/api", endpoint = "describe-service")]
pub async fn describe_service(cluster: String, service: String) -> Result<ServiceSummary, ApiError> {
    let answer = crate::sdk::ecs()?.describe_services().cluster(&cluster).services(&service).send().await?;
    answer
        .services()
        .first()
        .map(|found| super::service_list::read::summary(&cluster, found))
        .ok_or_else(|| ApiError::missing("service", &service))
}
