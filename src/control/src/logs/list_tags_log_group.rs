//! ListTagsLogGroup (CloudWatch Logs API reference): ListTagsForResource by name, which older clients call.

use gantry_wire::shapes::logs::{ListTagsLogGroupRequest, ListTagsLogGroupResponse};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers ListTagsLogGroup.
///
/// # Errors
/// ResourceNotFoundException, InvalidParameterException.
pub(super) async fn list_tags_log_group(
    call: Call,
    input: ListTagsLogGroupRequest,
) -> Result<ListTagsLogGroupResponse, Failure> {
    let name = resolve::group_name(input.log_group_name.as_deref())?;
    let mut reader = call.control.store.read().await?;
    let stored = resolve::group(&mut reader, &call.scope, &name).await?;
    Ok(ListTagsLogGroupResponse { tags: Some(stored.group.tags) })
}
