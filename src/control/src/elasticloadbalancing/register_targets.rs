//! RegisterTargets (Elastic Load Balancing API reference): who is one of a group already stays as it is.

use gantry_model::load_balancing::TargetKey;
use gantry_store::Tx;
use gantry_wire::shapes::elasticloadbalancing::{RegisterTargetsInput, RegisterTargetsOutput};

use super::{resolve, targets};
use crate::context::Call;
use crate::error::Failure;

/// Answers RegisterTargets.
///
/// # Errors
/// TargetGroupNotFoundException, InvalidTargetException.
pub(super) async fn register_targets(
    call: Call,
    input: RegisterTargetsInput,
) -> Result<RegisterTargetsOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let arn = input.target_group_arn.as_deref().unwrap_or_default();
                let group = resolve::target_group(tx, &call, arn).await?;
                for given in input.targets.unwrap_or_default() {
                    let id = given.id.unwrap_or_default();
                    let (address, zone) = targets::locate(tx, &call.scope, &group, &id).await?;
                    let port = given.port.map_or(Ok(group.port), |port| resolve::port(Some(port)))?;
                    let place = targets::Place {
                        key: TargetKey { group: group.arn(), id, port },
                        address,
                        availability_zone: zone.or(given.availability_zone),
                        task: None,
                    };
                    targets::register(tx, place).await?;
                }
                Ok(RegisterTargetsOutput {})
            })
        })
        .await
}
