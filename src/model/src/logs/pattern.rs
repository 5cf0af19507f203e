//! Filter patterns: which lines of a log are meant (CloudWatch Logs user guide, "Filter pattern syntax").
//!
//! Three forms: terms (`ERROR -timeout`, `?a ?b`, `"a phrase"`, `%a regular expression%`), JSON (`{ $.status >= 500 }`) and
//! space-delimited columns (`[ip, user, status = 5*]`). A pattern is read once and asked of every line.

use regex_lite::Regex;
use serde_json::Value;

mod columns;
mod condition;
mod json;
mod scan;
mod terms;
#[cfg(test)]
mod tests;

use columns::Columns;
use condition::Condition;
use json::Selector;
use scan::Scan;
use terms::Terms;

/// A pattern, ready to be asked.
#[derive(Debug, Clone)]
pub struct Pattern(Form);

#[derive(Debug, Clone)]
enum Form {
    All,
    Terms(Terms),
    Json(Condition<Selector>),
    Columns(Columns),
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid filter pattern: {0}")]
pub struct InvalidPattern(String);

impl Pattern {
    /// The pattern that all lines match.
    pub const ALL: Self = Self(Form::All);

    /// Reads a pattern; an empty one matches every line.
    ///
    /// # Errors
    /// [`InvalidPattern`] with the place where it cannot be understood.
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        let text = text.trim();
        let mut scan = Scan::new(text);
        let form = match text.chars().next() {
            None => Form::All,
            Some('{') => Form::Json(json::read(&mut scan)?),
            Some('[') => Form::Columns(columns::read(&mut scan)?),
            Some(_) => Form::Terms(terms::read(&mut scan)?),
        };
        scan.end()?;
        Ok(Self(form))
    }

    /// Whether `message` is meant.
    #[must_use]
    pub fn matches(&self, message: &str) -> bool {
        match &self.0 {
            Form::All => true,
            Form::Terms(terms) => terms.match_line(message),
            // Most lines of a log that is not JSON are told apart by their first character.
            Form::Json(_) if !message.trim_start().starts_with(['{', '[']) => false,
            Form::Json(condition) => serde_json::from_str::<Value>(message)
                .is_ok_and(|value| condition.holds(&|selector, check| json::check(&value, selector, check))),
            Form::Columns(columns) => columns.match_line(message),
        }
    }
}

fn regex(text: &str) -> Result<Regex, InvalidPattern> {
    Regex::new(text).map_err(|error| InvalidPattern(format!("%{text}% is no regular expression: {error}")))
}
