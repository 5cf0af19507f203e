//! DescribeLoadBalancers (Elastic Load Balancing API reference): by ARN, by name, or all.

use gantry_store::load_balancer;
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{DescribeLoadBalancersInput, DescribeLoadBalancersOutput};

use super::{resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeLoadBalancers.
///
/// # Errors
/// LoadBalancerNotFoundException, ValidationException.
pub(super) async fn describe_load_balancers(
    call: Call,
    input: DescribeLoadBalancersInput,
) -> Result<DescribeLoadBalancersOutput, Failure> {
    let mut reader = call.control.store.read().await?;
    let mut all = load_balancer::list(&mut reader, &call.scope).await?;
    let (arns, names) = (input.load_balancer_arns.unwrap_or_default(), input.names.unwrap_or_default());
    if !arns.is_empty() && !names.is_empty() {
        return Err(
            ApiError::validation("Load balancer names and load balancer ARNs cannot be specified together").into()
        );
    }
    let missing = |wanted: &&String| !all.iter().any(|found| found.arn() == **wanted || found.name == **wanted);
    if let Some(missing) = arns.iter().chain(&names).find(missing) {
        return Err(ApiError::load_balancer_not_found(missing).into());
    }
    if !arns.is_empty() || !names.is_empty() {
        all.retain(|found| arns.contains(&found.arn()) || names.contains(&found.name));
    }
    let (page, next_marker) =
        resolve::page(all, |balancer| balancer.name.clone(), input.marker.as_deref(), input.page_size)?;
    let mut load_balancers = Vec::new();
    for balancer in &page {
        let listeners = load_balancer::listeners(&mut reader, &balancer.arn()).await?;
        load_balancers.push(view::load_balancer(balancer, &listeners));
    }
    Ok(DescribeLoadBalancersOutput { load_balancers: Some(load_balancers), next_marker })
}
