//! GetParametersByPath (Systems Manager API reference): a hierarchy, with its values.

use gantry_store::parameter;
use gantry_wire::shapes::ssm::{GetParametersByPathRequest, GetParametersByPathResult};
use gantry_wire::{ApiError, paginate};

use super::filter::{Filters, is_below};
use super::resolve::Selected;
use super::view;
use crate::context::Call;
use crate::error::Failure;

/// Parameters that are read at once.
const CHUNK: i64 = 500;
const DEFAULT_PAGE: i32 = 10;

/// Answers GetParametersByPath. With a filter by label the version that carries it is told.
///
/// # Errors
/// ValidationException, InvalidFilterKey, InvalidFilterOption, InvalidNextToken.
pub(super) async fn get_parameters_by_path(
    call: Call,
    input: GetParametersByPathRequest,
) -> Result<GetParametersByPathResult, Failure> {
    let path = input.path.unwrap_or_default();
    if !path.starts_with('/') {
        return Err(ApiError::validation(format!(
            "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \
             \"/\". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). Path is '{path}'."
        ))
        .into());
    }
    let filters = Filters::within_path(input.parameter_filters)?;
    let recursive = input.recursive == Some(true);
    let max = usize::try_from(input.max_results.unwrap_or(DEFAULT_PAGE)).unwrap_or(1);
    let token = input.next_token.as_deref().map(paginate::decode).transpose();
    let mut after = token.map_err(|_| ApiError::invalid_parameters_token())?.unwrap_or_default();
    // Names without a slash lie below the root too.
    let prefix = if path == "/" { "" } else { path.as_str() };
    let mut reader = call.control.store.read().await?;
    let mut found = Vec::new();
    while found.len() <= max {
        let some = parameter::list(&mut reader, &call.scope, prefix, &after, CHUNK).await?;
        let Some(last) = some.last() else { break };
        last.parameter.name.as_str().clone_into(&mut after);
        for stored in some {
            if !is_below(stored.parameter.name.as_str(), &path, recursive) {
                continue;
            }
            let versions = match filters.ask_for_labels() {
                true => parameter::versions(&mut reader, stored.id).await?,
                false => Vec::new(),
            };
            if filters.take(&stored, &versions) {
                let labelled = |label| versions.iter().find(|version| version.labels.contains(label));
                let version = filters.labels().find_map(labelled).unwrap_or(&stored.newest).clone();
                found.push(Selected { stored, version, selector: None });
            }
        }
    }
    let more = found.len() > max;
    found.truncate(max);
    let next_token = found.last().filter(|_| more).map(|last| paginate::encode(last.stored.parameter.name.as_str()));
    let mut parameters = Vec::new();
    for selected in &found {
        parameters.push(view::parameter(&mut reader, &call, selected, input.with_decryption).await?);
    }
    Ok(GetParametersByPathResult { parameters: Some(parameters), next_token })
}
