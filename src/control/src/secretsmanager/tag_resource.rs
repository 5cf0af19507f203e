//! TagResource (Secrets Manager API reference): puts tags on a secret.

use gantry_store::Tx;
use gantry_wire::shapes::secretsmanager::TagResourceRequest;

use super::{record, resolve, tags};
use crate::context::Call;
use crate::error::Failure;

/// Answers TagResource.
///
/// # Errors
/// ResourceNotFoundException, InvalidRequestException, InvalidParameterException.
pub(super) async fn tag_resource(call: Call, input: TagResourceRequest) -> Result<(), Failure> {
    let given = tags::read(input.tags)?;
    let id = input.secret_id.unwrap_or_default();
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut stored = resolve::usable(tx, &call, &id).await?;
                tags::add(&mut stored.secret.tags, given)?;
                record::change(tx, &stored).await
            })
        })
        .await
}
