//! DescribeRepositoryCreationTemplates (ECR API reference): by prefix, or page by page.

use gantry_wire::shapes::ecr::{
    DescribeRepositoryCreationTemplatesRequest, DescribeRepositoryCreationTemplatesResponse,
};

use super::{pages, templates, view};
use crate::context::Call;
use crate::error::Failure;

/// Answers DescribeRepositoryCreationTemplates. A prefix that no template has is left out.
///
/// # Errors
/// InvalidParameterException for a token that is not ours.
pub(super) async fn describe_repository_creation_templates(
    call: Call,
    input: DescribeRepositoryCreationTemplatesRequest,
) -> Result<DescribeRepositoryCreationTemplatesResponse, Failure> {
    let all = call.control.registry.registry_settings(&call.scope).await?.creation_templates;
    let is_asked = |prefix: &str| input.prefixes.as_ref().is_none_or(|asked| asked.iter().any(|one| one == prefix));
    let (page, next_token) = pages::by_name(&all, input.next_token.as_deref(), input.max_results, is_asked)?;
    Ok(DescribeRepositoryCreationTemplatesResponse {
        registry_id: view::registry_id(&call),
        repository_creation_templates: Some(page.into_iter().map(|(_, template)| templates::view(template)).collect()),
        next_token,
    })
}
