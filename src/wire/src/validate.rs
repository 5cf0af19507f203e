//! The one validator: a JSON value against the constraint table.
//!
//! What it finds is an [`Invalid`] that names the member by its path
//! (`containerDefinitions[0].portMappings[1].hostPort`), and becomes one of two errors:
//! - a value of the wrong JSON type, or a number that its type cannot hold: `SerializationException`;
//! - everything else (required member missing, too short or long, out of range, unknown enumeration value, a pattern
//!   not met, null in a list): `InvalidParameterException`, and of Elastic Load Balancing, EventBridge and Systems Manager, which have no
//!   such error, `ValidationException`. AWS ECS answers `ClientException` for some of these; Gantry
//!   imitates it only for CreateService's `launchType`.
//!
//! Unknown members are ignored and `null` is an absent member, as AWS has it. The first violation is the one reported:
//! of a structure its missing members first, then the others in the order of the model.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use regex_lite::Regex;
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::schema::{Kind, Member, Service};
use crate::value::{Blob, Timestamp};

/// The patterns of tag keys and values, in each service its own. They need Unicode classes, which [`regex_lite`] has
/// not: they are checked by [`is_tag_text`].
const TAG_PATTERNS: [&str; 5] = [
    r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)",
    r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]+)$",
    r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$",
    r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$",
    r"[\p{L}\p{Z}\p{N}_.:\/=+\-@]*",
];

/// What is wrong with a request, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {violation}")]
pub struct Invalid {
    /// The service whose table was not met; it decides the wording.
    pub service: Service,
    /// The shape of the input.
    pub input: String,
    /// The member, from the input's root; empty for the input itself.
    pub path: String,
    pub violation: Violation,
}

/// A constraint that is not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// A value of another JSON type.
    Type { expected: &'static str, found: &'static str },
    /// A number that does not fit its type.
    Width { value: String, expected: &'static str },
    /// A required member is missing, or a list or map holds null.
    Null,
    /// A constraint on the value; `value` as it may be shown.
    Constraint { value: String, must: String },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::Width { value, expected } => write!(f, "{value} is not {expected}"),
            Self::Null => f.write_str("Member must not be null"),
            Self::Constraint { must, .. } => f.write_str(must),
        }
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        let Invalid { service, input, path, violation } = invalid;
        let place = if path.is_empty() { "the request body" } else { &path };
        let value = match &violation {
            Violation::Type { .. } | Violation::Width { .. } => {
                return Self::serialization(format!("{place}: {violation}"));
            }
            Violation::Constraint { value, .. } => format!("'{value}'"),
            Violation::Null => "null".to_owned(),
        };
        match service {
            Service::Ecs if path == "launchType" => launch_type(&input),
            Service::Ecr => Self::constraint(place, &ecr_wording(&violation)),
            _ => {
                let text = format!(
                    "1 validation error detected: Value {value} at '{place}' failed to satisfy constraint: {violation}"
                );
                if matches!(service, Service::ElasticLoadBalancing | Service::Events | Service::Ssm) {
                    Self::validation(text)
                } else {
                    Self::invalid_parameter(text)
                }
            }
        }
    }
}

/// What ECS answers to an unknown launch type, which is not what it answers to other unknown values; the list is AWS's,
/// shorter than what it accepts.
fn launch_type(input: &str) -> ApiError {
    match input {
        "CreateServiceRequest" | "CreateTaskSetRequest" => {
            ApiError::client("launch type should be one of [EC2,FARGATE]")
        }
        _ => ApiError::invalid_parameter("launch type should be one of [EC2,FARGATE,EXTERNAL]"),
    }
}

/// ECR leaves out who must, and quotes patterns.
fn ecr_wording(violation: &Violation) -> String {
    let text = violation.to_string();
    if let Some(pattern) = text.strip_prefix("Member must satisfy regular expression pattern: ") {
        return format!("must satisfy regular expression '{pattern}'");
    }
    match text.strip_prefix("Member must have ") {
        Some(rest) => format!("must have {rest}"),
        None => text,
    }
}

