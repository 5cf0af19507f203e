//! GetParameter (Systems Manager API reference).

use gantry_wire::shapes::ssm::{GetParameterRequest, GetParameterResult};

use super::{resolve, view};
use crate::context::Call;
use crate::error::Failure;
use crate::named_secrets;

/// Answers GetParameter.
///
/// # Errors
/// ParameterNotFound, ParameterVersionNotFound, AccessDeniedException to an agent none of whose tasks names it.
pub(super) async fn get_parameter(call: Call, input: GetParameterRequest) -> Result<GetParameterResult, Failure> {
    let name = input.name.unwrap_or_default();
    let mut reader = call.control.store.read().await?;
    named_secrets::check(&mut reader, &call, "ssm:GetParameter", &name).await?;
    let selected = resolve::selected(&mut reader, &call, &name).await?;
    let parameter = view::parameter(&mut reader, &call, &selected, input.with_decryption).await?;
    Ok(GetParameterResult { parameter: Some(parameter) })
}
