//! StopServiceDeployment: gives up a deployment that is under way (ECS API reference, `StopServiceDeployment`).
//!
//! `ROLLBACK`, the default, goes back to the last revision that completed. `ABORT` leaves everything as it stands: what
//! runs goes on, and nothing is started until the next update; it is refused for deployments in stages.

use gantry_model::service_deployment::ServiceDeploymentStatus;
use gantry_scheduler::{Message, stop_and_roll_back, stop_deployment};
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{StopServiceDeploymentRequest, StopServiceDeploymentResponse};

use crate::context::Call;
use crate::ecs::record;
use crate::ecs::service_history::{self, Kind, Recorded};
use crate::error::Failure;

/// Answers StopServiceDeployment; the tasks follow.
///
/// # Errors
/// ServiceDeploymentNotFoundException; ConflictException when the deployment is not under way, or when there is none to
/// roll back to; InvalidParameterException.
pub async fn stop_service_deployment(
    call: Call,
    input: StopServiceDeploymentRequest,
) -> Result<StopServiceDeploymentResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { stop(tx, &call, &input).await })).await
}

async fn stop(
    tx: &mut Tx,
    call: &Call,
    input: &StopServiceDeploymentRequest,
) -> Result<StopServiceDeploymentResponse, Failure> {
    let arn = input.service_deployment_arn.as_deref().unwrap_or_default();
    let found = service_history::find(tx, &call.scope, Kind::Deployment, arn).await?;
    let Some(Recorded { mut deployment, service, .. }) = found else {
        return Err(service_history::deployment_not_found().into());
    };
    let conflict = |text: &str| ApiError::new("ConflictException", format!("{text}: {arn}"));
    let present = service.filter(|s| s.primary().is_some_and(|primary| primary.id == deployment.deployment));
    let Some(service) = present.filter(|_| !deployment.status.is_final()) else {
        return Err(conflict("The service deployment is not in progress").into());
    };
    let (mut stopped, status, message) = if input.stop_type.as_deref() == Some("ABORT") {
        if service.primary().is_some_and(|primary| primary.rollout.is_some()) {
            let text = "stopType: ABORT would leave two revisions running; use ROLLBACK.";
            return Err(ApiError::invalid_parameter(text).into());
        }
        let stopped =
            stop_deployment(&service, call.now).ok_or_else(|| conflict("The service deployment is not in progress"))?;
        (stopped, ServiceDeploymentStatus::StopRequested, None)
    } else {
        let (stopped, target) = stop_and_roll_back(&service, call.now)
            .ok_or_else(|| conflict("The service has no completed deployment to roll back to"))?;
        (stopped, ServiceDeploymentStatus::RollbackRequested, Some(Message::RollingBack { deployment: target }))
    };
    deployment.status = status;
    deployment.stopped_at = Some(call.now);
    deployment.updated_at = call.now;
    gantry_store::service_deployment::put(tx, &deployment).await?;
    record::put_service(tx, &mut stopped).await?;
    if let Some(message) = message {
        record::tell(tx, &stopped, &message).await?;
    }
    Ok(StopServiceDeploymentResponse { service_deployment_arn: Some(arn.to_owned()) })
}
