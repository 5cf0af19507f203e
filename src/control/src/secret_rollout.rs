//! Services that get new tasks when a secret that they are given changes.
//!
//! A container keeps the environment that it was started with, so a changed secret reaches a service with its next
//! deployment. A service that carries the tag [`gantry_model::secret::ROLL_ON_CHANGE`] gets one by itself, in the same
//! transaction as the change.

use gantry_model::parameter::Parameter;
use gantry_model::secret::reference::SecretReference;
use gantry_model::secret::{CURRENT, Secret, rolls_on_change};
use gantry_model::service::{DeploymentController, Service, ServiceStatus, StartThrottle};
use gantry_model::{Arn, Scope};
use gantry_scheduler::start_deployment;
use gantry_store::Tx;

use crate::ecs::{launch, record};
use crate::error::Failure;
use crate::{ids, named_secrets};

/// Starts deployments of the services that are given a value of this secret that is now another.
///
/// # Errors
/// The store's.
pub async fn secret_changed(tx: &mut Tx, before: &Secret, after: &Secret) -> Result<(), Failure> {
    if before.stages == after.stages {
        return Ok(());
    }
    let (arn, short) = (after.arn(), after.arn_without_suffix());
    let concerns = |reference: &SecretReference| match reference {
        // A version is what it is for ever.
        SecretReference::Secret { version_id: Some(_), .. } | SecretReference::Parameter { .. } => false,
        SecretReference::Secret { id, version_stage, .. } => {
            let stage = version_stage.as_deref().unwrap_or(CURRENT);
            (*id == arn || *id == short) && before.stages.get(stage) != after.stages.get(stage)
        }
    };
    roll(tx, &after.scope, concerns).await
}

/// Starts deployments of the services that are given the newest value of this parameter.
///
/// # Errors
/// The store's.
pub async fn parameter_changed(tx: &mut Tx, parameter: &Parameter) -> Result<(), Failure> {
    let arn = parameter.arn();
    let concerns = |reference: &SecretReference| match reference {
        SecretReference::Parameter { name, .. } => name == parameter.name.as_str() || *name == arn,
        SecretReference::Secret { .. } => false,
    };
    roll(tx, &parameter.scope, concerns).await
}

async fn roll(tx: &mut Tx, scope: &Scope, concerns: impl Fn(&SecretReference) -> bool) -> Result<(), Failure> {
    for service in gantry_store::service::unfinished(tx).await? {
        if service.scope != *scope || !asks(&service) {
            continue;
        }
        let Some(id) = service.task_definition.clone() else { continue };
        let Some(definition) = gantry_store::task_definition::get(tx, scope, &id).await? else { continue };
        let document = launch::document(&definition)?;
        if !named_secrets::of(&document).iter().any(&concerns) {
            continue;
        }
        let now = tx.now();
        let mut rolled = start_deployment(&service, ids::deployment_id()?, id, now);
        rolled.steady_since = None;
        rolled.start_throttle = StartThrottle::default();
        record::put_service(tx, &mut rolled).await?;
        let arn = Arn::service(scope, &service.cluster, &service.name);
        tracing::info!(service = %arn, "a secret of the service changed; it gets new tasks");
    }
    Ok(())
}

fn asks(service: &Service) -> bool {
    service.status == ServiceStatus::Active
        && service.deployment_controller == DeploymentController::Ecs
        && rolls_on_change(service.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())))
}
