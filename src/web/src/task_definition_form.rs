//! A task definition's JSON as the form edits it: one member at a time, so that what the form does not show stays as it
//! is. Pure.

use serde_json::{Map, Number, Value};

/// What a member of the JSON is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// A whole number; what is none stays text, so that the API can say what is wrong with it.
    Number,
    /// `true` or `false`.
    Flag,
}

/// The definition in `text` as the form edits it: with all its members. Of the whole answer of DescribeTaskDefinition,
/// what can be registered again.
#[must_use]
pub fn editable(text: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(text).ok()?;
    let is_answer =
        value.get("taskDefinition").is_some_and(Value::is_object) || value.get("taskDefinitionArn").is_some();
    if is_answer { crate::task_definition_json::parse(text).ok() } else { value.is_object().then_some(value) }
}

/// A member as text; empty when it is not there.
#[must_use]
pub fn field(definition: &Value, pointer: &str) -> String {
    match definition.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// How many items a list has.
#[must_use]
pub fn length(definition: &Value, pointer: &str) -> usize {
    definition.pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len)
}

/// Sets a member of an object that is there; an empty text takes it away.
pub fn set(definition: &mut Value, pointer: &str, text: &str, kind: Kind) {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return };
    let Some(Value::Object(members)) = definition.pointer_mut(parent) else { return };
    match typed(text, kind) {
        Some(value) => drop(members.insert(name.to_owned(), value)),
        // Removing keeps the order of the others.
        None => drop(members.shift_remove(name)),
    }
}

fn typed(text: &str, kind: Kind) -> Option<Value> {
    match kind {
        _ if text.is_empty() => None,
        Kind::Flag => Some(Value::Bool(text == "true")),
        Kind::Number => {
            let number = text.trim().parse::<i64>().map(Number::from);
            Some(number.map_or_else(|_| Value::String(text.to_owned()), Value::Number))
        }
        Kind::Text => Some(Value::String(text.to_owned())),
    }
}

/// Sets the list of words at `pointer`; an empty one takes it away.
pub fn set_words(definition: &mut Value, pointer: &str, words: &[&str]) {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return };
    let Some(Value::Object(members)) = definition.pointer_mut(parent) else { return };
    if words.is_empty() {
        drop(members.shift_remove(name));
    } else {
        drop(members.insert(name.to_owned(), words.iter().copied().map(Value::from).collect()));
    }
}

/// The words of the list at `pointer`, in one line.
#[must_use]
pub fn words(definition: &Value, pointer: &str) -> String {
    let items = definition.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
}

/// Puts an item at the end of the list `name` of the object at `parent`, which is made when it is not there.
pub fn add(definition: &mut Value, parent: &str, name: &str, item: Value) {
    let Some(Value::Object(members)) = definition.pointer_mut(parent) else { return };
    let list = members.entry(name.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(items) = list {
        items.push(item);
    }
}

/// Takes an item out of the list `name` of the object at `parent`; an empty list goes with its last item.
pub fn remove(definition: &mut Value, parent: &str, name: &str, index: usize) {
    let Some(Value::Object(members)) = definition.pointer_mut(parent) else { return };
    let Some(Value::Array(items)) = members.get_mut(name) else { return };
    if index < items.len() {
        items.remove(index);
    }
    if items.is_empty() {
        drop(members.shift_remove(name));
    }
}

/// A new container, with what it cannot do without.
#[must_use]
pub fn new_container(definition: &Value) -> Value {
    let name = match length(definition, "/containerDefinitions") {
        0 => "app".to_owned(),
        n => format!("container-{}", n + 1),
    };
    let mut members = Map::new();
    members.insert("name".to_owned(), name.into());
    members.insert("image".to_owned(), "".into());
    members.insert("memory".to_owned(), 128.into());
    members.insert("essential".to_owned(), true.into());
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition() -> Value {
        json!({ "family": "web", "x-of-tomorrow": { "kept": [1, 2] }, "containerDefinitions": [
            { "name": "app", "image": "web:1", "linuxParameters": { "initProcessEnabled": true }, "memory": 64 }
        ] })
    }

    #[test]
    fn an_edit_touches_one_member_and_nothing_else() {
        let mut edited = definition();
        set(&mut edited, "/containerDefinitions/0/memory", "128", Kind::Number);
        let expected = definition().to_string().replace("\"memory\":64", "\"memory\":128");
        assert_eq!(edited.to_string(), expected);
    }

    #[test]
    fn a_member_that_is_emptied_is_gone_and_the_others_keep_their_order() {
        let mut edited = definition();
        set(&mut edited, "/containerDefinitions/0/image", "", Kind::Text);
        let names: Vec<&String> = edited["containerDefinitions"][0].as_object().unwrap().keys().collect();
        assert_eq!(names, ["name", "linuxParameters", "memory"]);
    }

    #[test]
    fn what_is_no_number_stays_for_the_api_to_refuse() {
        let mut edited = definition();
        set(&mut edited, "/containerDefinitions/0/memory", "lots", Kind::Number);
        assert_eq!(edited["containerDefinitions"][0]["memory"], "lots");
        set(&mut edited, "/containerDefinitions/0/essential", "false", Kind::Flag);
        assert_eq!(edited["containerDefinitions"][0]["essential"], false);
    }

    #[test]
    fn rows_come_and_go_with_their_list() {
        let mut edited = definition();
        add(
            &mut edited,
            "/containerDefinitions/0",
            "environment",
            json!({ "name": "A", "value": "\"quoted\"\nlines" }),
        );
        assert_eq!(length(&edited, "/containerDefinitions/0/environment"), 1);
        assert_eq!(field(&edited, "/containerDefinitions/0/environment/0/value"), "\"quoted\"\nlines");
        remove(&mut edited, "/containerDefinitions/0", "environment", 0);
        assert_eq!(edited, definition());
    }

    #[test]
    fn an_edit_of_what_is_not_there_changes_nothing() {
        let mut edited = definition();
        set(&mut edited, "/containerDefinitions/7/image", "x", Kind::Text);
        remove(&mut edited, "/containerDefinitions/0", "secrets", 0);
        remove(&mut edited, "/containerDefinitions/0", "name", 0);
        assert_eq!(edited, definition());
    }

    #[test]
    fn words_are_a_list_of_their_own() {
        let mut edited = definition();
        set_words(&mut edited, "/requiresCompatibilities", &["EC2", "FARGATE"]);
        assert_eq!(words(&edited, "/requiresCompatibilities"), "EC2 FARGATE");
        set_words(&mut edited, "/requiresCompatibilities", &[]);
        assert_eq!(edited, definition());
    }

    #[test]
    fn of_an_answer_only_what_can_be_registered_is_edited() {
        let answer = json!({ "taskDefinition": { "family": "web", "revision": 3 }, "tags": [] }).to_string();
        assert_eq!(editable(&answer), Some(json!({ "family": "web" })));
        let own = r#"{"family":"web","volumes":[]}"#;
        assert_eq!(editable(own), Some(json!({ "family": "web", "volumes": [] })));
        assert_eq!(editable("[]"), None);
    }
}