/// Checks `value` against the shape `shape` of `service`.
///
/// # Errors
/// The first violation found.
pub fn validate(service: Service, shape: &str, value: &Value) -> Result<(), Invalid> {
    check(service, shape, value, &Path::Root).map_err(|(path, violation)| Invalid {
        service,
        input: shape.to_owned(),
        path,
        violation,
    })
}

/// Where the check stands, linked from the leaf to the root: the text is only built for a violation.
enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
    Key(&'a Path<'a>, &'a str),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Member(Path::Root, name) => f.write_str(name),
            Path::Member(parent, name) => write!(f, "{parent}.{name}"),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
            Path::Key(parent, key) => write!(f, "{parent}[\"{}\"]", excerpt(key)),
        }
    }
}

type Check = Result<(), (String, Violation)>;

fn check(service: Service, shape: &str, value: &Value, path: &Path<'_>) -> Check {
    // A name outside the table cannot come from the table; there is nothing to hold the value against.
    let Some(shape) = service.shape(shape) else { return Ok(()) };
    let fail = |violation| Err((path.to_string(), violation));
    let wrong_type = |expected| fail(Violation::Type { expected, found: type_of(value) });
    match &shape.kind {
        Kind::String { min, max, pattern, values } => match value {
            Value::String(text) => check_text(text, *min, *max, *pattern, values).or_else(fail),
            _ => wrong_type("a string"),
        },
        Kind::Boolean => {
            if value.is_boolean() {
                Ok(())
            } else {
                wrong_type("a boolean")
            }
        }
        Kind::Integer { min, max } => match value.as_i64().filter(|n| i32::try_from(*n).is_ok()) {
            Some(number) => check_whole(number, *min, *max).or_else(fail),
            None if value.is_number() => {
                fail(Violation::Width { value: value.to_string(), expected: "a 32-bit integer" })
            }
            None => wrong_type("an integer"),
        },
        Kind::Long { min, max } => match value.as_i64() {
            Some(number) => check_whole(number, *min, *max).or_else(fail),
            None if value.is_number() => {
                fail(Violation::Width { value: value.to_string(), expected: "a 64-bit integer" })
            }
            None => wrong_type("an integer"),
        },
        Kind::Double { min, max } => match value.as_f64() {
            Some(number) => check_double(number, *min, *max).or_else(fail),
            None => wrong_type("a number"),
        },
        Kind::Timestamp => match value {
            Value::Number(_) => Ok(()),
            Value::String(text) if Timestamp::from_rfc3339(text).is_some() => Ok(()),
            _ => wrong_type("a timestamp"),
        },
        Kind::Blob { min, max } => match value.as_str().and_then(Blob::from_base64) {
            Some(blob) => check_length(blob.0.len(), *min, *max, &format!("{} bytes", blob.0.len())).or_else(fail),
            None => wrong_type("base64 text"),
        },
        Kind::Document => Ok(()),
        Kind::List { member, min, max } => match value {
            Value::Array(items) => {
                check_length(items.len(), *min, *max, &shown(value)).or_else(fail)?;
                items
                    .iter()
                    .enumerate()
                    .try_for_each(|(at, item)| check_entry(service, member, item, &Path::Index(path, at)))
            }
            _ => wrong_type("a list"),
        },
        Kind::Map { key, value: entry, min, max } => match value {
            Value::Object(entries) => {
                check_length(entries.len(), *min, *max, &shown(value)).or_else(fail)?;
                check_map(service, key, entry, entries, path)
            }
            _ => wrong_type("a map"),
        },
        Kind::Structure(members) => match value {
            Value::Object(fields) => check_structure(service, members, fields, path),
            _ => wrong_type("a structure"),
        },
    }
}

fn check_structure(service: Service, members: &[Member], fields: &Map<String, Value>, path: &Path<'_>) -> Check {
    let present = |name: &str| fields.get(name).filter(|value| !value.is_null());
    if let Some(missing) = members.iter().find(|member| member.required && present(member.name).is_none()) {
        return Err((Path::Member(path, missing.name).to_string(), Violation::Null));
    }
    members
        .iter()
        .filter_map(|member| Some((member, present(member.name)?)))
        .try_for_each(|(member, value)| check(service, member.shape, value, &Path::Member(path, member.name)))
}

