//! GetParameters (Systems Manager API reference): several at once.

use std::collections::BTreeSet;

use gantry_wire::shapes::ssm::{GetParametersRequest, GetParametersResult};

use super::{resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers GetParameters; what is not there is told of beside the others, and what is asked for twice once.
///
/// # Errors
/// The store's.
pub(super) async fn get_parameters(call: Call, input: GetParametersRequest) -> Result<GetParametersResult, Failure> {
    let names: BTreeSet<String> = input.names.unwrap_or_default().into_iter().collect();
    let mut reader = call.control.store.read().await?;
    let (mut found, mut invalid) = (Vec::new(), Vec::new());
    for name in names {
        match resolve::selected(&mut reader, &call, &name).await {
            Ok(selected) => found.push(view::parameter(&mut reader, &call, &selected, input.with_decryption).await?),
            Err(Failure::Api(_)) => invalid.push(name),
            Err(failure) => return Err(failure),
        }
    }
    Ok(GetParametersResult { parameters: Some(found), invalid_parameters: Some(invalid) })
}
