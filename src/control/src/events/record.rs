//! How changes of rules are written: the row and the event that tells of it, in one transaction.

use gantry_model::event::{EventKind, NewEvent};
use gantry_model::rule::Rule;
use gantry_store::rule::{self, StoredRule};
use gantry_store::{StoreError, Tx};
use serde_json::json;

/// Writes a rule, new or changed.
///
/// # Errors
/// The store's.
pub(crate) async fn put(tx: &mut Tx, changed: &Rule) -> Result<(), StoreError> {
    rule::put(tx, changed).await?;
    tell(tx, changed);
    Ok(())
}

/// Deletes a rule.
///
/// # Errors
/// The store's.
pub(super) async fn delete(tx: &mut Tx, stored: &StoredRule) -> Result<(), StoreError> {
    rule::delete(tx, stored.id).await?;
    tell(tx, &stored.rule);
    Ok(())
}

/// Tells that something happened to a rule or to a run of it.
pub(crate) fn tell(tx: &mut Tx, rule: &Rule) {
    tx.append(NewEvent {
        scope: rule.scope.clone(),
        kind: EventKind::Rule,
        cluster: None,
        subject: rule.arn(),
        payload: json!({ "name": rule.name, "enabled": rule.enabled, "nextAt": rule.next_at }),
    });
}
