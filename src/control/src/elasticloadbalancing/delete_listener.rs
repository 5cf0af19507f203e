//! DeleteListener (Elastic Load Balancing API reference): closes it; what is under way ends.

use gantry_store::{Tx, load_balancer};
use gantry_wire::shapes::elasticloadbalancing::{DeleteListenerInput, DeleteListenerOutput};

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteListener.
///
/// # Errors
/// ListenerNotFoundException.
pub(super) async fn delete_listener(call: Call, input: DeleteListenerInput) -> Result<DeleteListenerOutput, Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let gone = resolve::listener(tx, &call, input.listener_arn.as_deref().unwrap_or_default()).await?;
                load_balancer::delete_listener(tx, &gone.arn).await?;
                record::tell_load_balancer(tx, &gone.load_balancer);
                Ok(DeleteListenerOutput {})
            })
        })
        .await
}
