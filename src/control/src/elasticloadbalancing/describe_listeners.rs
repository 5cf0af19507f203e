//! DescribeListeners (Elastic Load Balancing API reference): by ARN, or those of a load balancer.

use gantry_store::load_balancer;
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{DescribeListenersInput, DescribeListenersOutput};

use super::{resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeListeners.
///
/// # Errors
/// ListenerNotFoundException, LoadBalancerNotFoundException, ValidationException.
pub(super) async fn describe_listeners(
    call: Call,
    input: DescribeListenersInput,
) -> Result<DescribeListenersOutput, Failure> {
    let mut reader = call.control.store.read().await?;
    let mut found = Vec::new();
    match (input.load_balancer_arn, input.listener_arns) {
        (Some(arn), None) => {
            let balancer = resolve::load_balancer(&mut reader, &call, &arn).await?;
            found = load_balancer::listeners(&mut reader, &balancer.arn()).await?;
        }
        (None, Some(arns)) => {
            for arn in arns {
                found.push(resolve::listener(&mut reader, &call, &arn).await?);
            }
        }
        _ => {
            let text = "You must specify either listener ARNs or a load balancer ARN";
            return Err(ApiError::validation(text).into());
        }
    }
    let (page, next_marker) =
        resolve::page(found, |listener| listener.arn.clone(), input.marker.as_deref(), input.page_size)?;
    Ok(DescribeListenersOutput { listeners: Some(page.iter().map(view::listener).collect()), next_marker })
}
