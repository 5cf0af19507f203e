//! How changes of secrets are written: the row and the event that tells of it, in one transaction.

use gantry_model::event::{EventKind, NewEvent};
use gantry_model::secret::Secret;
use gantry_store::Tx;
use gantry_store::secret::{self, StoredSecret};
use serde_json::json;

use crate::error::Failure;

/// Writes a secret after a change.
///
/// # Errors
/// The store's.
pub(super) async fn change(tx: &mut Tx, stored: &StoredSecret) -> Result<(), Failure> {
    secret::change(tx, stored).await?;
    tell(tx, &stored.secret, "changed");
    Ok(())
}

/// Deletes a secret for good.
///
/// # Errors
/// The store's.
pub(crate) async fn delete(tx: &mut Tx, stored: &StoredSecret) -> Result<(), Failure> {
    secret::delete(tx, stored.id).await?;
    tell(tx, &stored.secret, "deleted");
    Ok(())
}

/// Tells what happened to a secret; of its values nothing.
pub(super) fn tell(tx: &mut Tx, secret: &Secret, what: &str) {
    tx.append(NewEvent {
        scope: secret.scope.clone(),
        kind: EventKind::Secret,
        cluster: None,
        subject: secret.arn(),
        payload: json!({ "name": secret.name, "change": what }),
    });
}
