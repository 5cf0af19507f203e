//! Tags of parameters.

use gantry_model::Tag;
use gantry_model::tag::{self, RESERVED, is_reserved};
use gantry_store::parameter::StoredParameter;
use gantry_store::{Conn, Tx};
use gantry_wire::ApiError;
use gantry_wire::shapes::ssm as wire;

use super::{record, resolve};
use crate::context::Call;
use crate::error::Failure;

/// Checks the tags of a request.
pub(super) fn read(tags: Option<Vec<wire::Tag>>) -> Result<Vec<Tag>, ApiError> {
    let read = |tag: wire::Tag| {
        let (key, value) = (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
        match is_reserved(&key) {
            true => Err(ApiError::validation(format!(
                "The tag key {key} is not allowed: keys that start with '{RESERVED}' are reserved."
            ))),
            false => Ok(Tag { key, value }),
        }
    };
    tags.unwrap_or_default().into_iter().map(read).collect()
}

/// Puts tags on a parameter; a key that it has gets the new value.
pub(super) fn add(tags: &mut Vec<Tag>, given: Vec<Tag>) -> Result<(), ApiError> {
    if tag::merge(tags, given) { Ok(()) } else { Err(ApiError::too_many_parameter_tags()) }
}

/// The parameter that a request about tags names.
///
/// # Errors
/// InvalidResourceType, InvalidResourceId.
pub(super) async fn tagged(
    conn: &mut Conn,
    call: &Call,
    kind: Option<&str>,
    id: &str,
) -> Result<StoredParameter, Failure> {
    if kind != Some("Parameter") {
        return Err(ApiError::invalid_tagged_type(kind.unwrap_or_default()).into());
    }
    match resolve::parameter(conn, call, id).await {
        Err(Failure::Api(_)) => Err(ApiError::invalid_tagged_id(id).into()),
        found => found,
    }
}

/// Changes the tags of the parameter that a request names.
///
/// # Errors
/// As [`tagged`], and what `change` answers.
pub(super) async fn change(
    call: Call,
    kind: Option<String>,
    id: Option<String>,
    change: impl FnOnce(&mut Vec<Tag>) -> Result<(), ApiError> + Send + 'static,
) -> Result<(), Failure> {
    let store = call.control.store.clone();
    store
        .write(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut stored = tagged(tx, &call, kind.as_deref(), &id.unwrap_or_default()).await?;
                change(&mut stored.parameter.tags)?;
                record::change(tx, &stored).await
            })
        })
        .await
}
