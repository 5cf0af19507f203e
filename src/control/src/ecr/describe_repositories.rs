//! DescribeRepositories (ECR API reference): by name, or page by page.

use gantry_model::image::Repository;
use gantry_wire::shapes::ecr::{DescribeRepositoriesRequest, DescribeRepositoriesResponse};
use gantry_wire::{ApiError, paginate};

use super::resolve::{self, foreign_registry};
use super::view;
use crate::context::Call;
use crate::error::Failure;

/// Repositories of a page when nothing is asked.
const DEFAULT_PAGE: usize = 100;

/// Answers DescribeRepositories. The registry of another account shows none.
///
/// # Errors
/// RepositoryNotFoundException for a name that is not there, InvalidParameterException.
pub(super) async fn describe_repositories(
    call: Call,
    input: DescribeRepositoriesRequest,
) -> Result<DescribeRepositoriesResponse, Failure> {
    let (repositories, next_token) = match &input.repository_names {
        Some(names) => (by_name(&call, &input, names).await?, None),
        None if foreign_registry(&call, input.registry_id.as_deref()).is_some() => (Vec::new(), None),
        None => page(&call, &input).await?,
    };
    let repositories = repositories.iter().map(|repository| view::repository(&call, repository)).collect();
    Ok(DescribeRepositoriesResponse { repositories: Some(repositories), next_token })
}

async fn by_name(
    call: &Call,
    input: &DescribeRepositoriesRequest,
    names: &[String],
) -> Result<Vec<Repository>, Failure> {
    for (member, given) in [("nextToken", input.next_token.is_some()), ("maxResults", input.max_results.is_some())] {
        if given {
            return Err(ApiError::constraint(member, "cannot be used together with repositoryNames").into());
        }
    }
    let mut repositories: Vec<Repository> = Vec::new();
    for name in names {
        let name = resolve::repository(call, input.registry_id.as_deref(), Some(name))?;
        if repositories.iter().all(|other| other.name != name) {
            repositories.push(call.control.registry.repository(&call.scope, &name).await?);
        }
    }
    Ok(repositories)
}

async fn page(call: &Call, input: &DescribeRepositoriesRequest) -> Result<(Vec<Repository>, Option<String>), Failure> {
    let after = input.next_token.as_deref().map(paginate::decode).transpose()?;
    let max = page_size(input.max_results);
    let mut found = call.control.registry.repositories(&call.scope, after.as_deref(), max + 1).await?;
    let more = found.len() > max;
    found.truncate(max);
    let next_token = found.last().filter(|_| more).map(|last| paginate::encode(last.name.as_str()));
    Ok((found, next_token))
}

/// The size of a page; its bounds are the constraint table's.
pub(super) fn page_size(max_results: Option<i32>) -> usize {
    max_results.and_then(|max| usize::try_from(max).ok()).filter(|max| *max > 0).unwrap_or(DEFAULT_PAGE)
}
