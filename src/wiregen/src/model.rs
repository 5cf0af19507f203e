//! The model files as Rust values.
//!
//! A model is a JSON object: the service, its protocol, its operations and its shapes by name. [`parse`] refuses a
//! model with a shape that is named and not defined, or with a structure that contains itself without a list or map
//! between (its Rust struct would have no size), so that the emitters need not look again.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The model of AWS Certificate Manager, of which Gantry has certificates that are imported.
pub(crate) const ACM: &str = include_str!("../models/acm.json");
/// The model of Amazon ECS.
pub(crate) const ECS: &str = include_str!("../models/ecs.json");
/// The model of Amazon ECR.
pub(crate) const ECR: &str = include_str!("../models/ecr.json");
/// The model of Elastic Load Balancing, version 2.
pub(crate) const ELASTIC_LOAD_BALANCING: &str = include_str!("../models/elasticloadbalancing.json");
/// The model of Amazon EventBridge.
pub(crate) const EVENTS: &str = include_str!("../models/events.json");
/// The model of Amazon CloudWatch Logs.
pub(crate) const LOGS: &str = include_str!("../models/logs.json");
/// The model of AWS Secrets Manager.
pub(crate) const SECRETS_MANAGER: &str = include_str!("../models/secretsmanager.json");
/// The model of AWS Systems Manager, of which Gantry has the Parameter Store.
pub(crate) const SSM: &str = include_str!("../models/ssm.json");
/// The model of AWS STS.
pub(crate) const STS: &str = include_str!("../models/sts.json");

/// A service's model.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Model {
    pub(crate) service: String,
    pub(crate) api_version: String,
    pub(crate) protocol: String,
    pub(crate) target_prefix: Option<String>,
    pub(crate) xml_namespace: Option<String>,
    pub(crate) operations: BTreeMap<String, Operation>,
    pub(crate) shapes: BTreeMap<String, Shape>,
}

/// What an operation takes, answers and refuses with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) errors: Vec<String>,
}

/// A shape. Which of the fields are there depends on `kind`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    /// The HTTP status: only errors have one.
    pub(crate) status: Option<u16>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) pattern: Option<String>,
    #[serde(default, rename = "enum")]
    pub(crate) values: Vec<String>,
    #[serde(default)]
    pub(crate) required: Vec<String>,
    /// Member name to the name of its shape, in the model's order.
    #[serde(default)]
    pub(crate) members: Map<String, Value>,
    /// The shape of a list's members.
    pub(crate) member: Option<String>,
    /// The shape of a map's keys.
    pub(crate) key: Option<String>,
    /// The shape of a map's values.
    pub(crate) value: Option<String>,
}

/// The types of shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    String,
    Boolean,
    Integer,
    Long,
    Double,
    Timestamp,
    Blob,
    Document,
    Structure,
    List,
    Map,
}

impl Shape {
    /// Members and the names of their shapes.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members.iter().filter_map(|(name, shape)| Some((name.as_str(), shape.as_str()?)))
    }

    /// Whether the shape is an error rather than a value.
    pub(crate) fn is_error(&self) -> bool {
        self.status.is_some()
    }

    /// The names of the shapes that this one is made of.
    fn parts(&self) -> impl Iterator<Item = &str> {
        let single = [&self.member, &self.key, &self.value].into_iter().filter_map(Option::as_deref);
        self.members().map(|(_, shape)| shape).chain(single)
    }
}

impl Model {
    /// The shape called `name`; [`parse`] has seen to it that it is there.
    pub(crate) fn shape(&self, name: &str) -> anyhow::Result<&Shape> {
        self.shapes.get(name).with_context(|| format!("{}: no shape {name}", self.service))
    }

    /// The structures that become Rust structs: all that are not errors.
    pub(crate) fn structures(&self) -> impl Iterator<Item = (&str, &Shape)> {
        self.shapes
            .iter()
            .filter(|(_, shape)| shape.kind == Kind::Structure && !shape.is_error())
            .map(|(name, shape)| (name.as_str(), shape))
    }

    fn check_sized(&self, name: &str, path: &mut BTreeSet<String>) -> anyhow::Result<()> {
        let shape = self.shape(name)?;
        if shape.kind != Kind::Structure {
            return Ok(());
        }
        ensure!(path.insert(name.to_owned()), "{}: {name} contains itself", self.service);
        for (_, member) in shape.members() {
            self.check_sized(member, path)?;
        }
        path.remove(name);
        Ok(())
    }
}

/// Reads a model file.
pub(crate) fn parse(text: &str) -> anyhow::Result<Model> {
    let model: Model = serde_json::from_str(text).context("reading a model file")?;
    for (name, operation) in &model.operations {
        let named = operation.input.iter().chain(&operation.output).chain(&operation.errors);
        for shape in named {
            model.shape(shape).with_context(|| format!("in operation {name}"))?;
        }
    }
    for (name, shape) in &model.shapes {
        for part in shape.parts() {
            model.shape(part).with_context(|| format!("in shape {name}"))?;
        }
        model.check_sized(name, &mut BTreeSet::new())?;
    }
    Ok(model)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_shapes(shapes: &str) -> String {
        format!(r#"{{"service":"x","apiVersion":"1","protocol":"json","operations":{{}},"shapes":{shapes}}}"#)
    }

    #[test]
    fn a_shape_that_is_named_must_be_defined() {
        let error = parse(&with_shapes(r#"{"A":{"type":"list","member":"B"}}"#)).unwrap_err();
        assert!(format!("{error:#}").contains("no shape B"), "{error:#}");
    }

    #[test]
    fn a_structure_may_contain_itself_only_through_a_list() {
        let direct = with_shapes(r#"{"A":{"type":"structure","members":{"a":"A"}}}"#);
        assert!(parse(&direct).unwrap_err().to_string().contains("contains itself"));
        let listed = with_shapes(r#"{"A":{"type":"structure","members":{"a":"L"}},"L":{"type":"list","member":"A"}}"#);
        parse(&listed).unwrap();
    }
}
