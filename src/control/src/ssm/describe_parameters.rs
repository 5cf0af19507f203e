//! DescribeParameters (Systems Manager API reference): everything but the values.

use gantry_store::parameter;
use gantry_wire::shapes::ssm::{DescribeParametersRequest, DescribeParametersResult};
use gantry_wire::{ApiError, paginate};

use super::filter::Filters;
use super::view;
use crate::context::Call;
use crate::error::Failure;

/// Parameters that are read at once.
const CHUNK: i64 = 500;
const DEFAULT_PAGE: i32 = 10;

/// Answers DescribeParameters. Nobody shares parameters, so none is shared.
///
/// # Errors
/// InvalidFilterKey, InvalidFilterOption, InvalidNextToken, ValidationException.
pub(super) async fn describe_parameters(
    call: Call,
    input: DescribeParametersRequest,
) -> Result<DescribeParametersResult, Failure> {
    let filters = Filters::of_listing(input.parameter_filters, input.filters)?;
    let max = usize::try_from(input.max_results.unwrap_or(DEFAULT_PAGE)).unwrap_or(1);
    let token = input.next_token.as_deref().map(paginate::decode).transpose();
    let mut after = token.map_err(|_| ApiError::invalid_parameters_token())?.unwrap_or_default();
    let mut reader = call.control.store.read().await?;
    let mut found = Vec::new();
    while found.len() <= max && input.shared != Some(true) {
        let some = parameter::list(&mut reader, &call.scope, "", &after, CHUNK).await?;
        let Some(last) = some.last() else { break };
        last.parameter.name.as_str().clone_into(&mut after);
        for stored in some {
            let versions = match filters.ask_for_labels() {
                true => parameter::versions(&mut reader, stored.id).await?,
                false => Vec::new(),
            };
            if filters.take(&stored, &versions) {
                found.push(stored);
            }
        }
    }
    let more = found.len() > max;
    found.truncate(max);
    let next_token = found.last().filter(|_| more).map(|last| paginate::encode(last.parameter.name.as_str()));
    let parameters = found.iter().map(|stored| view::metadata(&stored.parameter, &stored.newest)).collect();
    Ok(DescribeParametersResult { parameters: Some(parameters), next_token })
}
