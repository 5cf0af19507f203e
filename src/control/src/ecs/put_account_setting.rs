//! PutAccountSetting (ECS API reference): a setting for a principal; for the account's root it is everybody's default.

use gantry_store::Tx;
use gantry_wire::shapes::ecs::{PutAccountSettingRequest, PutAccountSettingResponse, Setting};

use crate::context::Call;
use crate::ecs::account_settings::{self, AccountSettings};
use crate::error::Failure;

/// Answers PutAccountSetting.
///
/// # Errors
/// InvalidParameterException for a name, value or principal that is not one.
pub async fn put_account_setting(
    call: Call,
    input: PutAccountSettingRequest,
) -> Result<PutAccountSettingResponse, Failure> {
    let principal = account_settings::principal(&call, input.principal_arn.as_deref())?;
    let setting = put(call, principal, input.name.unwrap_or_default(), input.value.unwrap_or_default()).await?;
    Ok(PutAccountSettingResponse { setting: Some(setting) })
}

/// Puts a setting of `principal`.
///
/// # Errors
/// InvalidParameterException for a name or value that is not one.
pub(crate) async fn put(call: Call, principal: String, name: String, value: String) -> Result<Setting, Failure> {
    account_settings::check(&name, &value)?;
    let store = call.control.store.clone();
    store.write(move |tx| Box::pin(async move { write(tx, &call, &principal, &name, &value).await })).await
}

async fn write(tx: &mut Tx, call: &Call, principal: &str, name: &str, value: &str) -> Result<Setting, Failure> {
    let mut settings = AccountSettings::load(tx, &call.scope).await?;
    settings.put(principal, name, value);
    settings.write(tx, &call.scope).await?;
    Ok(account_settings::setting(principal, name, value))
}
