//! What a request names.

use gantry_model::Tag;
use gantry_model::load_balancing::Certificate;
use gantry_model::tag::{RESERVED, is_reserved};
use gantry_store::{Conn, StoreError, certificate, load_balancer};
use gantry_wire::ApiError;
use gantry_wire::shapes::acm as wire;

use crate::context::Call;
use crate::error::Failure;

/// The certificate with this ARN.
///
/// # Errors
/// ResourceNotFoundException.
pub(super) async fn certificate(conn: &mut Conn, call: &Call, arn: &str) -> Result<Certificate, Failure> {
    let found = certificate::get(conn, arn).await?.filter(|found| found.scope == call.scope);
    let text = format!("Could not find certificate {arn}.");
    found.ok_or_else(|| ApiError::new("ResourceNotFoundException", text).into())
}

/// The ARNs of the load balancers whose listeners have the certificate.
///
/// # Errors
/// The store's.
pub(super) async fn users(conn: &mut Conn, arn: &str) -> Result<Vec<String>, StoreError> {
    let listeners = load_balancer::all_listeners(conn).await?;
    let using = listeners.into_iter().filter(|listener| listener.certificates.iter().any(|own| own == arn));
    let mut users: Vec<String> = using.map(|listener| listener.load_balancer).collect();
    users.dedup();
    Ok(users)
}

/// The tags of a request.
///
/// # Errors
/// InvalidTagException.
pub(super) fn tags(given: Option<Vec<wire::Tag>>) -> Result<Vec<Tag>, ApiError> {
    let read = |tag: wire::Tag| {
        let (key, value) = (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
        if is_reserved(&key) {
            let text = format!("The tag key {key} is not allowed: keys that start with '{RESERVED}' are reserved.");
            return Err(ApiError::new("InvalidTagException", text));
        }
        Ok(Tag { key, value })
    };
    given.unwrap_or_default().into_iter().map(read).collect()
}

/// Puts tags on a certificate; a key that it has gets the new value.
///
/// # Errors
/// TooManyTagsException.
pub(super) fn add_tags(certificate: &mut Certificate, given: Vec<Tag>) -> Result<(), ApiError> {
    match gantry_model::tag::merge(&mut certificate.tags, given) {
        true => Ok(()),
        false => Err(ApiError::new("TooManyTagsException", "A certificate can have at most 50 tags.")),
    }
}
