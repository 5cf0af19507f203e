//! ListPullTimeUpdateExclusions (ECR API reference).

use std::ops::Bound;

use gantry_wire::paginate;
use gantry_wire::shapes::ecr::{ListPullTimeUpdateExclusionsRequest, ListPullTimeUpdateExclusionsResponse};

use super::describe_repositories::page_size;
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
    let after = input.next_token.as_deref().map(paginate::decode).transpose()?;
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    let mut rest = all.range((start, Bound::Unbounded)).map(|(arn, _)| arn.clone()).peekable();
    let page: Vec<String> = rest.by_ref().take(page_size(input.max_results)).collect();
    let next_token = page.last().filter(|_| rest.peek().is_some()).map(|last| paginate::encode(last));
    Ok(ListPullTimeUpdateExclusionsResponse { pull_time_update_exclusions: Some(page), next_token })
}
