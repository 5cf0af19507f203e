//! DescribeTargetGroups (Elastic Load Balancing API reference): by ARN, by name, of a load balancer, or all.

use std::collections::BTreeMap;

use gantry_model::load_balancing::Traffic;
use gantry_store::{Conn, StoreError, load_balancer, target_group};
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{DescribeTargetGroupsInput, DescribeTargetGroupsOutput};

use super::{resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeTargetGroups.
///
/// # Errors
/// TargetGroupNotFoundException, LoadBalancerNotFoundException, ValidationException.
pub(super) async fn describe_target_groups(
    call: Call,
    input: DescribeTargetGroupsInput,
) -> Result<DescribeTargetGroupsOutput, Failure> {
    let mut reader = call.control.store.read().await?;
    let mut all = target_group::list(&mut reader, &call.scope).await?;
    let used = users(&mut reader).await?;
    let (arns, names) = (input.target_group_arns.unwrap_or_default(), input.names.unwrap_or_default());
    let missing = |wanted: &&String| !all.iter().any(|found| found.arn() == **wanted || found.name == **wanted);
    if let Some(missing) = arns.iter().chain(&names).find(missing) {
        return Err(ApiError::target_group_not_found(missing).into());
    }
    if !arns.is_empty() || !names.is_empty() {
        all.retain(|found| arns.contains(&found.arn()) || names.contains(&found.name));
    }
    if let Some(balancer) = input.load_balancer_arn {
        resolve::load_balancer(&mut reader, &call, &balancer).await?;
        all.retain(|found| used.get(&found.arn()).is_some_and(|users| users.contains(&balancer)));
    }
    let (page, next_marker) = resolve::page(all, |group| group.name.clone(), input.marker.as_deref(), input.page_size)?;
    let view = |group: &_| {
        let arn = gantry_model::load_balancing::TargetGroup::arn(group);
        let used_by = used.get(&arn).map(|arns| arns.iter().map(String::as_str).collect::<Vec<_>>());
        view::target_group(group, &used_by.unwrap_or_default())
    };
    Ok(DescribeTargetGroupsOutput { target_groups: Some(page.iter().map(view).collect()), next_marker })
}

/// The groups that something sends to, and through which load balancers.
///
/// # Errors
/// The store's.
pub(crate) async fn users(conn: &mut Conn) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
    let traffic = Traffic {
        listeners: load_balancer::all_listeners(conn).await?,
        rules: load_balancer::all_rules(conn).await?,
        ..Traffic::default()
    };
    let owned = |(group, by): (&str, Vec<&str>)| (group.to_owned(), by.into_iter().map(str::to_owned).collect());
    Ok(traffic.groups_in_use().into_iter().map(owned).collect())
}
