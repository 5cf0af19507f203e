//! UpdateSecretVersionStage (Secrets Manager API reference): moves a stage from one version to another.

use gantry_model::secret::{CURRENT, Secret};
use gantry_store::{Tx, secret};
use gantry_wire::ApiError;
use gantry_wire::shapes::secretsmanager::{UpdateSecretVersionStageRequest, UpdateSecretVersionStageResponse};

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;
use crate::secret_rollout;

/// Answers UpdateSecretVersionStage.
///
/// # Errors
/// ResourceNotFoundException, also for a version that is not there, InvalidRequestException, InvalidParameterException.
pub(super) async fn update_version_stage(
    call: Call,
    input: UpdateSecretVersionStageRequest,
) -> Result<UpdateSecretVersionStageResponse, Failure> {
    let (id, stage) = (input.secret_id.unwrap_or_default(), input.version_stage.unwrap_or_default());
    let (from, to) = (input.remove_from_version_id, input.move_to_version_id);
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut stored = resolve::usable(tx, &call, &id).await?;
                let before = stored.secret.clone();
                let versions = secret::versions(tx, stored.id).await?;
                for named in [&from, &to].into_iter().flatten() {
                    if !versions.iter().any(|version| version.version == *named) {
                        return Err(ApiError::secret_value_not_found(&format!("VersionId: {named}")).into());
                    }
                }
                move_stage(&mut stored.secret, &stage, from.as_deref(), to.as_deref())?;
                if stored.secret != before {
                    stored.secret.changed_at = call.now;
                    record::change(tx, &stored).await?;
                    secret_rollout::secret_changed(tx, &before, &stored.secret).await?;
                }
                Ok(UpdateSecretVersionStageResponse {
                    arn: Some(stored.secret.arn()),
                    name: Some(stored.secret.name.to_string()),
                })
            })
        })
        .await
}

/// Whoever moves a stage says from where, so that nobody takes away what another has just moved.
fn move_stage(secret: &mut Secret, stage: &str, from: Option<&str>, to: Option<&str>) -> Result<(), ApiError> {
    let holder = secret.stages.get(stage).cloned();
    match (holder, from) {
        (Some(holder), None) if to != Some(holder.as_str()) => {
            return Err(ApiError::invalid_parameter(format!(
                "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version \
                 {holder}, so you must explicitly reference that version in RemoveFromVersionId."
            )));
        }
        (holder, Some(from)) if holder.as_deref() != Some(from) => {
            return Err(ApiError::invalid_parameter(format!(
                "The staging label {stage} is not attached to the version {from} of RemoveFromVersionId."
            )));
        }
        _ => {}
    }
    match to {
        Some(to) => secret.stage(to, &[stage.to_owned()]),
        None if stage == CURRENT => {
            let text = "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.";
            return Err(ApiError::invalid_parameter(text));
        }
        None => drop(secret.stages.remove(stage)),
    }
    Ok(())
}
