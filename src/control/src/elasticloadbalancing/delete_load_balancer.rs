//! DeleteLoadBalancer (Elastic Load Balancing API reference): with its listeners and their rules. One that is not there is gone already.

use gantry_store::{Tx, load_balancer};
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{DeleteLoadBalancerInput, DeleteLoadBalancerOutput};

use super::record;
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteLoadBalancer.
///
/// # Errors
/// OperationNotPermittedException when it is protected.
pub(super) async fn delete_load_balancer(
    call: Call,
    input: DeleteLoadBalancerInput,
) -> Result<DeleteLoadBalancerOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let arn = input.load_balancer_arn.unwrap_or_default();
                let found = load_balancer::get(tx, &arn).await?.filter(|found| found.scope == call.scope);
                let Some(found) = found else { return Ok(DeleteLoadBalancerOutput {}) };
                if found.is_protected() {
                    let text =
                        format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled");
                    return Err(ApiError::operation_not_permitted(text).into());
                }
                load_balancer::delete(tx, &arn).await?;
                record::tell_load_balancer(tx, &arn);
                Ok(DeleteLoadBalancerOutput {})
            })
        })
        .await
}
