//! DeleteRepository (ECR API reference).

use gantry_wire::shapes::ecr::{DeleteRepositoryRequest, DeleteRepositoryResponse};

use super::{resolve, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers DeleteRepository with what it was. With `force` its images go with it.
///
/// # Errors
/// RepositoryNotFoundException, RepositoryNotEmptyException without `force`.
pub(super) async fn delete_repository(
    call: Call,
    input: DeleteRepositoryRequest,
) -> Result<DeleteRepositoryResponse, Failure> {
    let name = resolve::repository(&call, input.registry_id.as_deref(), input.repository_name.as_deref())?;
    let force = input.force.unwrap_or(false);
    let deleted = call.control.registry.delete_repository(&call.scope, &name, force).await?;
    Ok(DeleteRepositoryResponse { repository: Some(view::repository(&call, &deleted)) })
}
