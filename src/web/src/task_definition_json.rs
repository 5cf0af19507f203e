//! Task definitions as JSON: what of an answer can be registered again, and how two of them differ by meaning.
//!
//! Pure, and the same on the server and in the browser, where the editor compares while somebody types.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::components::{Change, ChangeKind};

/// Members that RegisterTaskDefinition fills in and does not take (ECS API reference, `TaskDefinition`).
const READ_ONLY: [&str; 11] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
    "inferenceAccelerators",
    "enableFaultInjection",
];

/// The definition without what only an answer carries, ready for RegisterTaskDefinition: without read-only members and
/// without the empty lists that an answer has in place of what was not given. Members keep their order.
#[must_use]
pub fn registrable(definition: &Value) -> Value {
    let Some(members) = definition.as_object() else { return definition.clone() };
    let fills_in = |name: &str, value: &Value| match name {
        // Given ones are kept; these two are read-only only in their filled-in form.
        "inferenceAccelerators" => is_empty_list(value),
        "enableFaultInjection" => value == &Value::Bool(false),
        "containerDefinitions" => false,
        name => READ_ONLY.contains(&name) || is_empty_list(value),
    };
    let kept = members.iter().filter(|(name, value)| !fills_in(name, value));
    Value::Object(kept.map(|(name, value)| (name.clone(), without_empty_lists(name, value))).collect())
}

fn is_empty_list(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

/// Each container definition without its empty lists; any other member as it is.
fn without_empty_lists(name: &str, value: &Value) -> Value {
    let mut value = value.clone();
    if name == "containerDefinitions" {
        for container in value.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            container.retain(|_, value| !is_empty_list(value));
        }
    }
    value
}

/// Reads what somebody pastes: a definition, or the whole answer of DescribeTaskDefinition around one.
///
/// # Errors
/// The sentence to show, with line and column when it is not JSON.
pub fn parse(text: &str) -> Result<Value, String> {
    let value: Value = serde_json::from_str(text)
        .map_err(|e| format!("Not valid JSON at line {}, column {}: {e}", e.line(), e.column()))?;
    let definition = value.get("taskDefinition").filter(|d| d.is_object()).unwrap_or(&value);
    if !definition.is_object() {
        return Err("A task definition is a JSON object.".to_owned());
    }
    Ok(registrable(definition))
}

/// The definition as people edit it, two spaces an indent.
#[must_use]
pub fn pretty(definition: &Value) -> String {
    serde_json::to_string_pretty(definition).unwrap_or_default()
}

/// What changed from `before` to `after`: containers by their names, environment and secrets by theirs, anything else
/// by its path. Reordering alone is no change.
#[must_use]
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    compare("task", "", before, after, &mut found);
    found
}

fn compare(of: &str, path: &str, before: &Value, after: &Value, found: &mut Vec<Change>) {
    match (before, after) {
        (Value::Object(b), Value::Object(a)) => compare_members(of, path, b, a, found),
        (Value::Array(b), Value::Array(a)) => match key_of(path) {
            Some(key) if keyed(b, key) && keyed(a, key) => compare_items(of, path, key, b, a, found),
            _ if b != a => found.push(change(of, path, Some(before), Some(after))),
            _ => {}
        },
        _ if before != after => found.push(change(of, path, Some(before), Some(after))),
        _ => {}
    }
}

fn compare_members(
    of: &str,
    path: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    found: &mut Vec<Change>,
) {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match (before.get(name), after.get(name)) {
            (Some(b), Some(a)) => compare(of, &inner, b, a, found),
            (b, a) => one_sided(of, &inner, b, a, found),
        }
    }
}

/// A member that only one side has. An empty list or object is as good as none; a list of named things is told one by
/// one.
fn one_sided(of: &str, path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Change>) {
    let is_empty =
        |v: &Value| v.is_null() || v.as_array().is_some_and(Vec::is_empty) || v.as_object().is_some_and(Map::is_empty);
    let (before, after) = (before.filter(|v| !is_empty(v)), after.filter(|v| !is_empty(v)));
    match (before, after) {
        (None, None) => {}
        (Some(list @ Value::Array(_)), None) if key_of(path).is_some() => {
            compare(of, path, list, &Value::Array(Vec::new()), found);
        }
        (None, Some(list @ Value::Array(_))) if key_of(path).is_some() => {
            compare(of, path, &Value::Array(Vec::new()), list, found);
        }
        (before, after) => found.push(change(of, path, before, after)),
    }
}

/// The member by which the items of a list are told apart.
fn key_of(path: &str) -> Option<&'static str> {
    match path.rsplit('.').next().unwrap_or(path) {
        "containerDefinitions" | "environment" | "secrets" | "volumes" | "ulimits" => Some("name"),
        "portMappings" => Some("containerPort"),
        "mountPoints" => Some("containerPath"),
        "dependsOn" => Some("containerName"),
        "tags" => Some("key"),
        _ => None,
    }
}

