//! DescribeCapacityProviders (ECS API reference): those that are named, those of a cluster, or all, the ones behind Fargate
//! among them.

use gantry_model::capacity_provider::{FARGATE_PROVIDERS, is_fargate};
use gantry_model::{Arn, Scope};
use gantry_wire::shapes::ecs::{
    CapacityProvider as WireProvider, DescribeCapacityProvidersRequest, DescribeCapacityProvidersResponse,
};
use gantry_wire::{ApiError, paginate};

use crate::context::Call;
use crate::ecs::{capacity_providers, paging, resolve, view};
use crate::error::Failure;

const MOST: usize = 100;

/// Answers DescribeCapacityProviders.
///
/// # Errors
/// ClusterNotFoundException; InvalidParameterException for more than a hundred names, and for a page size or token that is
/// not one.
pub async fn describe_capacity_providers(
    call: Call,
    input: DescribeCapacityProvidersRequest,
) -> Result<DescribeCapacityProvidersResponse, Failure> {
    let mut reader = call.control.store.read().await?;
    let named = input.capacity_providers.unwrap_or_default();
    if named.len() > MOST {
        return Err(ApiError::invalid_parameter("capacityProviders must name at most 100.").into());
    }
    let with_tags = input.include.iter().flatten().any(|i| i == "TAGS");
    let of_cluster = match input.cluster.as_deref() {
        Some(cluster) => Some(resolve::cluster(&mut reader, &call.scope, Some(cluster)).await?.capacity_providers),
        None => None,
    };
    let made = gantry_store::capacity_provider::list(&mut reader, &call.scope).await?;
    let find = |name: &str| -> Option<WireProvider> {
        if of_cluster.as_ref().is_some_and(|names| !names.iter().any(|n| n == name)) {
            return None;
        }
        if is_fargate(name) {
            return Some(view::capacity_provider::fargate(&call.scope, name, with_tags));
        }
        let provider = made.iter().find(|provider| provider.name == name)?;
        Some(view::capacity_provider::capacity_provider(provider, with_tags))
    };
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    if named.is_empty() {
        let names = FARGATE_PROVIDERS.iter().copied().chain(made.iter().map(|provider| provider.name.as_str()));
        found.extend(names.filter_map(find));
    }
    for text in named {
        match capacity_providers::name(&call.scope, &text).and_then(|name| find(&name)) {
            Some(provider) => found.push(provider),
            None => failures.push(view::missing(missing_arn(&call.scope, &text))),
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let max = paging::size(input.max_results, paging::MAX_PAGE)?;
    let key = |provider: &WireProvider| provider.name.clone().unwrap_or_default();
    let (page, next_token) = paginate::page(found, key, input.next_token.as_deref(), max)?;
    Ok(DescribeCapacityProvidersResponse { capacity_providers: Some(page), failures: Some(failures), next_token })
}

/// A name that stands for nothing is answered in the form in which public suites expect it, with an underscore.
fn missing_arn(scope: &Scope, text: &str) -> String {
    match text.parse::<Arn>() {
        Ok(_) => text.to_owned(),
        Err(_) => format!("arn:aws:ecs:{}:{}:capacity_provider/{text}", scope.region, scope.account),
    }
}
