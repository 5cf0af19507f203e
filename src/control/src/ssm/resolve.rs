//! What a request names: a parameter by its name or ARN, and perhaps a version or label of it.

use gantry_model::ParameterName;
use gantry_model::parameter::{ParameterVersion, arn_prefix};
use gantry_store::Conn;
use gantry_store::parameter::{self, StoredParameter};
use gantry_wire::ApiError;

use crate::context::Call;
use crate::error::Failure;

/// A parameter and the version of it that is meant.
pub(super) struct Selected {
    pub(super) stored: StoredParameter,
    pub(super) version: ParameterVersion,
    /// How the version was named, as `:3`.
    pub(super) selector: Option<String>,
}

/// The parameter that `name` names.
///
/// # Errors
/// ParameterNotFound.
pub(super) async fn parameter(conn: &mut Conn, call: &Call, name: &str) -> Result<StoredParameter, Failure> {
    for candidate in candidates(call, name) {
        if let Some(stored) = parameter::get(conn, &call.scope, &candidate).await? {
            return Ok(stored);
        }
    }
    Err(ApiError::parameter_not_found(name).into())
}

/// The names that a parameter may have which is called so: a name of one level is the same with a slash before it and
/// without, as it is in an ARN.
pub(super) fn candidates(call: &Call, name: &str) -> Vec<ParameterName> {
    let name = match name.strip_prefix(&arn_prefix(&call.scope)) {
        Some(rest) => format!("/{rest}"),
        None => name.to_owned(),
    };
    let bare = name.strip_prefix('/').unwrap_or(&name);
    let other = if bare.len() == name.len() { format!("/{name}") } else { bare.to_owned() };
    let other = (!bare.contains('/')).then_some(other);
    std::iter::once(name).chain(other).filter_map(|name| ParameterName::parse(name).ok()).collect()
}

/// The parameter and version that `NAME`, `NAME:VERSION` or `NAME:LABEL` name.
///
/// # Errors
/// ParameterNotFound, ParameterVersionNotFound.
pub(super) async fn selected(conn: &mut Conn, call: &Call, text: &str) -> Result<Selected, Failure> {
    let (name, wanted) = split(text);
    let stored = parameter(conn, call, name).await?;
    let Some(wanted) = wanted else {
        let version = stored.newest.clone();
        return Ok(Selected { stored, version, selector: None });
    };
    let versions = parameter::versions(conn, stored.id).await?;
    let number: Option<i64> = wanted.parse().ok();
    let is_meant =
        |v: &ParameterVersion| number.map_or_else(|| v.labels.contains(wanted), |number| v.version == number);
    let version = versions.into_iter().find(is_meant);
    let version =
        version.ok_or_else(|| ApiError::parameter_version_not_found(stored.parameter.name.as_str(), wanted))?;
    Ok(Selected { stored, version, selector: Some(format!(":{wanted}")) })
}

/// The name, and the version or label behind it; the colons of an ARN are its own.
fn split(text: &str) -> (&str, Option<&str>) {
    let start = text.rfind('/').unwrap_or(0);
    match text[start..].split_once(':') {
        Some((name, wanted)) => (&text[..start + name.len()], Some(wanted)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_version_or_label_stands_behind_the_name() {
        let arn = "arn:aws:ssm:us-east-1:000000000000:parameter/a/b";
        for (text, expected) in [
            ("a", ("a", None)),
            ("a:3", ("a", Some("3"))),
            ("/a/b:blue", ("/a/b", Some("blue"))),
            (arn, (arn, None)),
            (&format!("{arn}:3"), (arn, Some("3"))),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }
}
