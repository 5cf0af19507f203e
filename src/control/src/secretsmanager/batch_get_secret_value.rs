//! BatchGetSecretValue (Secrets Manager API reference): the current values of several secrets.

use gantry_store::secret::{self, StoredSecret};
use gantry_wire::shapes::secretsmanager::{
    APIErrorType, BatchGetSecretValueRequest, BatchGetSecretValueResponse, SecretValueEntry,
};
use gantry_wire::{ApiError, paginate};

use super::filter::Filters;
use super::get_secret_value::{self, Wanted};
use super::resolve;
use crate::context::Call;
use crate::error::Failure;

const DEFAULT_PAGE: i32 = 20;

/// Answers BatchGetSecretValue. A secret that has no value to give is told of beside the others.
///
/// # Errors
/// InvalidParameterException, InvalidNextTokenException.
pub(super) async fn batch_get_secret_value(
    call: Call,
    input: BatchGetSecretValueRequest,
) -> Result<BatchGetSecretValueResponse, Failure> {
    let (found, mut errors, next_token) = match (&input.secret_id_list, &input.filters) {
        (Some(ids), None) if input.max_results.is_none() && input.next_token.is_none() => named(&call, ids).await?,
        (None, Some(_)) => filtered(&call, &input).await?,
        (Some(_), None) => {
            let text = "MaxResults and NextToken go with Filters, not with SecretIdList.";
            return Err(ApiError::invalid_parameter(text).into());
        }
        _ => {
            let text = "Either SecretIdList or Filters must be provided, but not both.";
            return Err(ApiError::invalid_parameter(text).into());
        }
    };
    let vault = call.control.store.vault()?;
    let mut values = Vec::new();
    for stored in &found {
        let mut reader = call.control.store.read().await?;
        match get_secret_value::open(&mut reader, &vault, stored, &Wanted::default()).await {
            Ok((version, value)) => {
                drop(reader);
                get_secret_value::note_access(&call, stored).await?;
                let (secret_string, secret_binary) = get_secret_value::parts(value);
                values.push(SecretValueEntry {
                    arn: Some(stored.secret.arn()),
                    name: Some(stored.secret.name.to_string()),
                    version_stages: Some(stored.secret.stages_of(&version.version).map(str::to_owned).collect()),
                    version_id: Some(version.version),
                    secret_binary,
                    secret_string,
                    created_date: Some(version.created_at.into()),
                });
            }
            Err(Failure::Api(error)) => errors.push(told(&stored.secret.arn(), error)),
            Err(failure) => return Err(failure),
        }
    }
    Ok(BatchGetSecretValueResponse { secret_values: Some(values), next_token, errors: Some(errors) })
}

type Found = (Vec<StoredSecret>, Vec<APIErrorType>, Option<String>);

async fn named(call: &Call, ids: &[String]) -> Result<Found, Failure> {
    let mut reader = call.control.store.read().await?;
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for id in ids {
        match resolve::usable(&mut reader, call, id).await {
            Ok(stored) => found.push(stored),
            Err(Failure::Api(error)) => errors.push(told(id, error)),
            Err(failure) => return Err(failure),
        }
    }
    Ok((found, errors, None))
}

async fn filtered(call: &Call, input: &BatchGetSecretValueRequest) -> Result<Found, Failure> {
    let filters = Filters::read(input.filters.as_deref())?;
    let mut all = secret::list(&mut *call.control.store.read().await?, &call.scope).await?;
    all.retain(|stored| stored.secret.deletion.is_none() && filters.take(&stored.secret));
    let max = usize::try_from(input.max_results.unwrap_or(DEFAULT_PAGE)).unwrap_or(1);
    let name = |stored: &StoredSecret| stored.secret.name.to_string();
    let (page, next) =
        paginate::page(all, name, input.next_token.as_deref(), max).map_err(|_| ApiError::invalid_secrets_token())?;
    Ok((page, Vec::new(), next))
}

fn told(id: &str, error: ApiError) -> APIErrorType {
    APIErrorType {
        secret_id: Some(id.to_owned()),
        error_code: Some(error.code.to_owned()),
        message: Some(error.message),
    }
}
