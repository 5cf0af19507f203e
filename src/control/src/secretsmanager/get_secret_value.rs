//! GetSecretValue (Secrets Manager API reference).

use gantry_model::UnixMillis;
use gantry_model::secret::CURRENT;
use gantry_store::secret::{self, SecretValue, SecretVersion, StoredSecret};
use gantry_store::vault::Vault;
use gantry_store::{Conn, Tx};
use gantry_wire::ApiError;
use gantry_wire::shapes::secretsmanager::{GetSecretValueRequest, GetSecretValueResponse};
use gantry_wire::value::Blob;

use super::resolve;
use crate::context::Call;
use crate::error::Failure;
use crate::named_secrets;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Answers GetSecretValue: the version of an id, of a stage, or the current one.
///
/// # Errors
/// ResourceNotFoundException, InvalidRequestException, InvalidParameterException, AccessDeniedException to an agent none of
/// whose tasks names the secret.
pub(super) async fn get_secret_value(
    call: Call,
    input: GetSecretValueRequest,
) -> Result<GetSecretValueResponse, Failure> {
    let id = input.secret_id.unwrap_or_default();
    let vault = call.control.store.vault()?;
    let mut reader = call.control.store.read().await?;
    named_secrets::check(&mut reader, &call, "secretsmanager:GetSecretValue", &id).await?;
    let stored = resolve::usable(&mut reader, &call, &id).await?;
    let wanted = Wanted { version: input.version_id, stage: input.version_stage };
    let (version, value) = open(&mut reader, &vault, &stored, &wanted).await?;
    drop(reader);
    note_access(&call, &stored).await?;
    let (secret_string, secret_binary) = parts(value);
    Ok(GetSecretValueResponse {
        arn: Some(stored.secret.arn()),
        name: Some(stored.secret.name.to_string()),
        secret_binary,
        secret_string,
        version_stages: Some(stored.secret.stages_of(&version.version).map(str::to_owned).collect()),
        version_id: Some(version.version),
        created_date: Some(version.created_at.into()),
    })
}

/// Which version is meant.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) version: Option<String>,
    pub(super) stage: Option<String>,
}

/// The version that is meant, with its value.
///
/// # Errors
/// ResourceNotFoundException; InvalidRequestException when id and stage mean different versions.
pub(super) async fn open(
    conn: &mut Conn,
    vault: &Vault,
    stored: &StoredSecret,
    wanted: &Wanted,
) -> Result<(SecretVersion, SecretValue), Failure> {
    let stage = wanted.stage.as_deref().unwrap_or(CURRENT);
    let staged = stored.secret.stages.get(stage);
    let (version, missing) = match (&wanted.version, staged) {
        (Some(version), staged) if wanted.stage.is_some() && staged != Some(version) => {
            let text = "You provided a VersionStage that is not associated to the provided VersionId.";
            return Err(ApiError::invalid_secret_request(text).into());
        }
        (Some(version), _) => (Some(version), format!("VersionId: {version}")),
        (None, staged) => (staged, format!("staging label: {stage}")),
    };
    let found = match version {
        Some(version) => secret::version(conn, vault, stored.id, version).await?,
        None => None,
    };
    found.ok_or_else(|| ApiError::secret_value_not_found(&missing).into())
}

/// A value as it is told: text, or bytes.
pub(super) fn parts(value: SecretValue) -> (Option<String>, Option<Blob>) {
    match value {
        SecretValue::Text(text) => (Some(text), None),
        SecretValue::Binary(bytes) => (None, Some(Blob(bytes))),
    }
}

/// Notes the day on which a value was read; the first time a day writes.
pub(super) async fn note_access(call: &Call, stored: &StoredSecret) -> Result<(), Failure> {
    let today = UnixMillis(call.now.0 - call.now.0.rem_euclid(DAY_MS));
    if stored.secret.accessed_on == Some(today) {
        return Ok(());
    }
    let (scope, name) = (stored.secret.scope.clone(), stored.secret.name.clone());
    call.control
        .store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                if let Some(mut stored) = secret::get(tx, &scope, &name).await? {
                    stored.secret.accessed_on = Some(today);
                    secret::change(tx, &stored).await?;
                }
                Ok(())
            })
        })
        .await
}
