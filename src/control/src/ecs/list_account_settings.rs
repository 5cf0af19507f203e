//! ListAccountSettings (ECS API reference): what a principal set, or all that is in force for it.

use gantry_wire::paginate;
use gantry_wire::shapes::ecs::{ListAccountSettingsRequest, ListAccountSettingsResponse, Setting};

use crate::context::Call;
use crate::ecs::account_settings::{self, AccountSettings};
use crate::ecs::paging;
use crate::error::Failure;

const DEFAULT_PAGE: i32 = 10;

/// Answers ListAccountSettings.
///
/// # Errors
/// InvalidParameterException for a name, principal, page size or token that is not one.
pub async fn list_account_settings(
    call: Call,
    input: ListAccountSettingsRequest,
) -> Result<ListAccountSettingsResponse, Failure> {
    if let Some(name) = &input.name {
        account_settings::check_name(name)?;
    }
    let max = paging::size(input.max_results, DEFAULT_PAGE)?;
    let principal = account_settings::principal(&call, input.principal_arn.as_deref())?;
    let mut reader = call.control.store.read().await?;
    let settings = AccountSettings::load(&mut reader, &call.scope).await?;
    let mut found = settings.list(&principal, input.effective_settings == Some(true));
    found.retain(|s| input.name.is_none() || s.name == input.name);
    found.retain(|s| input.value.is_none() || s.value == input.value);
    let name = |setting: &Setting| setting.name.clone().unwrap_or_default();
    let (settings, next_token) = paginate::page(found, name, input.next_token.as_deref(), max)?;
    Ok(ListAccountSettingsResponse { settings: Some(settings), next_token })
}
