//! The editor: a task definition as JSON, with what changes against the revision that it is based on.
//!
//! Without WebAssembly it is a form with a text area. With it, the JSON is checked and compared while somebody types.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::api::task_definitions::{RegisterTaskDefinition, task_definition_json};
use crate::components::{Card, CommandLine, DiffView, FieldError, PageHead, PageTitle, StateWord, page};
use crate::error::ApiError;
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
    let query = use_query_map();
    let from = Signal::derive(move || query.with(|q| q.get("from").filter(|f| !f.is_empty())));
    let base = Resource::new(move || from.get(), load);
    let register = ServerAction::<RegisterTaskDefinition>::new();
    // What is typed lives outside of the panel, so that nothing takes it away.
    let draft = RwSignal::new(None::<String>);
    view! {
        <PageTitle text="Register task definition" />
        {page(base, "Task definition", move |base| editor(base, draft, register))}
    }
}

/// The revision to start from as (name, JSON); an example when there is none.
async fn load(from: Option<String>) -> Result<(Option<String>, String), ApiError> {
    match from {
        None => Ok((None, EXAMPLE.to_owned())),
        Some(from) => task_definition_json(from).await.map(|(name, json)| (Some(name), json)),
    }
}

fn editor(
    (base, json): (Option<String>, String),
    draft: RwSignal<Option<String>>,
    register: ServerAction<RegisterTaskDefinition>,
) -> impl IntoView {
    let heading = match &base {
        Some(base) => format!("New revision of {}", base.split(':').next().unwrap_or_default()),
        None => "Register task definition".to_owned(),
    };
    let facts = base.clone().map(|base| view! { <span>"based on "{base}</span> }.into_any());
    let original = StoredValue::new(json.clone());
    let text = Signal::derive(move || draft.get().unwrap_or_else(|| original.get_value()));
    let lines = move || text.with(|t| t.lines().count());
    let verdict = move || match text.with(|t| parse(t)) {
        Ok(_) => view! { <StateWord state=State::Running word="Valid JSON" /> }.into_any(),
        Err(message) => view! { <StateWord state=State::Failed word=message /> }.into_any(),
    };
    let refused = Signal::derive(move || register.value().get().and_then(Result::err));
    let is_new = base.is_none();
    view! {
        <PageHead heading facts=facts.unwrap_or_else(|| ().into_any()) />
        <ActionForm action=register>
            <input type="hidden" name="base" value=base.clone().unwrap_or_default() />
            <div class="halves editor">
                <Card
                    title="JSON"
                    foot=view! { <span aria-live="polite">{verdict}</span><span>{lines}" lines"</span> }.into_any()
                >
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
                            on:input=move |event| draft.set(Some(event_target_value(&event)))
                        >
                            {json}
                        </textarea>
                    </div>
                </Card>
                <Card title=if is_new { "What will be registered" } else { "Changes" }>
                    <div class="card-body">{move || difference(is_new, &original.get_value(), &text.get())}</div>
                </Card>
            </div>
            <FieldError error=refused />
            <div class="row form-end">
                <button class="button" data-kind="primary" type="submit">"Register"</button>
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
