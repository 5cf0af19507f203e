//! GetParametersByPath (Systems Manager API reference): a hierarchy, with its values.

use gantry_wire::ApiError;
use gantry_wire::shapes::ssm::{GetParametersByPathRequest, GetParametersByPathResult};

use super::filter::{Filters, is_below};
use super::resolve::Selected;
use super::{view, walk};
use crate::context::Call;
use crate::error::Failure;

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
    // Names without a slash lie below the root too.
    let prefix = if path == "/" { "" } else { path.as_str() };
    let below = |name: &str| is_below(name, &path, recursive);
    let mut reader = call.control.store.read().await?;
    let (found, next_token) =
        walk::page(&mut reader, &call, (prefix, below), &filters, input.next_token.as_deref(), max).await?;
    let mut parameters = Vec::new();
    for (stored, versions) in found {
        let labelled = |label| versions.iter().find(|version| version.labels.contains(label));
        let version = filters.labels().find_map(labelled).unwrap_or(&stored.newest).clone();
        let selected = Selected { stored, version, selector: None };
        parameters.push(view::parameter(&mut reader, &call, &selected, input.with_decryption).await?);
    }
    Ok(GetParametersByPathResult { parameters: Some(parameters), next_token })
}
