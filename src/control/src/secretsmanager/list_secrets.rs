//! ListSecrets (Secrets Manager API reference).

use std::collections::BTreeMap;

use gantry_model::secret::Secret;
use gantry_store::secret::{self, StoredSecret};
use gantry_wire::shapes::secretsmanager::{ListSecretsRequest, ListSecretsResponse, SecretListEntry};
use gantry_wire::{ApiError, paginate};

use super::filter::Filters;
use super::tags;
use crate::context::Call;
use crate::error::Failure;

const DEFAULT_PAGE: i32 = 100;

/// Answers ListSecrets.
///
/// # Errors
/// InvalidParameterException, InvalidNextTokenException.
pub(super) async fn list_secrets(call: Call, input: ListSecretsRequest) -> Result<ListSecretsResponse, Failure> {
    let filters = Filters::read(input.filters.as_deref())?;
    let planned = input.include_planned_deletion == Some(true);
    let mut all = secret::list(&mut *call.control.store.read().await?, &call.scope).await?;
    all.retain(|stored| (planned || stored.secret.deletion.is_none()) && filters.take(&stored.secret));
    let max = usize::try_from(input.max_results.unwrap_or(DEFAULT_PAGE)).unwrap_or(1);
    let order = Order::of(input.sort_by.as_deref());
    let key = |stored: &StoredSecret| order.key(&stored.secret);
    let token = input.next_token.as_deref();
    let page = match input.sort_order.as_deref() {
        Some("desc") => paginate::page_descending(all, key, token, max),
        _ => paginate::page(all, key, token, max),
    };
    let (page, next_token) = page.map_err(|_| ApiError::invalid_secrets_token())?;
    Ok(ListSecretsResponse { secret_list: Some(page.iter().map(|s| entry(&s.secret)).collect()), next_token })
}

/// By what a listing is ordered; the name decides between equals.
#[derive(Clone, Copy)]
enum Order {
    Created,
    Accessed,
    Changed,
    Name,
}

impl Order {
    fn of(text: Option<&str>) -> Self {
        match text {
            Some("last-accessed-date") => Self::Accessed,
            Some("last-changed-date") => Self::Changed,
            Some("name") => Self::Name,
            _ => Self::Created,
        }
    }

    fn key(self, secret: &Secret) -> String {
        let at = match self {
            Self::Created => secret.created_at.0,
            Self::Accessed => secret.accessed_on.map_or(0, |at| at.0),
            Self::Changed => secret.changed_at.0,
            Self::Name => 0,
        };
        format!("{at:020}{}", secret.name)
    }
}

fn entry(secret: &Secret) -> SecretListEntry {
    SecretListEntry {
        arn: Some(secret.arn()),
        name: Some(secret.name.to_string()),
        description: secret.description.clone(),
        last_changed_date: Some(secret.changed_at.into()),
        last_accessed_date: secret.accessed_on.map(Into::into),
        deleted_date: secret.deletion.map(|deletion| deletion.asked_at.into()),
        tags: Some(tags::shapes(&secret.tags)).filter(|tags| !tags.is_empty()),
        secret_versions_to_stages: Some(versions_to_stages(secret)),
        created_date: Some(secret.created_at.into()),
        ..SecretListEntry::default()
    }
}

/// The versions that a stage means, with their stages.
pub(super) fn versions_to_stages(secret: &Secret) -> BTreeMap<String, Vec<String>> {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (stage, version) in &secret.stages {
        versions.entry(version.clone()).or_default().push(stage.clone());
    }
    versions
}
