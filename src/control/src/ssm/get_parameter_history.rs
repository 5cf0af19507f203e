//! GetParameterHistory (Systems Manager API reference): every version that is kept, the oldest first.

use gantry_model::parameter::ParameterVersion;
use gantry_store::parameter;
use gantry_wire::shapes::ssm::{GetParameterHistoryRequest, GetParameterHistoryResult, ParameterHistory};
use gantry_wire::{ApiError, paginate};

use super::{resolve, view};
use crate::context::Call;
use crate::error::Failure;

const DEFAULT_PAGE: i32 = 50;

/// Answers GetParameterHistory.
///
/// # Errors
/// ParameterNotFound, InvalidNextToken.
pub(super) async fn get_parameter_history(
    call: Call,
    input: GetParameterHistoryRequest,
) -> Result<GetParameterHistoryResult, Failure> {
    let mut reader = call.control.store.read().await?;
    let stored = resolve::parameter(&mut reader, &call, &input.name.unwrap_or_default()).await?;
    let versions = parameter::versions(&mut reader, stored.id).await?;
    let max = usize::try_from(input.max_results.unwrap_or(DEFAULT_PAGE)).unwrap_or(1);
    let key = |version: &ParameterVersion| format!("{:020}", version.version);
    let (page, next_token) = paginate::page(versions, key, input.next_token.as_deref(), max)
        .map_err(|_| ApiError::invalid_parameters_token())?;
    let mut parameters = Vec::new();
    for version in page {
        let value = view::value(&mut reader, &call, stored.id, &version, input.with_decryption).await?;
        let told = view::metadata(&stored.parameter, &version);
        parameters.push(ParameterHistory {
            name: told.name,
            r#type: told.r#type,
            key_id: told.key_id,
            last_modified_date: told.last_modified_date,
            last_modified_user: told.last_modified_user,
            description: told.description,
            value: Some(value),
            allowed_pattern: told.allowed_pattern,
            version: told.version,
            labels: Some(version.labels.into_iter().collect()),
            tier: told.tier,
            policies: told.policies,
            data_type: told.data_type,
        });
    }
    Ok(GetParameterHistoryResult { parameters: Some(parameters), next_token })
}
