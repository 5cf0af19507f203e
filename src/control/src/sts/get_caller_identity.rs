//! GetCallerIdentity (STS API reference): the account and ARN that the signature proved. Nobody is refused it.

use gantry_wire::shapes::sts::{GetCallerIdentityRequest, GetCallerIdentityResponse};

use crate::context::Call;
use crate::error::Failure;

/// Answers GetCallerIdentity. The unique id of a principal is what its ARN ends in.
///
/// # Errors
/// None.
pub async fn get_caller_identity(
    call: Call,
    _input: GetCallerIdentityRequest,
) -> Result<GetCallerIdentityResponse, Failure> {
    let arn = call.principal.arn;
    let user_id = arn.rsplit('/').next().unwrap_or(&arn).to_owned();
    Ok(GetCallerIdentityResponse {
        user_id: Some(user_id),
        account: Some(call.principal.account.to_string()),
        arn: Some(arn),
    })
}
