//! ContinueServiceDeployment: answers a hook at which a deployment pauses (ECS API reference,
//! `ContinueServiceDeployment`).

use gantry_model::rollout::HookStatus;
use gantry_store::Tx;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs::{ContinueServiceDeploymentRequest, ContinueServiceDeploymentResponse};

use crate::context::Call;
use crate::ecs::record;
use crate::ecs::service_history::{self, Kind, Recorded};
use crate::error::Failure;

/// Answers ContinueServiceDeployment; the deployment follows.
///
/// # Errors
/// ServiceDeploymentNotFoundException; InvalidParameterException when the deployment does not pause at that hook.
pub async fn continue_service_deployment(
    call: Call,
    input: ContinueServiceDeploymentRequest,
) -> Result<ContinueServiceDeploymentResponse, Failure> {
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { answer(tx, &call, &input).await })).await
}

async fn answer(
    tx: &mut Tx,
    call: &Call,
    input: &ContinueServiceDeploymentRequest,
) -> Result<ContinueServiceDeploymentResponse, Failure> {
    let arn = input.service_deployment_arn.as_deref().unwrap_or_default();
    let found = service_history::find(tx, &call.scope, Kind::Deployment, arn).await?;
    let Some(Recorded { deployment, service: Some(mut service), .. }) = found else {
        return Err(service_history::deployment_not_found().into());
    };
    let id = input.hook_id.as_deref().unwrap_or_default();
    let status = match input.action.as_deref() {
        Some("ROLLBACK") => HookStatus::Failed,
        _ => HookStatus::Succeeded,
    };
    let own = service.deployments.iter_mut().find(|d| d.id == deployment.deployment);
    let runs = own.and_then(|own| own.rollout.as_mut()).into_iter().flat_map(|rollout| &mut rollout.hooks);
    let run = runs.into_iter().find(|run| run.id == id && run.status == HookStatus::AwaitingAction);
    let Some(run) = run.filter(|_| !deployment.status.is_final()) else {
        let text = format!("hookId: the service deployment does not pause at a hook '{id}'.");
        return Err(ApiError::invalid_parameter(text).into());
    };
    run.status = status;
    run.reason = (status == HookStatus::Failed).then(|| "Rolled back at a pause by request.".to_owned());
    record::put_service(tx, &mut service).await?;
    Ok(ContinueServiceDeploymentResponse { service_deployment_arn: Some(arn.to_owned()) })
}
