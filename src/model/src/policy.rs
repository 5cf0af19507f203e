//! IAM policy documents: whether a text is one.
//!
//! The grammar is "Grammar of the IAM JSON policy language" of the IAM user guide. A policy of a resource may leave
//! `Resource` out, and names a principal.

use serde_json::{Map, Value};

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("the policy is not JSON: {0}")]
    NotJson(String),
    #[error("{place} must {rule}")]
    Member { place: String, rule: &'static str },
}

const VERSIONS: [&str; 2] = ["2012-10-17", "2008-10-17"];
const MEMBERS: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT_MEMBERS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// Checks that `text` is the policy of a resource.
///
/// # Errors
/// [`PolicyError`] with the place of the first thing that is wrong.
pub fn check_resource_policy(text: &str) -> Result<(), PolicyError> {
    let value: Value = serde_json::from_str(text).map_err(|error| PolicyError::NotJson(error.to_string()))?;
    let policy = object(&value, "the policy")?;
    known(policy, &MEMBERS, "the policy")?;
    match policy.get("Version") {
        None => {}
        Some(version) if version.as_str().is_some_and(|version| VERSIONS.contains(&version)) => {}
        Some(_) => return Err(wrong("Version", "be 2012-10-17 or 2008-10-17")),
    }
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => return Err(wrong("Statement", "hold a statement")),
    };
    for (number, statement) in statements.into_iter().enumerate() {
        check_statement(statement, &format!("Statement[{number}]"))?;
    }
    Ok(())
}

fn check_statement(value: &Value, place: &str) -> Result<(), PolicyError> {
    let statement = object(value, place)?;
    known(statement, &STATEMENT_MEMBERS, place)?;
    if !matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
        return Err(wrong(&format!("{place}.Effect"), "be Allow or Deny"));
    }
    if one_of(statement, ["Action", "NotAction"]).is_none_or(|actions| !is_texts(actions)) {
        return Err(wrong(place, "have either Action or NotAction, of texts"));
    }
    let principal = one_of(statement, ["Principal", "NotPrincipal"]);
    if !principal.is_some_and(is_principal) {
        return Err(wrong(place, "have either Principal or NotPrincipal: \"*\", or texts by kind"));
    }
    let has_resource = statement.contains_key("Resource") || statement.contains_key("NotResource");
    if has_resource && one_of(statement, ["Resource", "NotResource"]).is_none_or(|resources| !is_texts(resources)) {
        return Err(wrong(place, "have either Resource or NotResource, of texts"));
    }
    match statement.get("Condition") {
        None => Ok(()),
        Some(Value::Object(operators)) if operators.values().all(Value::is_object) => Ok(()),
        Some(_) => Err(wrong(&format!("{place}.Condition"), "hold keys and values by operator")),
    }
}

/// The one of two members that is there; none when there are both.
fn one_of<'a>(statement: &'a Map<String, Value>, [is, is_not]: [&str; 2]) -> Option<&'a Value> {
    match (statement.get(is), statement.get(is_not)) {
        (Some(value), None) | (None, Some(value)) => Some(value),
        _ => None,
    }
}

fn is_principal(value: &Value) -> bool {
    const KINDS: [&str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];
    match value {
        Value::String(text) => text == "*",
        Value::Object(kinds) => {
            !kinds.is_empty() && kinds.iter().all(|(kind, who)| KINDS.contains(&kind.as_str()) && is_texts(who))
        }
        _ => false,
    }
}

/// A text, or some.
fn is_texts(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Array(texts) => !texts.is_empty() && texts.iter().all(Value::is_string),
        _ => false,
    }
}

fn object<'a>(value: &'a Value, place: &str) -> Result<&'a Map<String, Value>, PolicyError> {
    value.as_object().ok_or_else(|| wrong(place, "be a JSON object"))
}

fn known(object: &Map<String, Value>, members: &[&str], place: &str) -> Result<(), PolicyError> {
    match object.keys().find(|key| !members.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(wrong(&format!("{place}: {key}"), "be a member of the policy language")),
    }
}

fn wrong(place: &str, rule: &'static str) -> PolicyError {
    PolicyError::Member { place: place.to_owned(), rule }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_checked_by_the_grammar() {
        let statement = |text: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{text}]}}"#);
        let whole = r#"{"Sid":"pull","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:root"]},
            "Action":["ecr:BatchGetImage"],"Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}}"#;
        assert_eq!(check_resource_policy(&statement(whole)), Ok(()));
        let one = r#"{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"*"},"NotAction":"ecr:*","Resource":"*"}}"#;
        assert_eq!(check_resource_policy(one), Ok(()));
        for (text, said) in [
            ("{", "the policy is not JSON"),
            ("[]", "the policy must be a JSON object"),
            (r#"{"Version":"2012-10-17"}"#, "Statement must hold a statement"),
            (r#"{"Version":"2020-01-01","Statement":[]}"#, "Version must be"),
            (r#"{"Statements":[]}"#, "the policy: Statements must be a member"),
            (&statement(r#"{"Effect":"allow","Principal":"*","Action":"*"}"#), "Statement[0].Effect must be"),
            (&statement(r#"{"Effect":"Allow","Principal":"*"}"#), "have either Action or NotAction"),
            (&statement(r#"{"Effect":"Allow","Action":"*"}"#), "have either Principal or NotPrincipal"),
            (&statement(r#"{"Effect":"Allow","Principal":{"Aws":"*"},"Action":"*"}"#), "have either Principal"),
            (&statement(r#"{"Effect":"Allow","Principal":"*","Action":[]}"#), "have either Action"),
            (
                &statement(r#"{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"Bool":1}}"#),
                "Condition must hold",
            ),
        ] {
            let error = check_resource_policy(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