fn keyed(items: &[Value], key: &str) -> bool {
    let keys: BTreeSet<String> = items.iter().filter_map(|item| item.get(key)).map(Value::to_string).collect();
    keys.len() == items.len()
}

fn compare_items(of: &str, path: &str, key: &str, before: &[Value], after: &[Value], found: &mut Vec<Change>) {
    let name_of = |item: &Value| match item.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let find = |items: &[Value], name: &str| items.iter().find(|item| name_of(item) == name).cloned();
    let names: BTreeSet<String> = before.iter().chain(after).map(name_of).collect();
    for name in names {
        let containers = path == "containerDefinitions";
        let of = if containers { format!("container {name}") } else { of.to_owned() };
        let inner = match (containers, path.rsplit('.').next()) {
            (true, _) => String::new(),
            (false, Some("environment")) => name.clone(),
            (false, last) => format!("{}[{name}]", last.unwrap_or(path)),
        };
        match (find(before, &name), find(after, &name)) {
            (Some(b), Some(a)) => match (b.get("value"), a.get("value"), b.as_object().map(Map::len)) {
                (Some(b), Some(a), Some(2)) => compare(&of, &inner, b, a, found),
                _ => compare(&of, &inner, &b, &a, found),
            },
            (b, a) => found.push(change(
                &of,
                if inner.is_empty() { "containerDefinitions" } else { &inner },
                b.as_ref(),
                a.as_ref(),
            )),
        }
    }
}

fn change(of: &str, path: &str, before: Option<&Value>, after: Option<&Value>) -> Change {
    let kind = match (before, after) {
        (None, _) => ChangeKind::Add,
        (_, None) => ChangeKind::Remove,
        _ => ChangeKind::Change,
    };
    Change { kind, path: path.to_owned(), of: of.to_owned(), before: before.map(shown), after: after.map(shown) }
}

/// A value in one line; of a name and value only the value.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(members)
            if members.len() == 2 && members.contains_key("name") && members.contains_key("value") =>
        {
            members.get("value").map(shown).unwrap_or_default()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    type Told = (ChangeKind, String, String, Option<String>, Option<String>);

    fn told(before: &Value, after: &Value) -> Vec<Told> {
        changes(before, after).into_iter().map(|c| (c.kind, c.of, c.path, c.before, c.after)).collect()
    }

    fn with_environment(environment: &Value) -> Value {
        json!({ "family": "web", "containerDefinitions": [{ "name": "app", "image": "web:1", "environment": environment }] })
    }

    #[test]
    fn a_changed_variable_is_told_by_its_name() {
        let before = with_environment(&json!([{ "name": "A", "value": "1" }, { "name": "B", "value": "2" }]));
        let after = with_environment(&json!([{ "name": "B", "value": "2" }, { "name": "A", "value": "3" }]));
        assert_eq!(
            told(&before, &after),
            [(ChangeKind::Change, "container app".into(), "A".into(), Some("1".into()), Some("3".into()))]
        );
    }

    #[test]
    fn an_added_variable_and_a_removed_container_are_told_as_such() {
        let before = json!({ "containerDefinitions": [{ "name": "app", "environment": [] }, { "name": "side" }] });
        let after =
            json!({ "containerDefinitions": [{ "name": "app", "environment": [{ "name": "X", "value": "y" }] }] });
        let kinds: Vec<_> = told(&before, &after).into_iter().map(|c| (c.0, c.1, c.2)).collect();
        assert_eq!(
            kinds,
            [
                (ChangeKind::Add, "container app".into(), "X".into()),
                (ChangeKind::Remove, "container side".into(), "containerDefinitions".into()),
            ]
        );
    }

    #[test]
    fn order_and_empty_lists_are_no_change() {
        let before = json!({ "family": "a", "volumes": [], "cpu": "256" });
        let after = json!({ "cpu": "256", "family": "a" });
        assert_eq!(told(&before, &after), []);
    }

    #[test]
    fn what_only_an_answer_carries_is_taken_away_and_the_rest_keeps_its_order() {
        let answer = json!({
            "taskDefinitionArn": "x", "family": "web", "revision": 3, "volumes": [], "status": "ACTIVE",
            "containerDefinitions": [{ "name": "app", "mountPoints": [], "command": ["a"] }],
        });
        let expected = r#"{"family":"web","containerDefinitions":[{"name":"app","command":["a"]}]}"#;
        assert_eq!(registrable(&answer).to_string(), expected);
        assert_eq!(registrable(&json!({ "containerDefinitions": [] })).to_string(), r#"{"containerDefinitions":[]}"#);
    }

    #[test]
    fn the_answer_of_describe_can_be_pasted_and_bad_json_says_where() {
        assert_eq!(parse(r#"{"taskDefinition":{"family":"a","revision":1},"tags":[]}"#), Ok(json!({ "family": "a" })));
        assert!(parse("{\n  \"family\": }").unwrap_err().contains("line 2"));
        assert!(parse("[]").is_err());
    }
}
