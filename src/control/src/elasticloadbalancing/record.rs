//! How changes are written: the row and the event that tells of it, in one transaction.

use gantry_model::event::{EventKind, NewEvent};
use gantry_model::load_balancing::{Listener, LoadBalancer, Rule, Target, TargetGroup, TargetKey, arn_prefix};
use gantry_model::{AccountId, Region, Scope};
use gantry_store::{StoreError, Tx, load_balancer, target_group};
use serde_json::json;

/// Writes a load balancer.
///
/// # Errors
/// The store's.
pub(super) async fn put_load_balancer(tx: &mut Tx, changed: &LoadBalancer) -> Result<(), StoreError> {
    load_balancer::put(tx, changed).await?;
    tell_load_balancer(tx, &changed.arn());
    Ok(())
}

/// Writes a listener.
///
/// # Errors
/// The store's.
pub(crate) async fn put_listener(tx: &mut Tx, changed: &Listener) -> Result<(), StoreError> {
    load_balancer::put_listener(tx, changed).await?;
    tell_load_balancer(tx, &changed.load_balancer);
    Ok(())
}

/// Writes a rule of `listener`.
///
/// # Errors
/// The store's.
pub(crate) async fn put_rule(tx: &mut Tx, listener: &Listener, changed: &Rule) -> Result<(), StoreError> {
    load_balancer::put_rule(tx, changed).await?;
    tell_load_balancer(tx, &listener.load_balancer);
    Ok(())
}

/// Writes a target group.
///
/// # Errors
/// The store's.
pub(super) async fn put_target_group(tx: &mut Tx, changed: &TargetGroup) -> Result<(), StoreError> {
    target_group::put(tx, changed).await?;
    tell_target_group(tx, &changed.arn());
    Ok(())
}

/// Writes a target.
///
/// # Errors
/// The store's.
pub(crate) async fn put_target(tx: &mut Tx, changed: &Target) -> Result<(), StoreError> {
    target_group::put_target(tx, changed).await?;
    tell_target_group(tx, &changed.key.group);
    Ok(())
}

/// Deletes a target.
///
/// # Errors
/// The store's.
pub(crate) async fn delete_target(tx: &mut Tx, key: &TargetKey) -> Result<(), StoreError> {
    target_group::delete_target(tx, key).await?;
    tell_target_group(tx, &key.group);
    Ok(())
}

/// Tells that something about a load balancer changed.
pub(crate) fn tell_load_balancer(tx: &mut Tx, arn: &str) {
    tell(tx, EventKind::LoadBalancer, arn);
}

/// Tells that something about a target group changed.
pub(super) fn tell_target_group(tx: &mut Tx, arn: &str) {
    tell(tx, EventKind::TargetGroup, arn);
}

fn tell(tx: &mut Tx, kind: EventKind, arn: &str) {
    // An ARN that was stored has its scope in it.
    let Some(scope) = scope_of(arn) else { return };
    let name = arn.split('/').nth(if kind == EventKind::LoadBalancer { 2 } else { 1 }).unwrap_or_default();
    let payload = json!({ "name": name });
    tx.append(NewEvent { scope, kind, cluster: None, subject: arn.to_owned(), payload });
}

/// The account and region in an ARN of Elastic Load Balancing.
pub(crate) fn scope_of(arn: &str) -> Option<Scope> {
    let mut parts = arn.split(':').skip(3);
    let region = Region::parse(parts.next()?).ok()?;
    let scope = Scope { region, account: AccountId::parse(parts.next()?).ok()? };
    arn.starts_with(&arn_prefix(&scope)).then_some(scope)
}
