//! The events that tell of changes of parameters.

use gantry_model::event::{EventKind, NewEvent};
use gantry_model::parameter::Parameter;
use gantry_store::Tx;
use gantry_store::parameter::{self, StoredParameter};
use serde_json::json;

use crate::error::Failure;

/// Writes what holds for all versions of a parameter after a change.
///
/// # Errors
/// The store's.
pub(super) async fn change(tx: &mut Tx, stored: &StoredParameter) -> Result<(), Failure> {
    parameter::change(tx, stored).await?;
    tell(tx, &stored.parameter, "changed");
    Ok(())
}

/// Deletes a parameter.
///
/// # Errors
/// The store's.
pub(super) async fn delete(tx: &mut Tx, stored: &StoredParameter) -> Result<(), Failure> {
    parameter::delete(tx, stored.id).await?;
    tell(tx, &stored.parameter, "deleted");
    Ok(())
}

/// Tells what happened to a parameter; of its values nothing.
pub(super) fn tell(tx: &mut Tx, parameter: &Parameter, what: &str) {
    tx.append(NewEvent {
        scope: parameter.scope.clone(),
        kind: EventKind::Parameter,
        cluster: None,
        subject: parameter.arn(),
        payload: json!({ "name": parameter.name, "change": what }),
    });
}
