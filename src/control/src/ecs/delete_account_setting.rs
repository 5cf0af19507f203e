//! DeleteAccountSetting (ECS API reference): a principal's own setting goes; the account's default is in force again.

use gantry_store::Tx;
use gantry_wire::shapes::ecs::{DeleteAccountSettingRequest, DeleteAccountSettingResponse, Setting};

use crate::context::Call;
use crate::ecs::account_settings::{self, AccountSettings};
use crate::error::Failure;

/// Answers DeleteAccountSetting with what is in force from now on.
///
/// # Errors
/// InvalidParameterException for a name or principal that is not one.
pub async fn delete_account_setting(
    call: Call,
    input: DeleteAccountSettingRequest,
) -> Result<DeleteAccountSettingResponse, Failure> {
    let principal = account_settings::principal(&call, input.principal_arn.as_deref())?;
    let name = input.name.unwrap_or_default();
    account_settings::check_name(&name)?;
    let store = call.control.store.clone();
    let setting = store.write(move |tx| Box::pin(async move { delete(tx, &call, &principal, &name).await })).await?;
    Ok(DeleteAccountSettingResponse { setting: Some(setting) })
}

async fn delete(tx: &mut Tx, call: &Call, principal: &str, name: &str) -> Result<Setting, Failure> {
    let mut settings = AccountSettings::load(tx, &call.scope).await?;
    settings.delete(principal, name);
    settings.write(tx, &call.scope).await?;
    Ok(account_settings::setting(principal, name, &settings.effective(principal, name)))
}
