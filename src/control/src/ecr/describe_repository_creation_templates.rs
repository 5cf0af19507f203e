//! DescribeRepositoryCreationTemplates (ECR API reference): by prefix, or page by page.

use std::ops::Bound;

use gantry_model::registry_settings::CreationTemplate;
use gantry_wire::paginate;
use gantry_wire::shapes::ecr::{
    DescribeRepositoryCreationTemplatesRequest, DescribeRepositoryCreationTemplatesResponse,
};

use super::describe_repositories::page_size;
use super::{templates, view};
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
    let after = input.next_token.as_deref().map(paginate::decode).transpose()?;
    let start = after.map_or(Bound::Unbounded, Bound::Excluded);
    let is_asked = |template: &&CreationTemplate| {
        input.prefixes.as_ref().is_none_or(|prefixes| prefixes.contains(&template.prefix))
    };
    let mut rest = all.range((start, Bound::Unbounded)).map(|(_, template)| template).filter(is_asked).peekable();
    let page: Vec<&CreationTemplate> = rest.by_ref().take(page_size(input.max_results)).collect();
    let next_token = page.last().filter(|_| rest.peek().is_some()).map(|last| paginate::encode(&last.prefix));
    Ok(DescribeRepositoryCreationTemplatesResponse {
        registry_id: view::registry_id(&call),
        repository_creation_templates: Some(page.into_iter().map(templates::view).collect()),
        next_token,
    })
}
