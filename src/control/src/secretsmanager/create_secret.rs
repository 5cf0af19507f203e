//! CreateSecret (Secrets Manager API reference).

use std::collections::BTreeMap;

use gantry_model::secret::Secret;
use gantry_store::Tx;
use gantry_store::secret::{self, SecretValue, StoredSecret};
use gantry_store::vault::Vault;
use gantry_wire::ApiError;
use gantry_wire::shapes::secretsmanager::{CreateSecretRequest, CreateSecretResponse};

use super::{record, resolve, tags, value};
use crate::context::Call;
use crate::error::Failure;
use crate::ids;

/// Answers CreateSecret. To ask again with the same `ClientRequestToken` and value is answered as the first time.
///
/// # Errors
/// ResourceExistsException, InvalidRequestException while a secret of that name waits to be deleted,
/// InvalidParameterException, also for keys, replicas and types, which are not built.
pub(super) async fn create_secret(call: Call, input: CreateSecretRequest) -> Result<CreateSecretResponse, Failure> {
    refuse_unsupported(&input)?;
    let given = value::read(input.secret_string.clone(), input.secret_binary.clone())?;
    let version = value::version_id(input.client_request_token.clone())?;
    let wanted = wanted(&call, input)?;
    let vault = call.control.store.vault()?;
    call.control
        .store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let Some(mut stored) = secret::create(tx, wanted.clone()).await? else {
                    return made_before(tx, &vault, &wanted, &version, given.as_ref()).await;
                };
                if let Some(value) = &given {
                    value::put_current(tx, &vault, &mut stored, &version, value).await?;
                    secret::change(tx, &stored).await?;
                }
                record::tell(tx, &stored.secret, "created");
                Ok(answer(&stored, given.is_some().then_some(version)))
            })
        })
        .await
}

fn refuse_unsupported(input: &CreateSecretRequest) -> Result<(), ApiError> {
    for (given, what) in [
        (input.kms_key_id.is_some(), "KmsKeyId is not supported: secrets are encrypted with the server's key."),
        (input.add_replica_regions.is_some(), "AddReplicaRegions is not supported: secrets have no replicas."),
        (input.cross_account_primary_arn.is_some(), "CrossAccountPrimaryARN is not supported: there is one account."),
        (input.r#type.is_some(), "Type is not supported: there are no partners that manage secrets."),
    ] {
        if given {
            return Err(ApiError::invalid_parameter(what));
        }
    }
    // ForceOverwriteReplicaSecret says nothing without replicas.
    Ok(())
}

fn wanted(call: &Call, input: CreateSecretRequest) -> Result<Secret, ApiError> {
    let mut wanted = Secret {
        scope: call.scope.clone(),
        name: resolve::name(&input.name.unwrap_or_default())?,
        suffix: ids::secret_suffix()?,
        description: input.description.filter(|text| !text.is_empty()),
        created_at: call.now,
        changed_at: call.now,
        accessed_on: None,
        deletion: None,
        tags: Vec::new(),
        stages: BTreeMap::new(),
    };
    tags::add(&mut wanted.tags, tags::read(input.tags)?)?;
    Ok(wanted)
}

/// A secret of that name is there: made by this very request, or not.
async fn made_before(
    tx: &mut Tx,
    vault: &Vault,
    wanted: &Secret,
    version: &str,
    given: Option<&SecretValue>,
) -> Result<CreateSecretResponse, Failure> {
    let exists = || ApiError::secret_already_exists(wanted.name.as_str());
    let stored = secret::get(tx, &wanted.scope, &wanted.name).await?.ok_or_else(exists)?;
    if stored.secret.deletion.is_some() {
        return Err(ApiError::invalid_secret_request(
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        )
        .into());
    }
    match (secret::version(tx, vault, stored.id, version).await?, given) {
        (Some((_, present)), Some(given)) if present == *given => Ok(answer(&stored, Some(version.to_owned()))),
        _ => Err(exists().into()),
    }
}

fn answer(stored: &StoredSecret, version_id: Option<String>) -> CreateSecretResponse {
    CreateSecretResponse {
        arn: Some(stored.secret.arn()),
        name: Some(stored.secret.name.to_string()),
        version_id,
        replication_status: None,
    }
}
