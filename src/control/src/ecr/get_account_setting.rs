//! GetAccountSetting (ECR API reference).

use gantry_wire::shapes::ecr::{GetAccountSettingRequest, GetAccountSettingResponse};

use super::account_settings::AccountSetting;
use super::resolve;
use crate::context::Call;
use crate::error::Failure;

/// Answers GetAccountSetting.
///
/// # Errors
/// ValidationException for a name that is no setting's.
pub(super) async fn get_account_setting(
    call: Call,
    input: GetAccountSettingRequest,
) -> Result<GetAccountSettingResponse, Failure> {
    let name = resolve::required("name", input.name)?;
    let setting = AccountSetting::parse(&name)?;
    let value = setting.value(&call.control.registry.registry_settings(&call.scope).await?);
    Ok(GetAccountSettingResponse { name: Some(name), value: Some(value.to_owned()) })
}
