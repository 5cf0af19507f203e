//! ListTaskDefinitionFamilies (ECS API reference): family names that begin with a prefix.

use gantry_wire::shapes::ecs::{ListTaskDefinitionFamiliesRequest, ListTaskDefinitionFamiliesResponse};

use crate::context::Call;
use crate::ecs::paging;
use crate::error::Failure;

/// Answers ListTaskDefinitionFamilies: families with an ACTIVE revision, those with none, or all.
///
/// # Errors
/// InvalidParameterException for a page size or token that is not one.
pub async fn list_task_definition_families(
    call: Call,
    input: ListTaskDefinitionFamiliesRequest,
) -> Result<ListTaskDefinitionFamiliesResponse, Failure> {
    let wanted = |active: bool| match input.status.as_deref() {
        Some("ACTIVE") => active,
        Some("INACTIVE") => !active,
        _ => true,
    };
    let prefix = input.family_prefix.as_deref().unwrap_or_default();
    let mut reader = call.control.store.read().await?;
    let families = gantry_store::task_definition::families(&mut reader, &call.scope).await?;
    let names = families
        .into_iter()
        .filter(|(family, active)| family.as_str().starts_with(prefix) && wanted(*active))
        .map(|(family, _)| family.to_string())
        .collect();
    let (families, next_token) = paging::page(names, input.next_token.as_deref(), input.max_results)?;
    Ok(ListTaskDefinitionFamiliesResponse { families: Some(families), next_token })
}