fn check_map(service: Service, key: &str, entry: &str, entries: &Map<String, Value>, path: &Path<'_>) -> Check {
    for (name, value) in entries {
        let at = Path::Key(path, name);
        check(service, key, &Value::String(name.clone()), &at)?;
        check_entry(service, entry, value, &at)?;
    }
    Ok(())
}

/// An entry of a list or map, where null is not an absent value but a wrong one.
fn check_entry(service: Service, shape: &str, value: &Value, path: &Path<'_>) -> Check {
    if value.is_null() { Err((path.to_string(), Violation::Null)) } else { check(service, shape, value, path) }
}

fn check_text(
    text: &str,
    min: Option<usize>,
    max: Option<usize>,
    pattern: Option<&'static str>,
    values: &[&str],
) -> Result<(), Violation> {
    check_length(text.chars().count(), min, max, text)?;
    if !values.is_empty() && !values.contains(&text) {
        return constraint(text, format!("Member must satisfy enum value set: [{}]", values.join(", ")));
    }
    match pattern {
        Some(pattern) if !matches(pattern, text) => {
            constraint(text, format!("Member must satisfy regular expression pattern: {pattern}"))
        }
        _ => Ok(()),
    }
}

fn check_length(length: usize, min: Option<usize>, max: Option<usize>, value: &str) -> Result<(), Violation> {
    match (min, max) {
        (Some(min), _) if length < min => {
            constraint(value, format!("Member must have length greater than or equal to {min}"))
        }
        (_, Some(max)) if length > max => {
            constraint(value, format!("Member must have length less than or equal to {max}"))
        }
        _ => Ok(()),
    }
}

fn check_whole(number: i64, min: Option<i64>, max: Option<i64>) -> Result<(), Violation> {
    match (min, max) {
        (Some(min), _) if number < min => range(&number, "greater", &min),
        (_, Some(max)) if number > max => range(&number, "less", &max),
        _ => Ok(()),
    }
}

fn check_double(number: f64, min: Option<f64>, max: Option<f64>) -> Result<(), Violation> {
    match (min, max) {
        (Some(min), _) if number < min => range(&number, "greater", &min),
        (_, Some(max)) if number > max => range(&number, "less", &max),
        _ => Ok(()),
    }
}

fn range(number: &dyn fmt::Display, side: &str, limit: &dyn fmt::Display) -> Result<(), Violation> {
    constraint(&number.to_string(), format!("Member must have value {side} than or equal to {limit}"))
}

fn constraint(value: &str, must: String) -> Result<(), Violation> {
    Err(Violation::Constraint { value: excerpt(value), must })
}

/// The whole of `text` must satisfy `pattern`; a pattern that this crate's engine cannot read is not checked.
fn matches(pattern: &'static str, text: &str) -> bool {
    if TAG_PATTERNS.contains(&pattern) {
        return text.chars().all(is_tag_text);
    }
    patterns().get(pattern).is_none_or(|regex| regex.is_match(text))
}

/// The characters that tags may have: letters, digits, separators and `_.:/=+-@`.
fn is_tag_text(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
}

/// Every pattern of the tables, compiled once; those that cannot be compiled are not in it.
fn patterns() -> &'static BTreeMap<&'static str, Regex> {
    static PATTERNS: OnceLock<BTreeMap<&'static str, Regex>> = OnceLock::new();
    PATTERNS.get_or_init(|| {
        all_patterns().filter_map(|pattern| Some((pattern, Regex::new(&format!("^(?:{pattern})$")).ok()?))).collect()
    })
}

fn all_patterns() -> impl Iterator<Item = &'static str> {
    Service::ALL.into_iter().flat_map(|service| service.model().shapes).filter_map(|shape| match shape.kind {
        Kind::String { pattern, .. } => pattern,
        _ => None,
    })
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a structure",
    }
}

/// A list or map as a message may show it: how many entries, never what is in them.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{} entries]", items.len()),
        Value::Object(entries) => format!("{{{} entries}}", entries.len()),
        other => other.to_string(),
    }
}

/// The beginning of `text`, so that an answer never grows with the request.
fn excerpt(text: &str) -> String {
    const SHOWN: usize = 100;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
