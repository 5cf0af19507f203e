//! The definition as a form: the same text as in the JSON beside it, one member at a time.
//!
//! The form is drawn by the *shape* of the definition, how many containers and rows there are; what stands in a field
//! follows the text. So nobody loses the field that they write in. Without scripts only the JSON is there.

use leptos::prelude::*;
use serde_json::{Value, json};

use crate::components::{Card, Icon, IconMark};
use crate::task_definition_form::{Kind, add, editable, field, length, new_container, remove, set, set_words, words};
use crate::task_definition_json::pretty;

/// The text that is edited, and what it was.
#[derive(Clone, Copy)]
pub(super) struct Editing {
    pub(super) text: Signal<String>,
    pub(super) draft: RwSignal<Option<String>>,
    /// The text as a definition; nothing while it is none.
    pub(super) definition: Memo<Option<Value>>,
    /// The last text that was one: what the fields show meanwhile.
    last: Memo<Option<Value>>,
    original: StoredValue<Option<Value>>,
}

impl Editing {
    /// Edits `draft`, which begins as `original`.
    pub(super) fn new(original: StoredValue<String>, draft: RwSignal<Option<String>>) -> Self {
        let text = Signal::derive(move || draft.get().unwrap_or_else(|| original.get_value()));
        let definition = Memo::new(move |_| text.with(|text| editable(text)));
        let last =
            Memo::new(move |before: Option<&Option<Value>>| definition.get().or_else(|| before.cloned().flatten()));
        Self { text, draft, definition, last, original: StoredValue::new(editable(&original.get_value())) }
    }

    fn change(self, edit: impl FnOnce(&mut Value)) {
        if let Some(mut definition) = self.definition.get_untracked() {
            edit(&mut definition);
            self.draft.set(Some(pretty(&definition)));
        }
    }

    fn field(self, pointer: &str) -> String {
        self.last.with(|found| found.as_ref().map(|definition| field(definition, pointer)).unwrap_or_default())
    }

    fn words(self, pointer: &str) -> String {
        self.last.with(|found| found.as_ref().map(|definition| words(definition, pointer)).unwrap_or_default())
    }

    fn is_changed(self, pointer: &str) -> bool {
        let before = self
            .original
            .with_value(|found| found.as_ref().map(|definition| field(definition, pointer)).unwrap_or_default());
        self.field(pointer) != before
    }
}

/// How many rows the lists of a container have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rows {
    environment: usize,
    secrets: usize,
    ports: usize,
    depends_on: usize,
}

fn shape(definition: &Value) -> Vec<Rows> {
    let of = |i: usize| {
        let list = |name: &str| length(definition, &format!("/containerDefinitions/{i}/{name}"));
        Rows {
            environment: list("environment"),
            secrets: list("secrets"),
            ports: list("portMappings"),
            depends_on: list("dependsOn"),
        }
    };
    (0..length(definition, "/containerDefinitions")).map(of).collect()
}

/// The card with the form.
pub(super) fn form(editing: Editing) -> AnyView {
    let shape = Memo::new(move |_| editing.last.with(|found| found.as_ref().map(shape)));
    let broken = move || editing.definition.with(Option::is_none);
    let parts = move || {
        let shape = shape.get().unwrap_or_default();
        let containers: Vec<_> = shape.into_iter().enumerate().map(|(i, rows)| container(editing, i, rows)).collect();
        view! { {task(editing)} {containers} }
    };
    let more = move |_| {
        editing.change(|definition| {
            let container = new_container(definition);
            add(definition, "", "containerDefinitions", container);
        })
    };
    view! {
        <Card title="Form" note="edits both ways">
            <fieldset class="card-body task-form needs-scripts" disabled=broken aria-label="Form">
                {move || broken().then(|| view! { <p class="field-hint">"The form waits until the JSON is valid."</p> })}
                {parts}
                <div class="row"><button type="button" class="button" data-size="small" on:click=more><IconMark icon=Icon::Plus />"Container"</button></div>
            </fieldset>
            <noscript><div class="card-body"><p class="field-hint">"The form needs scripts; the JSON beside it does not."</p></div></noscript>
        </Card>
    }
    .into_any()
}

