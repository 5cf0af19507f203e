//! What a request names: the bus, and a rule on it.

use gantry_model::RuleName;
use gantry_model::rule::arn_prefix;
use gantry_store::Conn;
use gantry_store::rule::{self, StoredRule};
use gantry_wire::ApiError;

use crate::context::Call;
use crate::error::Failure;

/// The bus that there is.
pub(super) const BUS: &str = "default";

/// Checks that a request means the bus that there is, by its name or ARN.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) fn bus(call: &Call, given: Option<&str>) -> Result<(), ApiError> {
    let arn = format!("arn:aws:events:{}:{}:event-bus/{BUS}", call.scope.region, call.scope.account);
    match given {
        None => Ok(()),
        Some(name) if name == BUS || name == arn => Ok(()),
        Some(other) => Err(ApiError::event_bus_not_found(other)),
    }
}

/// A rule's name.
///
/// # Errors
/// ValidationException.
pub(super) fn name(text: Option<String>) -> Result<RuleName, ApiError> {
    RuleName::parse(text.unwrap_or_default())
        .map_err(|error| ApiError::validation(format!("Parameter Name is not valid: it must {}.", error.rule)))
}

/// The rule.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn rule(conn: &mut Conn, call: &Call, name: &RuleName) -> Result<StoredRule, Failure> {
    let found = rule::get(conn, &call.scope, name).await?;
    found.ok_or_else(|| ApiError::rule_not_found(name.as_str()).into())
}

/// The rule with this ARN.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn tagged(conn: &mut Conn, call: &Call, arn: &str) -> Result<StoredRule, Failure> {
    let text = arn.strip_prefix(&arn_prefix(&call.scope)).unwrap_or_default();
    let text = text.strip_prefix("default/").unwrap_or(text);
    match RuleName::parse(text) {
        Ok(name) => rule(conn, call, &name).await,
        Err(_) => Err(ApiError::rule_not_found(arn).into()),
    }
}
