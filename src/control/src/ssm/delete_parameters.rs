//! DeleteParameters (Systems Manager API reference): several at once.

use gantry_store::Tx;
use gantry_wire::shapes::ssm::{DeleteParametersRequest, DeleteParametersResult};

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteParameters; what is not there is told of beside the others.
///
/// # Errors
/// The store's.
pub(super) async fn delete_parameters(
    call: Call,
    input: DeleteParametersRequest,
) -> Result<DeleteParametersResult, Failure> {
    let names = input.names.unwrap_or_default();
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let (mut deleted, mut invalid) = (Vec::new(), Vec::new());
                for name in names {
                    match resolve::parameter(tx, &call, &name).await {
                        Ok(stored) => {
                            record::delete(tx, &stored).await?;
                            deleted.push(name);
                        }
                        Err(Failure::Api(_)) => invalid.push(name),
                        Err(failure) => return Err(failure),
                    }
                }
                Ok(DeleteParametersResult { deleted_parameters: Some(deleted), invalid_parameters: Some(invalid) })
            })
        })
        .await
}