fn task(editing: Editing) -> AnyView {
    let modes = [("", "bridge"), ("host", "host"), ("awsvpc", "awsvpc"), ("none", "none")];
    let runs_on = [("", "Anywhere"), ("EC2", "Hosts"), ("FARGATE", "Fargate"), ("EC2 FARGATE", "Hosts and Fargate")];
    view! {
        <div class="form-part" role="group" aria-label="Task">
            <p class="caps">"Task"</p>
            <div class="form-grid" data-columns="3">
                {input(editing, "/family".to_owned(), "Family", Kind::Text, None)}
                {input(editing, "/cpu".to_owned(), "Task CPU", Kind::Text, Some("units"))}
                {input(editing, "/memory".to_owned(), "Task memory", Kind::Text, Some("MiB"))}
                {choice(editing, "/networkMode".to_owned(), "Network mode", &modes)}
                {input(editing, "/taskRoleArn".to_owned(), "Task role", Kind::Text, None)}
                {several(editing, "/requiresCompatibilities".to_owned(), "Runs on", &runs_on)}
            </div>
        </div>
    }
    .into_any()
}

fn container(editing: Editing, i: usize, rows: Rows) -> AnyView {
    let base = format!("/containerDefinitions/{i}");
    let at = |name: &str| format!("{base}/{name}");
    let name = at("name");
    let title = move || format!("Container {}", editing.field(&name));
    let label = title.clone();
    let gone = move |_| editing.change(move |definition| remove(definition, "", "containerDefinitions", i));
    let more = |name: &'static str, item: Value| {
        let base = base.clone();
        move |_| editing.change(|definition| add(definition, &base, name, item.clone()))
    };
    let variable = more("environment", json!({ "name": "", "value": "" }));
    let secret = more("secrets", json!({ "name": "", "valueFrom": "" }));
    let port = more("portMappings", json!({ "containerPort": 80, "hostPort": 0, "protocol": "tcp" }));
    let dependency = more("dependsOn", json!({ "containerName": "", "condition": "START" }));
    view! {
        <div class="form-part" role="group" aria-label=label>
            <p class="caps row">
                {title}
                <span class="push"><button type="button" class="button" data-kind="quiet" data-shape="square" data-size="small" aria-label=format!("Remove container {}", i + 1) on:click=gone><IconMark icon=Icon::Close /></button></span>
            </p>
            <div class="form-grid" data-columns="3">
                {input(editing, at("name"), "Name", Kind::Text, None)}
                {input(editing, at("image"), "Image", Kind::Text, None)}
                {flag(editing, at("essential"), "Essential", true)}
                {input(editing, at("cpu"), "CPU", Kind::Number, Some("units"))}
                {input(editing, at("memory"), "Hard limit", Kind::Number, Some("MiB"))}
                {input(editing, at("memoryReservation"), "Reservation", Kind::Number, Some("MiB"))}
            </div>
            {list(editing, &base, "environment", "Environment", rows.environment, &[("name", "Name", Kind::Text), ("value", "Value", Kind::Text)])}
            {list(editing, &base, "secrets", "Secrets", rows.secrets, &[("name", "Name", Kind::Text), ("valueFrom", "From", Kind::Text)])}
            {list(editing, &base, "portMappings", "Ports", rows.ports, &[("containerPort", "Container port", Kind::Number), ("hostPort", "Host port, 0 is any", Kind::Number), ("protocol", "Protocol", Kind::Text)])}
            {list(editing, &base, "dependsOn", "Depends on", rows.depends_on, &[("containerName", "Container", Kind::Text), ("condition", "Condition", Kind::Text)])}
            <div class="row" data-wrap="">
                {adder("Variable", variable)}{adder("Secret", secret)}{adder("Port", port)}{adder("Depends on", dependency)}
            </div>
        </div>
    }
    .into_any()
}

fn adder(what: &'static str, on_click: impl Fn(leptos::ev::MouseEvent) + 'static) -> impl IntoView {
    view! { <button type="button" class="button" data-size="small" on:click=on_click><IconMark icon=Icon::Plus />{what}</button> }
}

/// The rows of a list, one field a column; nothing for a list without any.
fn list(
    editing: Editing,
    base: &str,
    name: &'static str,
    title: &'static str,
    rows: usize,
    columns: &'static [(&'static str, &'static str, Kind)],
) -> AnyView {
    if rows == 0 {
        return ().into_any();
    }
    let rows: Vec<_> = (0..rows)
        .map(|row| {
            let fields: Vec<_> = columns
                .iter()
                .map(|(member, what, kind)| {
                    let pointer = format!("{base}/{name}/{row}/{member}");
                    bare(editing, pointer, format!("{what}, row {}", row + 1), *kind)
                })
                .collect();
            let base = base.to_owned();
            let gone = move |_| editing.change(|definition| remove(definition, &base, name, row));
            let label = format!("Remove row {} of {}", row + 1, title.to_lowercase());
            view! {
                <div class="form-row">
                    {fields}
                    <button type="button" class="button" data-kind="quiet" data-shape="square" data-size="small" aria-label=label on:click=gone><IconMark icon=Icon::Close /></button>
                </div>
            }
        })
        .collect();
    view! { <div class="form-rows" role="group" aria-label=title><p class="field-label">{title}</p>{rows}</div> }
        .into_any()
}

