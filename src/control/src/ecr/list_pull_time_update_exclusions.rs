//! ListPullTimeUpdateExclusions (ECR API reference).

use gantry_wire::shapes::ecr::{ListPullTimeUpdateExclusionsRequest, ListPullTimeUpdateExclusionsResponse};

use super::pages;
use crate::context::Call;
use crate::error::Failure;

/// Answers ListPullTimeUpdateExclusions with the ARNs, in order.
///
/// # Errors
/// InvalidParameterException for a token that is not ours.
pub(super) async fn list_pull_time_update_exclusions(
    call: Call,
    input: ListPullTimeUpdateExclusionsRequest,
) -> Result<ListPullTimeUpdateExclusionsResponse, Failure> {
    let all = call.control.registry.registry_settings(&call.scope).await?.pull_time_exclusions;
    let (page, next_token) = pages::by_name(&all, input.next_token.as_deref(), input.max_results, |_| true)?;
    let page = page.into_iter().map(|(arn, _)| arn.clone()).collect();
    Ok(ListPullTimeUpdateExclusionsResponse { pull_time_update_exclusions: Some(page), next_token })
}
