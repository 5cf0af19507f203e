//! What a request names.

use gantry_model::Tag;
use gantry_model::load_balancing::{Listener, LoadBalancer, Rule, TargetGroup, arn_prefix};
use gantry_model::tag::{RESERVED, is_reserved};
use gantry_store::{Conn, certificate, load_balancer, target_group};
use gantry_wire::shapes::elasticloadbalancing as wire;
use gantry_wire::{ApiError, paginate};

use crate::context::Call;
use crate::error::Failure;

/// How many entries a page has unless a request says otherwise.
pub(super) const DEFAULT_PAGE: i32 = 400;

/// Whether an ARN is of the caller's account and region.
fn is_own(call: &Call, arn: &str) -> bool {
    arn.starts_with(&arn_prefix(&call.scope))
}

/// The load balancer with this ARN.
///
/// # Errors
/// LoadBalancerNotFoundException.
pub(crate) async fn load_balancer(conn: &mut Conn, call: &Call, arn: &str) -> Result<LoadBalancer, Failure> {
    let found = load_balancer::get(conn, arn).await?.filter(|_| is_own(call, arn));
    found.ok_or_else(|| ApiError::load_balancer_not_found(arn).into())
}

/// The target group with this ARN.
///
/// # Errors
/// TargetGroupNotFoundException.
pub(crate) async fn target_group(conn: &mut Conn, call: &Call, arn: &str) -> Result<TargetGroup, Failure> {
    let found = target_group::get(conn, arn).await?.filter(|_| is_own(call, arn));
    found.ok_or_else(|| ApiError::target_group_not_found(arn).into())
}

/// The listener with this ARN.
///
/// # Errors
/// ListenerNotFoundException.
pub(crate) async fn listener(conn: &mut Conn, call: &Call, arn: &str) -> Result<Listener, Failure> {
    let found = load_balancer::listener(conn, arn).await?.filter(|_| is_own(call, arn));
    found.ok_or_else(|| ApiError::listener_not_found(arn).into())
}

/// The rule with this ARN, which is not a default one.
///
/// # Errors
/// RuleNotFoundException.
pub(crate) async fn rule(conn: &mut Conn, call: &Call, arn: &str) -> Result<Rule, Failure> {
    let found = load_balancer::rule(conn, arn).await?.filter(|_| is_own(call, arn));
    found.ok_or_else(|| ApiError::listener_rule_not_found(arn).into())
}

/// The listener whose default rule has this ARN.
///
/// # Errors
/// The store's.
pub(super) async fn listener_of_default_rule(
    conn: &mut Conn,
    call: &Call,
    arn: &str,
) -> Result<Option<Listener>, Failure> {
    let all = load_balancer::all_listeners(conn).await?;
    Ok(all.into_iter().find(|listener| listener.default_rule == arn && is_own(call, arn)))
}

/// Checks that a certificate is there.
///
/// # Errors
/// CertificateNotFoundException.
pub(super) async fn certificate(conn: &mut Conn, call: &Call, arn: &str) -> Result<(), Failure> {
    let found = certificate::get(conn, arn).await?.filter(|certificate| certificate.scope == call.scope);
    found.map(drop).ok_or_else(|| ApiError::certificate_not_found(arn).into())
}

/// A name of a load balancer or target group (API reference, `CreateLoadBalancer`, `CreateTargetGroup`).
///
/// # Errors
/// ValidationException.
pub(super) fn name(given: Option<String>, what: &str) -> Result<String, ApiError> {
    let name = given.unwrap_or_default();
    let invalid = |why: String| Err(ApiError::validation(format!("The {what} name '{name}' {why}")));
    if name.is_empty() || name.len() > 32 {
        return invalid("must have between 1 and 32 characters".to_owned());
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return invalid("can only contain characters that are alphanumeric characters or hyphens(-)".to_owned());
    }
    if name.starts_with('-') || name.ends_with('-') {
        return invalid("cannot begin or end with a hyphen(-)".to_owned());
    }
    if what == "load balancer" && name.starts_with("internal-") {
        return invalid("cannot begin with 'internal-'".to_owned());
    }
    Ok(name)
}

/// The tags of a request.
///
/// # Errors
/// ValidationException for a reserved key, DuplicateTagKeysException, TooManyTagsException.
pub(super) fn tags(given: Option<Vec<wire::Tag>>) -> Result<Vec<Tag>, ApiError> {
    let mut tags: Vec<Tag> = Vec::new();
    for tag in given.unwrap_or_default() {
        let (key, value) = (tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
        if is_reserved(&key) {
            let text = format!("The tag key '{key}' is not allowed: keys that start with '{RESERVED}' are reserved");
            return Err(ApiError::validation(text));
        }
        if tags.iter().any(|present| present.key == key) {
            return Err(ApiError::new("DuplicateTagKeysException", format!("The tag key '{key}' is given twice")));
        }
        tags.push(Tag { key, value });
    }
    if tags.len() > gantry_model::tag::MAX_TAGS {
        return Err(ApiError::too_many_load_balancing_tags());
    }
    Ok(tags)
}

/// A page of `all` by `key`.
///
/// # Errors
/// ValidationException for a marker that is none.
pub(super) fn page<T>(
    all: Vec<T>,
    key: impl Fn(&T) -> String,
    marker: Option<&str>,
    size: Option<i32>,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = usize::try_from(size.unwrap_or(DEFAULT_PAGE)).unwrap_or(1);
    paginate::page(all, key, marker, size)
        .map_err(|_| ApiError::validation("Marker is not one that this operation returned"))
}

/// A port.
///
/// # Errors
/// ValidationException.
pub(super) fn port(given: Option<i32>) -> Result<u16, ApiError> {
    let given = given.ok_or_else(|| ApiError::validation("A port must be specified"))?;
    u16::try_from(given).map_err(|_| ApiError::validation(format!("The port '{given}' is not between 1 and 65535")))
}
