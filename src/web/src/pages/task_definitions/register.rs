//! The editor: a task definition as a form and as JSON, one text in two shapes, with what changes against the revision
//! that it is based on and where a task of it would fit.
//!
//! Without WebAssembly it is a form with a text area. With it, all of this follows while somebody types.

use leptos::prelude::*;

use super::fits::Fits;
use super::form::{Editing, form};
use crate::api::task_definitions::{EditorBase, RegisterTaskDefinition, load_editor_base};
use crate::components::{Card, CommandLine, DiffView, FieldError, PageHead, PageTitle, StateWord, page};
use crate::error::ApiError;
use crate::pages::query;
use crate::state::State;
use crate::task_definition_json::{changes, parse};

/// What a first definition may look like.
const EXAMPLE: &str = r#"{
  "family": "hello",
  "containerDefinitions": [
    {
      "name": "app",
      "image": "REGISTRY/hello:1",
      "cpu": 64,
      "memory": 64,
      "essential": true,
      "portMappings": [{ "containerPort": 8080, "hostPort": 0, "protocol": "tcp" }],
      "environment": [{ "name": "GREETING", "value": "hello" }]
    }
  ]
}"#;

/// Registering a revision: from nothing, or based on `?from=family:revision`.
#[component]
pub fn Register() -> impl IntoView {
    let from = query("from");
    let base = Resource::new(move || from.filled(), load);
    let register = ServerAction::<RegisterTaskDefinition>::new();
    // What is typed lives outside of the panel, so that nothing takes it away.
    let draft = RwSignal::new(None::<String>);
    view! {
        <PageTitle text="Register task definition" />
        {page(base, "Task definition", move |base| editor(base, draft, register))}
    }
}

/// The revision to start from; none for an example.
async fn load(from: Option<String>) -> Result<Option<EditorBase>, ApiError> {
    match from {
        None => Ok(None),
        Some(from) => load_editor_base(from).await.map(Some),
    }
}

fn editor(
    base: Option<EditorBase>,
    draft: RwSignal<Option<String>>,
    register: ServerAction<RegisterTaskDefinition>,
) -> impl IntoView {
    let (heading, facts) = match &base {
        Some(base) => {
            let name = base.name.clone();
            let family = name.split(':').next().unwrap_or_default().to_owned();
            (format!("New revision of {family}"), view! { <span>"based on "{name}</span> }.into_any())
        }
        None => ("Register task definition".to_owned(), ().into_any()),
    };
    let name = base.as_ref().map(|base| base.name.clone()).unwrap_or_default();
    let is_new = base.is_none();
    let deploys = base.as_ref().map(deploys);
    let json = base.map_or_else(|| EXAMPLE.to_owned(), |base| base.json);
    let original = StoredValue::new(json);
    let editing = Editing::new(original, draft);
    let refused = Signal::derive(move || register.value().get().and_then(Result::err));
    view! {
        <PageHead heading facts />
        <ActionForm action=register attr:class="column">
            <input type="hidden" name="base" value=name />
            <div class="halves editor">{form(editing)}{json_card(editing)}</div>
            <div class="halves">
                <Card title=if is_new { "What will be registered" } else { "Changes" }>
                    <div class="card-body">{move || difference(is_new, &original.get_value(), &editing.text.get())}</div>
                </Card>
                <Fits definition=editing.definition />
            </div>
            <FieldError error=refused />
            <div class="row form-end" data-wrap="">
                <button class="button" data-kind="primary" type="submit">"Register"</button>
                {deploys}
                <a class="button" data-kind="quiet" href="/task-definitions">"Cancel"</a>
            </div>
        </ActionForm>
        <Card title="The same from a shell" foot=view! {
            <CommandLine command="aws ecs register-task-definition --cli-input-json file://task-definition.json" />
        }.into_any()>
            <div class="card-body">
                <p class="muted">"Save the JSON as a file; the answer of describe-task-definition can be pasted here as it is."</p>
            </div>
        </Card>
    }
}

/// Whether the new revision is deployed at once, to a service that runs the one that it is based on.
fn deploys(base: &EditorBase) -> AnyView {
    if base.used_by.is_empty() {
        return ().into_any();
    }
    let options: Vec<_> = base
        .used_by
        .iter()
        .map(|(cluster, service)| {
            view! { <option value=format!("{cluster}/{service}")>{format!("and deploy it to {service} in {cluster}")}</option> }
        })
        .collect();
    view! {
        <label class="visually-hidden" for="deploy">"After it is registered"</label>
        <select class="select" id="deploy" name="deploy"><option value="">"and deploy it nowhere yet"</option>{options}</select>
    }
    .into_any()
}

fn json_card(editing: Editing) -> AnyView {
    let lines = move || editing.text.with(|text| text.lines().count());
    let verdict = move || match editing.text.with(|text| parse(text)) {
        Ok(_) => view! { <StateWord state=State::Running word="Valid JSON" /> }.into_any(),
        Err(message) => view! { <StateWord state=State::Failed word=message /> }.into_any(),
    };
    let at_first = editing.text.get_untracked();
    view! {
        <Card title="JSON" foot=view! { <span aria-live="polite">{verdict}</span><span>{lines}" lines"</span> }.into_any()>
            <div class="card-body">
                <label class="visually-hidden" for="json">"Task definition as JSON"</label>
                <textarea
                    class="input mono"
                    id="json"
                    name="json"
                    rows="28"
                    spellcheck="false"
                    autocomplete="off"
                    required
                    prop:value=editing.text
                    on:input=move |event| editing.draft.set(Some(event_target_value(&event)))
                >
                    {at_first}
                </textarea>
            </div>
        </Card>
    }
    .into_any()
}

/// What the draft changes, or its containers when it is based on nothing.
fn difference(is_new: bool, original: &str, draft: &str) -> AnyView {
    let before = if is_new { Ok(serde_json::json!({})) } else { parse(original) };
    match (before, parse(draft)) {
        (Ok(before), Ok(after)) => {
            let found = changes(&before, &after);
            if found.is_empty() {
                view! { <p class="muted">"Nothing changed yet."</p> }.into_any()
            } else {
                view! { <DiffView changes=found /> }.into_any()
            }
        }
        (_, Err(message)) | (Err(message), _) => view! { <p class="field-error">{message}</p> }.into_any(),
    }
}
