//! The lifecycle policy: as text, with rules to begin with, and what it would do now, while somebody types.

use std::time::Duration;

use leptos::prelude::*;
use serde_json::{Value, json};

use crate::api::images::short_digest;
use crate::api::lifecycle::{
    DeleteLifecyclePolicy, DueImage, LifecyclePreview, PutLifecyclePolicy, load_lifecycle_policy,
    preview_lifecycle_policy,
};
use crate::components::{
    Card, CommandLine, ConfirmDialog, DialogButton, ErrorPanel, FieldError, Icon, IconMark, Table, done, error_of,
    panel, saved,
};
use crate::error::ApiError;
use crate::format::{count, date_and_clock};

/// What is typed in this time is previewed together.
const SETTLE: Duration = Duration::from_millis(300);

#[derive(Clone, Copy)]
struct Actions {
    put: ServerAction<PutLifecyclePolicy>,
    delete: ServerAction<DeleteLifecyclePolicy>,
}

/// The section of a repository's page.
#[component]
pub fn Lifecycle(
    /// Whose policy it is.
    #[prop(into)]
    repository: String,
) -> impl IntoView {
    let actions = Actions { put: ServerAction::new(), delete: ServerAction::new() };
    let name = repository.clone();
    let written = move || (actions.put.version().get(), actions.delete.version().get());
    let policy = Resource::new(move || (name.clone(), written()), |(name, _)| load_lifecycle_policy(name));
    view! { {panel(policy, "Lifecycle policy", move |policy| editor(&repository, policy, actions))} }
}

fn editor(repository: &str, policy: Option<String>, actions: Actions) -> AnyView {
    let has_one = policy.is_some();
    let text = RwSignal::new(policy.map_or_else(|| pretty(&json!({ "rules": [] })), |text| prettier(&text)));
    let preview = preview_of(repository.to_owned(), text);
    let command = format!(
        "aws ecr put-lifecycle-policy --repository-name {repository} --lifecycle-policy-text file://policy.json"
    );
    let delete = has_one.then(|| delete_button(repository.to_owned(), actions.delete));
    let name = repository.to_owned();
    let at_first = text.get_untracked();
    view! {
        <div class="halves">
            <ActionForm action=actions.put attr:class="column">
                <input type="hidden" name="repository" value=name />
                <Card title="Policy" tools=delete.into_any() foot=view! { <CommandLine command /> }.into_any()>
                    <div class="card-body">
                        <div class="row needs-scripts" data-wrap="" role="group" aria-label="Add a rule">
                            {rule(text, "Keep the newest 10", newest)}
                            {rule(text, "Untagged after 14 days", untagged)}
                            {rule(text, "Archive unpulled after 90 days", unpulled)}
                        </div>
                        <label class="visually-hidden" for="policy">"Policy as JSON"</label>
                        <textarea
                            class="input mono"
                            id="policy"
                            name="policy"
                            rows="20"
                            spellcheck="false"
                            autocomplete="off"
                            prop:value=text
                            on:input=move |event| text.set(event_target_value(&event))
                        >
                            {at_first}
                        </textarea>
                    </div>
                </Card>
                <FieldError error=error_of(actions.put) />
                <div class="row"><button class="button" data-kind="primary" type="submit">"Save policy"</button>{saved(actions.put)}</div>
            </ActionForm>
            <Card title="What it would do now"><div aria-live="polite">{move || shown(preview.get())}</div></Card>
        </div>
    }
    .into_any()
}

/// What the text would do: asked for once it has rested for a moment.
fn preview_of(repository: String, text: RwSignal<String>) -> Signal<Option<Result<LifecyclePreview, ApiError>>> {
    let found = RwSignal::new(None);
    let ask = Action::new(move |policy: &String| {
        let (repository, policy) = (repository.clone(), policy.clone());
        async move {
            let answer = preview_lifecycle_policy(repository, policy.clone()).await;
            // An answer to what is no longer there comes too late.
            if text.try_get_untracked().as_ref() == Some(&policy) {
                found.try_set(Some(answer));
            }
        }
    });
    Effect::new(move || {
        let policy = text.get();
        if rules_of(&policy).is_none_or(|rules| rules.is_empty()) {
            found.set(None);
            return;
        }
        let later = move || {
            if text.try_get_untracked().as_ref() == Some(&policy) {
                ask.dispatch(policy.clone());
            }
        };
        set_timeout(later, SETTLE);
    });
    found.into()
}

fn shown(preview: Option<Result<LifecyclePreview, ApiError>>) -> AnyView {
    match preview {
        None => {
            view! { <div class="card-body"><p class="muted">"Nothing: it has no rule yet, or is no JSON."</p></div> }
                .into_any()
        }
        Some(Err(error)) => view! { <ErrorPanel title="Not a policy" error /> }.into_any(),
        Some(Ok(preview)) => {
            let words = words(&preview);
            let rows: Vec<_> = preview.images.iter().map(row).collect();
            let table = (!rows.is_empty()).then(|| {
                view! { <Table label="Images it would act on" columns=&["Image", "Digest", ">Rule", "Becomes", ">Pushed"]>{rows}</Table> }
            });
            view! { <div class="card-body"><p><b>{words}</b></p></div> {table} }.into_any()
        }
    }
}

