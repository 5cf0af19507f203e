//! Conditions on a line that is JSON: `{ $.a.b[0] = "x*" && $.c IS NULL }`.

use serde_json::Value;

use super::condition::{self, Check, Comparison, Condition};
use super::{InvalidPattern, Scan};

/// The way from the whole to the values that are meant.
#[derive(Debug, Clone)]
pub(super) struct Selector(Vec<Step>);

#[derive(Debug, Clone)]
enum Step {
    Member(String),
    Item(usize),
    Items,
}

pub(super) fn read(scan: &mut Scan<'_>) -> Result<Condition<Selector>, InvalidPattern> {
    scan.expect("{")?;
    let condition = condition::read(scan, &selector)?;
    scan.expect("}")?;
    Ok(condition)
}

fn selector(scan: &mut Scan<'_>) -> Result<Selector, InvalidPattern> {
    scan.expect("$")?;
    let mut steps = Vec::new();
    loop {
        match scan.peek() {
            Some('.') => {
                scan.expect(".")?;
                // `$.["a name"]` is written with a dot, too.
                if scan.peek() != Some('[') {
                    steps.push(member(scan)?);
                }
            }
            Some('[') => steps.push(bracket(scan)?),
            _ if steps.is_empty() => return Err(scan.expected("a selector such as $.name")),
            _ => return Ok(Selector(steps)),
        }
    }
}

fn member(scan: &mut Scan<'_>) -> Result<Step, InvalidPattern> {
    match scan.while_in(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | ':' | '/')) {
        "" => Err(scan.expected("a name")),
        name => Ok(Step::Member(name.to_owned())),
    }
}

fn bracket(scan: &mut Scan<'_>) -> Result<Step, InvalidPattern> {
    scan.expect("[")?;
    scan.blanks();
    let step = match scan.peek() {
        Some('"') => Step::Member(scan.between('"')?),
        Some('*') => {
            scan.expect("*")?;
            Step::Items
        }
        _ => Step::Item(scan.while_in(|c| c.is_ascii_digit()).parse().map_err(|_| scan.expected("a number"))?),
    };
    scan.expect("]")?;
    Ok(step)
}

/// Whether any of the values that `selector` leads to is as it must be.
pub(super) fn check(value: &Value, selector: &Selector, check: &Check) -> bool {
    let mut found = vec![value];
    for step in &selector.0 {
        found = found.into_iter().flat_map(|value| step.of(value)).collect();
    }
    match check {
        Check::NotExists => found.is_empty(),
        Check::Exists => !found.is_empty(),
        _ => found.into_iter().any(|value| holds_of(check, value)),
    }
}

impl Step {
    fn of<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        match (self, value) {
            (Self::Member(name), Value::Object(members)) => members.get(name).into_iter().collect(),
            (Self::Item(at), Value::Array(items)) => items.get(*at).into_iter().collect(),
            (Self::Items, Value::Array(items)) => items.iter().collect(),
            _ => Vec::new(),
        }
    }
}

fn holds_of(check: &Check, value: &Value) -> bool {
    match (check, value) {
        (Check::IsNull, Value::Null) => true,
        (Check::Is(wanted), Value::Bool(value)) => value == wanted,
        (Check::IsNull | Check::Is(_), _) => false,
        (_, Value::String(text)) => check.holds_of(text),
        (_, Value::Number(number)) => check.holds_of(&number.to_string()),
        (_, Value::Bool(value)) => check.holds_of(if *value { "true" } else { "false" }),
        (Check::Compare(Comparison::NotEqual, _), _) => true,
        _ => false,
    }
}
