//! UntagResource (Secrets Manager API reference): takes tags off a secret.

use gantry_store::Tx;
use gantry_wire::shapes::secretsmanager::UntagResourceRequest;

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers UntagResource. Keys that the secret does not have are off it already.
///
/// # Errors
/// ResourceNotFoundException, InvalidRequestException.
pub(super) async fn untag_resource(call: Call, input: UntagResourceRequest) -> Result<(), Failure> {
    let (id, keys) = (input.secret_id.unwrap_or_default(), input.tag_keys.unwrap_or_default());
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut stored = resolve::usable(tx, &call, &id).await?;
                stored.secret.tags.retain(|tag| !keys.contains(&tag.key));
                record::change(tx, &stored).await
            })
        })
        .await
}
