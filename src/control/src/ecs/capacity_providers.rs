//! Capacity providers as callers name them, and strategies over them.

use std::collections::BTreeSet;

use gantry_model::capacity_provider::{CapacityProvider, is_fargate};
use gantry_model::cluster::{CapacityProviderStrategyItem, Cluster};
use gantry_model::{Arn, ClusterName, Resource, Scope};
use gantry_store::Conn;
use gantry_wire::ApiError;
use gantry_wire::shapes::ecs as wire;

use crate::error::Failure;

/// The most items that a strategy has.
const MOST_ITEMS: usize = 20;

/// The most tasks of a cluster that wait for a host (ECS service quotas, "Tasks in PROVISIONING state per cluster").
pub const MOST_WAITING: usize = 500;

/// The name of the provider that `text`, a name or an ARN, means; `None` when it is the ARN of something else.
#[must_use]
pub fn name(scope: &Scope, text: &str) -> Option<String> {
    if !text.starts_with("arn:") {
        return Some(text.to_owned());
    }
    match text.parse::<Arn>() {
        Ok(Arn { scope: of, resource: Resource::CapacityProvider(name) }) if of == *scope => Some(name),
        _ => None,
    }
}

/// The provider that a change of it names.
///
/// # Errors
/// InvalidParameterException for those behind Fargate; ClientException for one that is not there.
pub async fn changeable(conn: &mut Conn, scope: &Scope, text: &str) -> Result<CapacityProvider, Failure> {
    let name = name(scope, text);
    if name.as_deref().is_some_and(is_fargate) {
        let text = format!("The capacity provider {text} is there for everybody and cannot be changed.");
        return Err(ApiError::invalid_parameter(text).into());
    }
    let found = match name {
        Some(name) => gantry_store::capacity_provider::get(conn, scope, &name).await?,
        None => None,
    };
    found.ok_or_else(|| not_found(text).into())
}

fn not_found(name: &str) -> ApiError {
    ApiError::client(format!("The specified capacity provider '{name}' was not found."))
}

