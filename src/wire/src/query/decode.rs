//! From the parameters of a form to JSON, by the shape of the operation's input.
//!
//! `Targets.member.1.Id=i-1` is member `Id` of the first entry of the list `Targets`; entries of maps are
//! `Name.entry.1.key` and `.value`. A list that is given empty (`Names=`) is an empty list. Entries are taken in the order
//! of their numbers, whichever of them are missing.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use crate::error::ApiError;
use crate::schema::{Kind, OperationModel, Service};

/// Parameters that are nested deeper than any shape is are ignored like others that are not known.
const DEEPEST: usize = 32;

/// The parameters as a tree over their names.
#[derive(Default)]
struct Node<'a> {
    value: Option<&'a str>,
    children: BTreeMap<&'a str, Node<'a>>,
}

impl<'a> Node<'a> {
    fn of(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut root = Self::default();
        for (name, value) in parameters.filter(|(name, _)| name.split('.').count() <= DEEPEST) {
            let node = name.split('.').fold(&mut root, |node, part| node.children.entry(part).or_default());
            // The first of several counts, as with `Action`.
            node.value.get_or_insert(value);
        }
        root
    }

    fn child(&self, name: &str) -> Option<&Self> {
        self.children.get(name)
    }

    /// The entries of a list or map, in the order of their numbers.
    fn entries(&self, under: &str) -> Vec<&Self> {
        let Some(list) = self.child(under) else { return Vec::new() };
        let mut entries: Vec<(u32, &Self)> =
            list.children.iter().filter_map(|(name, node)| Some((name.parse().ok()?, node))).collect();
        entries.sort_by_key(|(number, _)| *number);
        entries.into_iter().map(|(_, node)| node).collect()
    }
}

/// The input of `operation`.
///
/// # Errors
/// SerializationException.
pub(super) fn input<'a>(
    operation: &OperationModel,
    parameters: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Value, ApiError> {
    let Some(shape) = operation.input else { return Ok(Value::Object(Map::new())) };
    decode(operation.service, shape, &Node::of(parameters), "")
}

fn decode(service: Service, shape: &str, node: &Node<'_>, path: &str) -> Result<Value, ApiError> {
    // A name outside the table cannot come from the table.
    let Some(found) = service.shape(shape) else { return Ok(Value::Null) };
    match &found.kind {
        Kind::Structure(members) => {
            let mut fields = Map::new();
            for member in *members {
                let Some(node) = node.child(member.name) else { continue };
                let path = if path.is_empty() { member.name.to_owned() } else { format!("{path}.{}", member.name) };
                fields.insert(member.name.to_owned(), decode(service, member.shape, node, &path)?);
            }
            Ok(Value::Object(fields))
        }
        Kind::List { member, .. } => {
            let entries = node.entries("member");
            let entry = |(at, node)| decode(service, member, node, &format!("{path}.member.{}", at + 1));
            entries.into_iter().enumerate().map(entry).collect::<Result<_, _>>().map(Value::Array)
        }
        Kind::Map { value, .. } => {
            let mut map = Map::new();
            for entry in node.entries("entry") {
                let key = entry.child("key").and_then(|key| key.value).unwrap_or_default();
                let empty = Node::default();
                let node = entry.child("value").unwrap_or(&empty);
                map.insert(key.to_owned(), decode(service, value, node, &format!("{path}.{key}"))?);
            }
            Ok(Value::Object(map))
        }
        scalar => read(scalar, node.value.unwrap_or_default(), path),
    }
}

fn read(kind: &Kind, text: &str, path: &str) -> Result<Value, ApiError> {
    let wrong = |expected: &str| ApiError::serialization(format!("{path}: expected {expected}, found '{text}'"));
    match kind {
        Kind::Boolean => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(wrong("true or false")),
        },
        Kind::Integer { .. } | Kind::Long { .. } => {
            text.parse::<i64>().map(Value::from).map_err(|_| wrong("an integer"))
        }
        Kind::Double { .. } => {
            let number = text.parse::<f64>().ok().and_then(Number::from_f64);
            number.map(Value::Number).ok_or_else(|| wrong("a number"))
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}
