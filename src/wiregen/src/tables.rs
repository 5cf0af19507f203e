//! Emits the static tables of a model: enumerations, operations, errors, and the constraint table.

use std::fmt::Write as _;

use anyhow::Context;

use crate::model::{Kind, Model, Shape};
use crate::naming;

/// `enums.rs`: a list of values for each enumeration.
pub(crate) fn enums(model: &Model) -> anyhow::Result<String> {
    let mut out = String::new();
    for (name, shape) in model.shapes.iter().filter(|(_, shape)| !shape.values.is_empty()) {
        writeln!(out, "\n/// The values of `{name}`.")?;
        writeln!(out, "pub const {}: &[&str] = {};", naming::constant(name), strings(&shape.values))?;
    }
    Ok(out)
}

/// `tables.rs`: operations, errors and constraints.
pub(crate) fn tables(model: &Model, service: &str) -> anyhow::Result<String> {
    let mut out = String::new();
    if model.shapes.values().any(|shape| !shape.values.is_empty()) {
        writeln!(out, "use super::enums;")?;
    }
    writeln!(
        out,
        "use crate::schema::{{ErrorModel, Kind, Member, OperationModel, Protocol, Service, ServiceModel, Shape}};"
    )?;
    writeln!(out, "\n/// The service as a whole.\npub static MODEL: ServiceModel = ServiceModel {{")?;
    writeln!(out, "    service: Service::{service},")?;
    writeln!(out, "    api_version: {:?},", model.api_version)?;
    let protocol = match model.protocol.as_str() {
        "json" => "AwsJson11",
        "query" => "AwsQuery",
        other => anyhow::bail!("{}: no protocol {other}", model.service),
    };
    writeln!(out, "    protocol: Protocol::{protocol},")?;
    writeln!(out, "    target_prefix: {:?},", model.target_prefix)?;
    writeln!(out, "    xml_namespace: {:?},", model.xml_namespace)?;
    writeln!(out, "    operations: OPERATIONS,\n    errors: ERRORS,\n    shapes: SHAPES,\n}};")?;
    operations(model, service, &mut out)?;
    errors(model, &mut out)?;
    shapes(model, &mut out)?;
    Ok(out)
}

fn operations(model: &Model, service: &str, out: &mut String) -> anyhow::Result<()> {
    writeln!(out, "\n/// The operations, ordered by name.\npub static OPERATIONS: &[OperationModel] = &[")?;
    for (name, operation) in &model.operations {
        writeln!(out, "    OperationModel {{")?;
        writeln!(out, "        service: Service::{service},")?;
        writeln!(out, "        name: {name:?},")?;
        writeln!(out, "        input: {:?},", operation.input)?;
        writeln!(out, "        output: {:?},", operation.output)?;
        writeln!(out, "        errors: {},\n    }},", strings(&operation.errors))?;
    }
    writeln!(out, "];")?;
    Ok(())
}

fn errors(model: &Model, out: &mut String) -> anyhow::Result<()> {
    writeln!(out, "\n/// The modelled errors, ordered by name.\npub static ERRORS: &[ErrorModel] = &[")?;
    for (name, shape) in &model.shapes {
        let Some(status) = shape.status else { continue };
        let members: Vec<String> = shape.members().map(|(name, _)| name.to_owned()).collect();
        writeln!(out, "    ErrorModel {{ name: {name:?}, http_status: {status}, members: {} }},", strings(&members))?;
    }
    writeln!(out, "];")?;
    Ok(())
}

fn shapes(model: &Model, out: &mut String) -> anyhow::Result<()> {
    writeln!(out, "\n/// The constraint table, ordered by name.\npub static SHAPES: &[Shape] = &[")?;
    for (name, shape) in model.shapes.iter().filter(|(_, shape)| !shape.is_error()) {
        writeln!(out, "    Shape {{ name: {name:?}, kind: {} }},", kind(name, shape)?)?;
    }
    writeln!(out, "];")?;
    Ok(())
}

fn kind(name: &str, shape: &Shape) -> anyhow::Result<String> {
    let (min, max) = (whole(shape.min), whole(shape.max));
    let part = |part: &Option<String>| part.clone().with_context(|| format!("{name}: a part is missing"));
    Ok(match shape.kind {
        Kind::String => {
            let pattern = shape.pattern.as_deref().map_or("None".to_owned(), |p| format!("Some({})", raw(p)));
            let values =
                if shape.values.is_empty() { "&[]".to_owned() } else { format!("enums::{}", naming::constant(name)) };
            format!("Kind::String {{ min: {min}, max: {max}, pattern: {pattern}, values: {values} }}")
        }
        Kind::Boolean => "Kind::Boolean".to_owned(),
        Kind::Integer => format!("Kind::Integer {{ min: {min}, max: {max} }}"),
        Kind::Long => format!("Kind::Long {{ min: {min}, max: {max} }}"),
        Kind::Double => format!("Kind::Double {{ min: {:?}, max: {:?} }}", shape.min, shape.max),
        Kind::Timestamp => "Kind::Timestamp".to_owned(),
        Kind::Blob => format!("Kind::Blob {{ min: {min}, max: {max} }}"),
        Kind::Document => "Kind::Document".to_owned(),
        Kind::List => format!("Kind::List {{ member: {:?}, min: {min}, max: {max} }}", part(&shape.member)?),
        Kind::Map => format!(
            "Kind::Map {{ key: {:?}, value: {:?}, min: {min}, max: {max} }}",
            part(&shape.key)?,
            part(&shape.value)?
        ),
        Kind::Structure => {
            let mut text = "Kind::Structure(&[".to_owned();
            for (member, member_shape) in shape.members() {
                let required = shape.required.iter().any(|r| r == member);
                write!(
                    text,
                    "\n        Member {{ name: {member:?}, shape: {member_shape:?}, required: {required} }},"
                )?;
            }
            text.push_str(if shape.members.is_empty() { "])" } else { "\n    ])" });
            text
        }
    })
}

/// A limit that is a whole number, as Rust.
fn whole(limit: Option<f64>) -> String {
    limit.map_or("None".to_owned(), |limit| format!("Some({limit:.0})"))
}

fn raw(pattern: &str) -> String {
    if pattern.contains('"') { format!("r#\"{pattern}\"#") } else { format!("r\"{pattern}\"") }
}

fn strings(values: &[String]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    let line = format!("&[{}]", quoted.join(", "));
    if line.len() <= 90 { line } else { format!("&[\n    {},\n]", quoted.join(",\n    ")) }
}
