//! PutAccountSetting (ECR API reference).

use gantry_wire::shapes::ecr::{PutAccountSettingRequest, PutAccountSettingResponse};

use super::account_settings::AccountSetting;
use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers PutAccountSetting.
///
/// # Errors
/// ValidationException for a name that is no setting's, and for a value that it cannot have.
pub(super) async fn put_account_setting(
    call: Call,
    input: PutAccountSettingRequest,
) -> Result<PutAccountSettingResponse, Failure> {
    let name = resolve::required("name", input.name)?;
    let value = resolve::required("value", input.value)?;
    let setting = AccountSetting::parse(&name)?;
    let given = value.clone();
    call.control
        .registry
        .update_registry_settings(&call.scope, move |registry| Ok::<_, Failure>(setting.set(registry, &given)?))
        .await?;
    Ok(PutAccountSettingResponse { name: Some(name), value: Some(value) })
}
