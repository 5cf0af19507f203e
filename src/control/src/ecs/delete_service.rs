//! DeleteService: lets a service's tasks stop, then it is INACTIVE (ECS API reference, `DeleteService`).

use gantry_model::service::{SchedulingStrategy, ServiceStatus};
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{DeleteServiceRequest, DeleteServiceResponse};

use crate::context::Call;
use crate::ecs::{describe_services, record, resolve};
use crate::error::Failure;

/// Answers DeleteService.
///
/// # Errors
/// ClusterNotFoundException; ServiceNotFoundException, also for one that is INACTIVE; InvalidParameterException for one
/// that is scaled above 0 without `force`.
pub async fn delete_service(call: Call, input: DeleteServiceRequest) -> Result<DeleteServiceResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { delete(tx, &call, &input).await })).await
}

async fn delete(tx: &mut Tx, call: &Call, input: &DeleteServiceRequest) -> Result<DeleteServiceResponse, Failure> {
    let cluster = resolve::cluster(tx, &call.scope, input.cluster.as_deref()).await?;
    let text = input.service.as_deref().unwrap_or_default();
    let mut service = describe_services::named(tx, &call.scope, &cluster.name, text)
        .await?
        .filter(|s| s.status != ServiceStatus::Inactive)
        .ok_or_else(ApiError::service_not_found)?;
    let scaled_up = service.scheduling_strategy == SchedulingStrategy::Replica && service.desired_count > 0;
    if scaled_up && input.force != Some(true) {
        return Err(ApiError::invalid_parameter("The service cannot be stopped while it is scaled above 0.").into());
    }
    if service.status == ServiceStatus::Active {
        service.status = ServiceStatus::Draining;
        service.desired_count = 0;
        record::put_service(tx, &mut service).await?;
    }
    Ok(DeleteServiceResponse { service: Some(describe_services::view_of(tx, &service, true).await?) })
}
