//! DeleteParameter (Systems Manager API reference).

use gantry_store::Tx;
use gantry_wire::shapes::ssm::{DeleteParameterRequest, DeleteParameterResult};

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteParameter.
///
/// # Errors
/// ParameterNotFound.
pub(super) async fn delete_parameter(
    call: Call,
    input: DeleteParameterRequest,
) -> Result<DeleteParameterResult, Failure> {
    let name = input.name.unwrap_or_default();
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let stored = resolve::parameter(tx, &call, &name).await?;
                record::delete(tx, &stored).await?;
                Ok(DeleteParameterResult {})
            })
        })
        .await
}
