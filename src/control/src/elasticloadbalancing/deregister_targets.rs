//! DeregisterTargets (Elastic Load Balancing API reference): they get nothing new, and are gone once nothing is under way to them.

use gantry_store::{Tx, target_group};
use gantry_wire::ApiError;
use gantry_wire::shapes::elasticloadbalancing::{DeregisterTargetsInput, DeregisterTargetsOutput};

use super::{resolve, targets};
use crate::context::Call;
use crate::error::Failure;

/// Answers DeregisterTargets.
///
/// # Errors
/// TargetGroupNotFoundException, InvalidTargetException.
pub(super) async fn deregister_targets(
    call: Call,
    input: DeregisterTargetsInput,
) -> Result<DeregisterTargetsOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let arn = input.target_group_arn.as_deref().unwrap_or_default();
                let group = resolve::target_group(tx, &call, arn).await?;
                let present = target_group::targets(tx, &group.arn()).await?;
                for given in input.targets.unwrap_or_default() {
                    let id = given.id.unwrap_or_default();
                    let port = given.port.map(|port| resolve::port(Some(port))).transpose()?;
                    // Without a port all of its ports are meant.
                    let meant: Vec<_> = present
                        .iter()
                        .filter(|target| target.key.id == id && port.is_none_or(|p| p == target.key.port))
                        .collect();
                    if meant.is_empty() {
                        let text =
                            format!("The following targets are not registered with target group '{arn}': '{id}'");
                        return Err(ApiError::invalid_target(text).into());
                    }
                    for target in meant {
                        targets::let_go(tx, target.clone()).await?;
                    }
                }
                Ok(DeregisterTargetsOutput {})
            })
        })
        .await
}