fn words(preview: &LifecyclePreview) -> String {
    match (preview.expires, preview.archives) {
        (0, 0) => "No image is due".to_owned(),
        (n, 0) => format!("{} would be deleted", count(n, "image")),
        (0, n) => format!("{} would be archived", count(n, "image")),
        (n, m) => format!("{} would be deleted and {m} archived", count(n, "image")),
    }
}

fn row(image: &DueImage) -> impl IntoView + use<> {
    let name = if image.tags.is_empty() { "untagged".to_owned() } else { image.tags.join(", ") };
    let becomes = if image.action == "TRANSITION" { "archived" } else { "deleted" };
    view! {
        <tr>
            <td>{name}</td>
            <td class="mono" data-label="Digest">{short_digest(&image.digest)}</td>
            <td class="end num" data-label="Rule">{image.rule}</td>
            <td data-label="Becomes">{becomes}</td>
            <td class="end num muted" data-label="Pushed" data-span="4">{image.pushed_at.map_or_else(|| "–".to_owned(), date_and_clock)}</td>
        </tr>
    }
}

fn rule(text: RwSignal<String>, words: &'static str, make: fn(i64) -> Value) -> impl IntoView {
    let add = move |_| {
        if let Some(changed) = text.try_get_untracked().and_then(|text| with_rule(&text, make)) {
            text.set(changed);
        }
    };
    view! { <button type="button" class="button" data-size="small" on:click=add><IconMark icon=Icon::Plus />{words}</button> }
}

fn rules_of(text: &str) -> Option<Vec<Value>> {
    serde_json::from_str::<Value>(text).ok()?.get("rules")?.as_array().cloned()
}

/// The policy with one rule more, of the lowest priority; nothing when the text is no policy.
fn with_rule(text: &str, make: fn(i64) -> Value) -> Option<String> {
    let mut policy: Value = serde_json::from_str(text).ok()?;
    let rules = policy.as_object_mut()?.entry("rules").or_insert_with(|| json!([])).as_array_mut()?;
    let last = rules.iter().filter_map(|rule| rule.get("rulePriority").and_then(Value::as_i64)).max().unwrap_or(0);
    rules.push(make(last + 1));
    Some(pretty(&policy))
}

fn newest(priority: i64) -> Value {
    json!({
        "rulePriority": priority, "description": "keep the newest 10",
        "selection": { "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10 },
        "action": { "type": "expire" }
    })
}

fn untagged(priority: i64) -> Value {
    json!({
        "rulePriority": priority, "description": "untagged after 14 days",
        "selection": { "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14 },
        "action": { "type": "expire" }
    })
}

fn unpulled(priority: i64) -> Value {
    json!({
        "rulePriority": priority, "description": "archive what nobody pulled for 90 days",
        "selection": { "tagStatus": "any", "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 90 },
        "action": { "type": "transition", "targetStorageClass": "archive" }
    })
}

fn pretty(policy: &Value) -> String {
    serde_json::to_string_pretty(policy).unwrap_or_default()
}

/// A text with its own layout stays as it is; one that was written in one line is laid out.
fn prettier(text: &str) -> String {
    if text.contains('\n') {
        return text.to_owned();
    }
    serde_json::from_str::<Value>(text).map_or_else(|_| text.to_owned(), |policy| pretty(&policy))
}

fn delete_button(repository: String, delete: ServerAction<DeleteLifecyclePolicy>) -> AnyView {
    view! {
        <DialogButton opens="delete-policy" kind="danger" size="small">"Delete policy"</DialogButton>
        <ConfirmDialog
            id="delete-policy"
            question="Delete the lifecycle policy?"
            consequence="Images then stay until somebody deletes them. What it has deleted does not come back."
            done=done(delete)
        >
            <ActionForm action=delete attr:class="dialog-form">
                <input type="hidden" name="repository" value=repository />
                <button class="button" data-kind="danger" type="submit">"Delete policy"</button>
                <FieldError error=error_of(delete) />
            </ActionForm>
        </ConfirmDialog>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_added_below_the_others() {
        let two = with_rule(&with_rule("{}", untagged).unwrap(), newest).unwrap();
        let rules = rules_of(&two).unwrap();
        let told: Vec<_> =
            rules.iter().map(|rule| (rule["rulePriority"].as_i64(), rule["description"].clone())).collect();
        assert_eq!(told, [(Some(1), json!("untagged after 14 days")), (Some(2), json!("keep the newest 10"))]);
        assert_eq!(with_rule("{", newest), None);
        assert_eq!(with_rule("[]", newest), None);
    }

    #[test]
    fn the_preview_is_told_in_words() {
        let of = |expires, archives| words(&LifecyclePreview { expires, archives, images: Vec::new() });
        assert_eq!(of(0, 0), "No image is due");
        assert_eq!(of(1, 0), "1 image would be deleted");
        assert_eq!(of(0, 2), "2 images would be archived");
        assert_eq!(of(3, 2), "3 images would be deleted and 2 archived");
    }

    #[test]
    fn a_text_with_its_own_layout_stays_as_it_is() {
        assert_eq!(prettier("{\n\"rules\":[]}"), "{\n\"rules\":[]}");
        assert_eq!(prettier(r#"{"rules":[]}"#), "{\n  \"rules\": []\n}");
    }
}
