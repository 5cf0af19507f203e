//! DescribeParameters (Systems Manager API reference): everything but the values.

use gantry_wire::shapes::ssm::{DescribeParametersRequest, DescribeParametersResult};

use super::filter::Filters;
use super::{view, walk};
use crate::context::Call;
use crate::error::Failure;

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
    if input.shared == Some(true) {
        return Ok(DescribeParametersResult { parameters: Some(Vec::new()), next_token: None });
    }
    let mut reader = call.control.store.read().await?;
    let (found, next_token) =
        walk::page(&mut reader, &call, ("", |_| true), &filters, input.next_token.as_deref(), max).await?;
    let parameters = found.iter().map(|(stored, _)| view::metadata(&stored.parameter, &stored.newest)).collect();
    Ok(DescribeParametersResult { parameters: Some(parameters), next_token })
}
