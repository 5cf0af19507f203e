//! ListSecretVersionIds (Secrets Manager API reference).

use gantry_store::secret::{self, SecretVersion};
use gantry_wire::shapes::secretsmanager::{
    ListSecretVersionIdsRequest, ListSecretVersionIdsResponse, SecretVersionsListEntry,
};
use gantry_wire::{ApiError, paginate};

use super::resolve;
use crate::context::Call;
use crate::error::Failure;

const DEFAULT_PAGE: i32 = 100;

/// Answers ListSecretVersionIds, the newest version first.
///
/// # Errors
/// ResourceNotFoundException, InvalidNextTokenException.
pub(super) async fn list_secret_version_ids(
    call: Call,
    input: ListSecretVersionIdsRequest,
) -> Result<ListSecretVersionIdsResponse, Failure> {
    let mut reader = call.control.store.read().await?;
    let stored = resolve::any(&mut reader, &call, &input.secret_id.unwrap_or_default()).await?;
    let mut versions = secret::versions(&mut reader, stored.id).await?;
    let stages = |version: &SecretVersion| -> Vec<String> {
        stored.secret.stages_of(&version.version).map(str::to_owned).collect()
    };
    versions.retain(|version| input.include_deprecated == Some(true) || !stages(version).is_empty());
    let max = usize::try_from(input.max_results.unwrap_or(DEFAULT_PAGE)).unwrap_or(1);
    let key = |version: &SecretVersion| format!("{:020}{}", version.created_at.0, version.version);
    let (page, next_token) = paginate::page_descending(versions, key, input.next_token.as_deref(), max)
        .map_err(|_| ApiError::invalid_secrets_token())?;
    let entry = |version: &SecretVersion| SecretVersionsListEntry {
        version_id: Some(version.version.clone()),
        version_stages: Some(stages(version)).filter(|stages| !stages.is_empty()),
        created_date: Some(version.created_at.into()),
        ..SecretVersionsListEntry::default()
    };
    Ok(ListSecretVersionIdsResponse {
        versions: Some(page.iter().map(entry).collect()),
        next_token,
        arn: Some(stored.secret.arn()),
        name: Some(stored.secret.name.to_string()),
    })
}