/// The providers that a cluster is to have.
///
/// # Errors
/// InvalidParameterException for one that there is not.
pub async fn existing(conn: &mut Conn, scope: &Scope, given: &[String]) -> Result<Vec<String>, Failure> {
    let mut names = Vec::with_capacity(given.len());
    for text in given {
        let name = name(scope, text).unwrap_or_else(|| text.clone());
        if !is_fargate(&name) && gantry_store::capacity_provider::get(conn, scope, &name).await?.is_none() {
            let text = format!("The specified capacity provider '{text}' was not found.");
            return Err(ApiError::invalid_parameter(text).into());
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// A strategy over the providers of `cluster`. Those behind Fargate are every cluster's.
///
/// # Errors
/// InvalidParameterException for a provider that there is not or that the cluster does not have, a second base, providers
/// of both kinds, or several of which none has a weight or base.
pub async fn strategy(
    conn: &mut Conn,
    cluster: &Cluster,
    given: &[wire::CapacityProviderStrategyItem],
) -> Result<Vec<CapacityProviderStrategyItem>, Failure> {
    let mut items = Vec::with_capacity(given.len());
    for item in given {
        let text = item.capacity_provider.as_deref().unwrap_or_default();
        let name = name(&cluster.scope, text).unwrap_or_default();
        if !is_fargate(&name) && !cluster.capacity_providers.contains(&name) {
            let known = gantry_store::capacity_provider::get(conn, &cluster.scope, &name).await?.is_some();
            return Err(stranger(text, known).into());
        }
        let share = |n: Option<i32>| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        items.push(CapacityProviderStrategyItem {
            capacity_provider: name,
            weight: share(item.weight),
            base: share(item.base),
        });
    }
    check(&items)?;
    Ok(items)
}

/// The strategy that a cluster's tasks get that ask for none: of providers that are the cluster's, those behind Fargate
/// too.
///
/// # Errors
/// As [`strategy`].
pub async fn default_strategy(
    conn: &mut Conn,
    cluster: &Cluster,
    given: &[wire::CapacityProviderStrategyItem],
) -> Result<Vec<CapacityProviderStrategyItem>, Failure> {
    let items = strategy(conn, cluster, given).await?;
    match items.iter().find(|item| !cluster.capacity_providers.contains(&item.capacity_provider)) {
        Some(item) => Err(stranger(&item.capacity_provider, true).into()),
        None => Ok(items),
    }
}

fn stranger(name: &str, known: bool) -> ApiError {
    ApiError::invalid_parameter(if known {
        format!(
            "The specified capacity provider strategy cannot contain the capacity provider '{name}', which is not \
             associated with the cluster."
        )
    } else {
        format!("The specified capacity provider '{name}' was not found.")
    })
}

/// Those of the strategy's providers whose pools grow with their tasks, so that a task waits for room there.
///
/// # Errors
/// The store's.
pub async fn growing(
    conn: &mut Conn,
    scope: &Scope,
    strategy: &[CapacityProviderStrategyItem],
) -> Result<BTreeSet<String>, Failure> {
    let mut growing = BTreeSet::new();
    for name in strategy.iter().map(|item| &item.capacity_provider).filter(|name| !is_fargate(name)) {
        let provider = gantry_store::capacity_provider::get(conn, scope, name).await?;
        if provider.is_some_and(|provider| provider.scaling().is_some()) {
            growing.insert(name.clone());
        }
    }
    Ok(growing)
}

/// How many tasks of a cluster wait for a host.
///
/// # Errors
/// The store's.
pub async fn waiting_tasks(conn: &mut Conn, scope: &Scope, cluster: &ClusterName) -> Result<usize, Failure> {
    let waiting = gantry_store::task::waiting(conn).await?;
    Ok(waiting.iter().filter(|task| task.scope == *scope && task.cluster == *cluster).count())
}

fn check(items: &[CapacityProviderStrategyItem]) -> Result<(), ApiError> {
    let invalid = |text: &str| Err(ApiError::invalid_parameter(text));
    let fargate = items.iter().filter(|item| is_fargate(&item.capacity_provider)).count();
    if items.len() > MOST_ITEMS {
        return invalid("A capacity provider strategy can contain at most 20 capacity providers.");
    }
    if fargate > 0 && fargate < items.len() {
        return invalid(
            "A capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling groups and Fargate providers.",
        );
    }
    if items.iter().filter(|item| item.base > 0).count() > 1 {
        return invalid("The capacity provider strategy cannot have more than one capacity provider with a base.");
    }
    if items.len() > 1 && items.iter().all(|item| item.weight == 0 && item.base == 0) {
        return invalid("At least one capacity provider must have a weight or base greater than 0.");
    }
    let mut names: Vec<&str> = items.iter().map(|item| item.capacity_provider.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return invalid("A capacity provider strategy cannot contain a capacity provider twice.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, base: u32, weight: u32) -> CapacityProviderStrategyItem {
        CapacityProviderStrategyItem { capacity_provider: name.to_owned(), weight, base }
    }

    #[test]
    fn strategies_that_say_nothing_or_two_things_are_refused() {
        for (items, valid) in [
            (vec![], true),
            (vec![item("a", 0, 0)], true),
            (vec![item("a", 1, 1), item("b", 0, 3)], true),
            (vec![item("FARGATE", 1, 1), item("FARGATE_SPOT", 0, 3)], true),
            (vec![item("a", 0, 0), item("b", 0, 0)], false),
            (vec![item("a", 1, 1), item("b", 1, 1)], false),
            (vec![item("a", 0, 1), item("FARGATE", 0, 1)], false),
            (vec![item("a", 0, 1), item("a", 0, 2)], false),
        ] {
            assert_eq!(check(&items).is_ok(), valid, "{items:?}");
        }
    }
}
