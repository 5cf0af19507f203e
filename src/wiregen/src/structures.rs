//! Emits one Rust struct for each structure of a model.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::Context;

use crate::model::{Kind, Model, Shape};
use crate::naming;

/// A struct's text and what it uses.
pub(crate) struct Structure {
    pub(crate) name: String,
    pub(crate) text: String,
    /// Other structs of the service.
    pub(crate) structures: BTreeSet<String>,
    /// Types of `crate::value`.
    pub(crate) values: BTreeSet<&'static str>,
    pub(crate) uses_map: bool,
}

/// All structs of a model, by name.
pub(crate) fn emit(model: &Model) -> anyhow::Result<Vec<Structure>> {
    let roles = roles(model);
    model.structures().map(|(name, shape)| structure(model, &roles, name, shape)).collect()
}

/// What inputs and outputs are the input and output of.
fn roles(model: &Model) -> BTreeMap<&str, String> {
    let mut roles = BTreeMap::new();
    for (name, operation) in &model.operations {
        if let Some(input) = &operation.input {
            roles.insert(input.as_str(), format!("Input of `{name}`."));
        }
        if let Some(output) = &operation.output {
            roles.insert(output.as_str(), format!("Output of `{name}`."));
        }
    }
    roles
}

fn structure(model: &Model, roles: &BTreeMap<&str, String>, name: &str, shape: &Shape) -> anyhow::Result<Structure> {
    let mut out = Structure {
        name: name.to_owned(),
        text: String::new(),
        structures: BTreeSet::new(),
        values: BTreeSet::new(),
        uses_map: false,
    };
    let mut text = String::new();
    if let Some(role) = roles.get(name) {
        writeln!(text, "/// {role}")?;
    }
    writeln!(text, "#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]")?;
    if shape.members.is_empty() {
        writeln!(text, "pub struct {name} {{}}")?;
    } else {
        writeln!(text, "#[serde(rename_all = \"camelCase\")]\npub struct {name} {{")?;
        for (member, member_shape) in shape.members() {
            let snake = naming::snake_case(member);
            let rename =
                if naming::camel_case(&snake) == member { String::new() } else { format!("rename = \"{member}\", ") };
            writeln!(text, "    #[serde({rename}skip_serializing_if = \"Option::is_none\")]")?;
            let rust = rust_type(model, member_shape, &mut out)?;
            writeln!(text, "    pub {}: Option<{rust}>,", naming::field(&snake))?;
        }
        text.push_str("}\n");
    }
    out.structures.remove(name);
    out.text = text;
    Ok(out)
}

fn rust_type(model: &Model, name: &str, uses: &mut Structure) -> anyhow::Result<String> {
    let shape = model.shape(name)?;
    Ok(match shape.kind {
        Kind::String => "String".to_owned(),
        Kind::Boolean => "bool".to_owned(),
        Kind::Integer => "i32".to_owned(),
        Kind::Long => "i64".to_owned(),
        Kind::Double => "f64".to_owned(),
        Kind::Timestamp => {
            uses.values.insert("Timestamp");
            "Timestamp".to_owned()
        }
        Kind::Blob => {
            uses.values.insert("Blob");
            "Blob".to_owned()
        }
        Kind::Document => "serde_json::Value".to_owned(),
        Kind::Structure => {
            uses.structures.insert(name.to_owned());
            name.to_owned()
        }
        Kind::List => {
            let member = shape.member.as_deref().with_context(|| format!("list {name} has no member"))?;
            format!("Vec<{}>", rust_type(model, member, uses)?)
        }
        Kind::Map => {
            uses.uses_map = true;
            let value = shape.value.as_deref().with_context(|| format!("map {name} has no value"))?;
            format!("BTreeMap<String, {}>", rust_type(model, value, uses)?)
        }
    })
}
