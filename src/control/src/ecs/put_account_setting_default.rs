//! PutAccountSettingDefault (ECS API reference): a setting for everybody in the account who did not set it.

use gantry_wire::shapes::ecs::{PutAccountSettingDefaultRequest, PutAccountSettingDefaultResponse};

use crate::context::Call;
use crate::ecs::{account_settings, put_account_setting};
use crate::error::Failure;

/// Answers PutAccountSettingDefault.
///
/// # Errors
/// InvalidParameterException for a name or value that is not one.
pub async fn put_account_setting_default(
    call: Call,
    input: PutAccountSettingDefaultRequest,
) -> Result<PutAccountSettingDefaultResponse, Failure> {
    let root = account_settings::root(&call.scope);
    let (name, value) = (input.name.unwrap_or_default(), input.value.unwrap_or_default());
    let setting = put_account_setting::put(call, root, name, value).await?;
    Ok(PutAccountSettingDefaultResponse { setting: Some(setting) })
}