fn id_of(pointer: &str) -> String {
    format!("form{}", pointer.replace('/', "-"))
}

/// Only the field; its name is for who cannot see the column.
fn bare(editing: Editing, pointer: String, label: String, kind: Kind) -> AnyView {
    let own = pointer.clone();
    let value = move || editing.field(&own);
    let typed = move |event| {
        let text = event_target_value(&event);
        editing.change(|definition| set(definition, &pointer, &text, kind));
    };
    view! { <input class="input mono" aria-label=label autocomplete="off" prop:value=value on:input=typed /> }
        .into_any()
}

fn input(editing: Editing, pointer: String, label: &'static str, kind: Kind, unit: Option<&'static str>) -> AnyView {
    let id = id_of(&pointer);
    let (own, for_chip) = (pointer.clone(), pointer.clone());
    let value = move || editing.field(&own);
    let typed = move |event| {
        let text = event_target_value(&event);
        editing.change(|definition| set(definition, &pointer, &text, kind));
    };
    let inputmode = (kind == Kind::Number).then_some("numeric");
    view! {
        <div class="field">
            <div class="row"><label class="field-label" for=id.clone()>{label}</label>{changed(editing, for_chip)}</div>
            <div class="input-group">
                <input class="input" id=id autocomplete="off" spellcheck="false" inputmode=inputmode prop:value=value on:input=typed />
                {unit.map(|unit| view! { <span class="input-unit">{unit}</span> })}
            </div>
        </div>
    }
    .into_any()
}

fn changed(editing: Editing, pointer: String) -> impl IntoView {
    move || editing.is_changed(&pointer).then(|| view! { <span class="chip push">"changed"</span> })
}

fn choice(editing: Editing, pointer: String, label: &'static str, options: &[(&'static str, &'static str)]) -> AnyView {
    let own = pointer.clone();
    let write = move |text: String| editing.change(|definition| set(definition, &pointer, &text, Kind::Text));
    select(&own.clone(), label, options, move || editing.field(&own), write)
}

fn several(
    editing: Editing,
    pointer: String,
    label: &'static str,
    options: &[(&'static str, &'static str)],
) -> AnyView {
    let own = pointer.clone();
    let write = move |text: String| {
        let words: Vec<&str> = text.split_whitespace().collect();
        editing.change(|definition| set_words(definition, &pointer, &words));
    };
    select(&own.clone(), label, options, move || editing.words(&own), write)
}

/// A choice that also offers what the text holds and the list does not: nothing is lost by looking at it.
fn select(
    pointer: &str,
    label: &'static str,
    options: &[(&'static str, &'static str)],
    value: impl Fn() -> String + Clone + Send + Sync + 'static,
    write: impl Fn(String) + 'static,
) -> AnyView {
    let id = id_of(pointer);
    let known: Vec<&'static str> = options.iter().map(|(value, _)| *value).collect();
    let options: Vec<_> = options
        .iter()
        .map(|(option, words)| {
            let (option, words, value) = (*option, *words, value.clone());
            view! { <option value=option prop:selected=move || value() == option>{words}</option> }
        })
        .collect();
    let other = move || {
        let found = value();
        (!known.contains(&found.as_str()))
            .then(|| view! { <option value=found.clone() prop:selected=true>{found.clone()}</option> })
    };
    view! {
        <div class="field">
            <label class="field-label" for=id.clone()>{label}</label>
            <select class="select" id=id on:change=move |event| write(event_target_value(&event))>{options}{other}</select>
        </div>
    }
    .into_any()
}

fn flag(editing: Editing, pointer: String, label: &'static str, default: bool) -> AnyView {
    let own = pointer.clone();
    let on = move || match editing.field(&own).as_str() {
        "" => default,
        text => text == "true",
    };
    let switch = move |event| {
        let text = if event_target_checked(&event) { "true" } else { "false" };
        editing.change(|definition| set(definition, &pointer, text, Kind::Flag));
    };
    view! { <label class="check"><input type="checkbox" prop:checked=on on:change=switch />{label}</label> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_has_a_part_a_container_and_a_row_an_item() {
        let definition = json!({ "containerDefinitions": [
            { "name": "app", "environment": [{}, {}], "portMappings": [{}] }, { "name": "side" }
        ] });
        let app = Rows { environment: 2, secrets: 0, ports: 1, depends_on: 0 };
        let side = Rows { environment: 0, secrets: 0, ports: 0, depends_on: 0 };
        assert_eq!(shape(&definition), [app, side]);
    }
}
