//! DescribeLogGroups (CloudWatch Logs API reference): by name.

use gantry_store::log_group::{self, StoredGroup};
use gantry_wire::shapes::logs::{DescribeLogGroupsRequest, DescribeLogGroupsResponse, LogGroup as LogGroupShape};
use gantry_wire::{ApiError, paginate};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Groups that are read at once.
const CHUNK: i64 = 500;
const DEFAULT_LIMIT: i32 = 50;

/// Answers DescribeLogGroups.
///
/// # Errors
/// InvalidParameterException, also for other accounts, of which there are none.
pub(super) async fn describe_log_groups(
    call: Call,
    input: DescribeLogGroupsRequest,
) -> Result<DescribeLogGroupsResponse, Failure> {
    let limit = usize::try_from(input.limit.unwrap_or(DEFAULT_LIMIT)).unwrap_or(1);
    let mut after = input.next_token.as_deref().map(paginate::decode).transpose()?.unwrap_or_default();
    let wanted = Wanted::of(&call, input)?;
    let mut found = Vec::new();
    let mut reader = call.control.store.read().await?;
    while found.len() <= limit {
        let groups = log_group::list(&mut reader, &call.scope, &after, CHUNK).await?;
        let Some(last) = groups.last() else { break };
        last.group.name.as_str().clone_into(&mut after);
        found.extend(groups.into_iter().filter(|stored| wanted.includes(stored.group.name.as_str())));
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let next_token = found.last().filter(|_| more).map(|stored| paginate::encode(stored.group.name.as_str()));
    Ok(DescribeLogGroupsResponse { log_groups: Some(found.iter().map(shape).collect()), next_token })
}

/// Which names are asked for.
struct Wanted {
    prefix: String,
    part: String,
    names: Option<Vec<String>>,
    nothing: bool,
}

impl Wanted {
    fn of(call: &Call, input: DescribeLogGroupsRequest) -> Result<Self, ApiError> {
        if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
            return Err(ApiError::invalid_parameter(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
            ));
        }
        if input.include_linked_accounts == Some(true) {
            return Err(ApiError::invalid_parameter("includeLinkedAccounts: there are no linked accounts."));
        }
        let own = |id: &String| id == call.scope.account.as_str();
        let names = |identifiers: Vec<String>| {
            let name = |id: String| resolve::group_of(call, None, Some(&id)).map(|name| name.to_string());
            identifiers.into_iter().map(name).collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            prefix: input.log_group_name_prefix.unwrap_or_default(),
            part: input.log_group_name_pattern.unwrap_or_default(),
            names: input.log_group_identifiers.map(names).transpose()?,
            nothing: input.log_group_class.is_some_and(|class| class != "STANDARD")
                || input.account_identifiers.is_some_and(|ids| !ids.is_empty() && !ids.iter().any(own)),
        })
    }

    fn includes(&self, name: &str) -> bool {
        !self.nothing
            && name.starts_with(&self.prefix)
            && name.contains(&self.part)
            && self.names.as_ref().is_none_or(|names| names.iter().any(|n| n == name))
    }
}

fn shape(stored: &StoredGroup) -> LogGroupShape {
    let arn = resolve::arn(&stored.group.scope, &stored.group.name);
    LogGroupShape {
        log_group_name: Some(stored.group.name.to_string()),
        creation_time: Some(stored.group.created_at.0),
        retention_in_days: stored.group.retention_days,
        metric_filter_count: Some(0),
        arn: Some(format!("{arn}:*")),
        log_group_arn: Some(arn),
        stored_bytes: Some(stored.stored_bytes),
        log_group_class: Some("STANDARD".to_owned()),
        deletion_protection_enabled: Some(stored.group.deletion_protection),
        ..LogGroupShape::default()
    }
}
