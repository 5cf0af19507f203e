//! Parameters as they are told.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gantry_model::parameter::{Parameter, ParameterType, ParameterVersion};
use gantry_store::parameter;
use gantry_store::{Conn, StoreError};
use gantry_wire::shapes::ssm as wire;

use super::resolve::Selected;
use crate::context::Call;
use crate::error::Failure;

/// The name that AWS gives the key of secrets of an account.
pub(super) const KEY: &str = "alias/aws/ssm";
/// The only type of data that is built.
pub(super) const TEXT: &str = "text";

/// The value of a version: of a secret what is kept of it, which nobody can read, unless it is to be decrypted.
///
/// # Errors
/// The store's.
pub(super) async fn value(
    conn: &mut Conn,
    call: &Call,
    id: i64,
    version: &ParameterVersion,
    decrypted: Option<bool>,
) -> Result<String, Failure> {
    let gone = || Failure::Store(StoreError::Damaged { what: "parameter", id });
    if version.kind == ParameterType::SecureString && decrypted != Some(true) {
        let sealed = parameter::sealed(conn, id, version.version).await?;
        return sealed.map(|sealed| STANDARD.encode(sealed)).ok_or_else(gone);
    }
    let vault = call.control.store.vault()?;
    parameter::value(conn, &vault, id, version.version).await?.ok_or_else(gone)
}

/// A parameter with the value of a version.
///
/// # Errors
/// The store's.
pub(super) async fn parameter(
    conn: &mut Conn,
    call: &Call,
    selected: &Selected,
    decrypted: Option<bool>,
) -> Result<wire::Parameter, Failure> {
    let Selected { stored, version, selector } = selected;
    Ok(wire::Parameter {
        name: Some(stored.parameter.name.to_string()),
        r#type: Some(version.kind.as_str().to_owned()),
        value: Some(value(conn, call, stored.id, version, decrypted).await?),
        version: Some(version.version),
        selector: selector.clone(),
        last_modified_date: Some(version.modified_at.into()),
        arn: Some(stored.parameter.arn()),
        data_type: Some(TEXT.to_owned()),
        source_result: None,
    })
}

/// A parameter without its value.
pub(super) fn metadata(parameter: &Parameter, version: &ParameterVersion) -> wire::ParameterMetadata {
    wire::ParameterMetadata {
        name: Some(parameter.name.to_string()),
        arn: Some(parameter.arn()),
        r#type: Some(version.kind.as_str().to_owned()),
        key_id: key(version),
        last_modified_date: Some(version.modified_at.into()),
        last_modified_user: Some(version.modified_by.clone()),
        description: version.description.clone(),
        allowed_pattern: version.allowed_pattern.clone(),
        version: Some(version.version),
        tier: Some(version.tier.as_str().to_owned()),
        policies: Some(Vec::new()),
        data_type: Some(TEXT.to_owned()),
    }
}

/// The key of a secret.
pub(super) fn key(version: &ParameterVersion) -> Option<String> {
    (version.kind == ParameterType::SecureString).then(|| KEY.to_owned())
}
