//! Answers as XML, by the shape of the operation's output.

use std::fmt::Write as _;

use serde_json::Value;

use crate::schema::{Kind, OperationModel, Service};
use crate::value::Timestamp;

/// Writes what `operation` answers as its result element.
pub(super) fn result(xml: &mut String, operation: &OperationModel, output: &Value) {
    let name = format!("{}Result", operation.name);
    match operation.output {
        Some(shape) => element(xml, operation.service, shape, &name, output),
        None => drop(write!(xml, "<{name}></{name}>")),
    }
}

/// Writes `value` as an element: structures by their members, lists as `member` elements, maps as entries of a key and a
/// value, instants as text, null not at all.
fn element(xml: &mut String, service: Service, shape: &str, name: &str, value: &Value) {
    if value.is_null() {
        return;
    }
    let kind = service.shape(shape).map(|shape| &shape.kind);
    let _ = write!(xml, "<{name}>");
    match (kind, value) {
        (Some(Kind::Structure(members)), Value::Object(fields)) => {
            for member in *members {
                let value = fields.get(member.name).unwrap_or(&Value::Null);
                element(xml, service, member.shape, member.name, value);
            }
        }
        (Some(Kind::List { member, .. }), Value::Array(items)) => {
            items.iter().for_each(|item| element(xml, service, member, "member", item));
        }
        (Some(Kind::Map { key, value: shape, .. }), Value::Object(entries)) => {
            for (name, value) in entries {
                xml.push_str("<entry>");
                element(xml, service, key, "key", &Value::String(name.clone()));
                element(xml, service, shape, "value", value);
                xml.push_str("</entry>");
            }
        }
        (Some(Kind::Timestamp), Value::Number(seconds)) => {
            xml.push_str(&Timestamp(seconds.as_f64().unwrap_or_default()).to_rfc3339());
        }
        (_, Value::String(text)) => xml.push_str(&escape(text)),
        (_, other) => xml.push_str(&other.to_string()),
    }
    let _ = write!(xml, "</{name}>");
}

/// Text as XML content; characters that XML 1.0 cannot hold become U+FFFD.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' => escaped.push(c),
            '\r' => escaped.push_str("&#13;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
