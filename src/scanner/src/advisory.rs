//! Advisories in the OSV format (<https://ossf.github.io/osv-schema/>).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One advisory. Members that are not used here are not kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advisory {
    pub id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upstream: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub details: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub severity: Vec<Score>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affected: Vec<Affected>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Link>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub database_specific: Value,
}

/// A severity as a vector of CVSS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    #[serde(rename = "type")]
    pub kind: String,
    pub score: String,
}

/// Where more is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    #[serde(rename = "type")]
    pub kind: String,
    pub url: String,
}

/// Which versions of a package it is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Affected {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Name>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub severity: Vec<Score>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<Range>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub ecosystem_specific: Value,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub database_specific: Value,
}

/// A package of an ecosystem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    pub ecosystem: String,
    pub name: String,
}

/// Versions between events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub events: Vec<Event>,
}

/// A version at which something changes; one member of the three is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Event {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introduced: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_affected: Option<String>,
}

impl Advisory {
    /// Reads the text of one advisory.
    ///
    /// # Errors
    /// When it is not JSON of that form.
    pub fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }

    /// What is to be kept of it for each package that it is about; nothing of one that was withdrawn.
    #[must_use]
    pub fn by_package(mut self) -> Vec<(Name, Self)> {
        if self.withdrawn.is_some() {
            return Vec::new();
        }
        let affected = std::mem::take(&mut self.affected);
        let mut out: Vec<(Name, Self)> = Vec::new();
        for one in affected {
            let Some(name) = one.package.clone() else { continue };
            match out.iter_mut().find(|(other, _)| *other == name) {
                Some((_, advisory)) => advisory.affected.push(one),
                None => out.push((name, Self { affected: vec![one], ..self.clone() })),
            }
        }
        out
    }
}
