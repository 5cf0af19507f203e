//! ListTaskDefinitions (ECS API reference): ARNs by family and revision. `familyPrefix` is a whole family name.

use gantry_model::task_definition::TaskDefinitionStatus;
use gantry_model::{Arn, Family, TaskDefinitionId};
use gantry_wire::paginate;
use gantry_wire::shapes::ecs::{ListTaskDefinitionsRequest, ListTaskDefinitionsResponse};

use crate::context::Call;
use crate::ecs::paging;
use crate::error::Failure;

/// Answers ListTaskDefinitions: ACTIVE ones unless another status is asked for.
///
/// # Errors
/// InvalidParameterException for a page size or token that is not one.
pub async fn list_task_definitions(
    call: Call,
    input: ListTaskDefinitionsRequest,
) -> Result<ListTaskDefinitionsResponse, Failure> {
    let max = paging::size(input.max_results, paging::MAX_PAGE)?;
    let status = match input.status.as_deref() {
        Some("INACTIVE") => TaskDefinitionStatus::Inactive,
        Some("DELETE_IN_PROGRESS") => TaskDefinitionStatus::DeleteInProgress,
        _ => TaskDefinitionStatus::Active,
    };
    let family = match input.family_prefix.as_deref().filter(|f| !f.is_empty()).map(Family::parse) {
        None => None,
        Some(Ok(family)) => Some(family),
        // What is not a family's name is the name of none.
        Some(Err(_)) => {
            return Ok(ListTaskDefinitionsResponse { task_definition_arns: Some(Vec::new()), next_token: None });
        }
    };
    let mut reader = call.control.store.read().await?;
    let ids = gantry_store::task_definition::list(&mut reader, &call.scope, family.as_ref(), Some(status)).await?;
    let token = input.next_token.as_deref();
    let (page, next_token) = match input.sort.as_deref() {
        Some("DESC") => paginate::page_descending(ids, key, token, max)?,
        _ => paginate::page(ids, key, token, max)?,
    };
    let arns = page.iter().map(|id| Arn::task_definition(&call.scope, id).to_string()).collect();
    Ok(ListTaskDefinitionsResponse { task_definition_arns: Some(arns), next_token })
}

/// Orders as family, then revision by number; a space stands before every character of a family.
fn key(id: &TaskDefinitionId) -> String {
    format!("{} {:010}", id.family, id.revision)
}
