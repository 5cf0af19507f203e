//! One secret: its versions, who is given it, and what is done with it.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::list::state_of;
use super::used_by::used_by;
use crate::api::secrets::{
    DeleteSecret, MakeVersionCurrent, PutSecretValue, RestoreSecret, SecretDetail, SecretVersion, describe_secret,
    secret_takes_values,
};
use crate::components::{
    Card, CodeBlock, CommandLine, ConfirmDialog, DialogButton, EmptyState, FieldError, PageHead, PageTitle,
    SelectField, StatePill, Table, TextArea, done, emptied, error_of, page, saved,
};
use crate::format::{date_and_clock, short_id};
use crate::live::refresh_on;
use crate::pages::query;

#[derive(Clone, Copy)]
struct Actions {
    put: ServerAction<PutSecretValue>,
    make_current: ServerAction<MakeVersionCurrent>,
    delete: ServerAction<DeleteSecret>,
    restore: ServerAction<RestoreSecret>,
}

/// The page.
#[component]
pub fn SecretPage() -> impl IntoView {
    let name = query("name");
    let actions = Actions {
        put: ServerAction::new(),
        make_current: ServerAction::new(),
        delete: ServerAction::new(),
        restore: ServerAction::new(),
    };
    let secret = Resource::new(move || name.get(), describe_secret);
    let changes = move || (actions.delete.version().get(), actions.restore.version().get());
    let takes = Resource::new(move || (name.get(), changes()), |(name, _)| secret_takes_values(name));
    refresh_on(&[EventKind::Secret, EventKind::Service], Signal::stored(None), move || secret.refetch());
    view! {
        <PageTitle text=Signal::derive(move || format!("Secret {}", name.get())) />
        {page(secret, "Secret", move |secret| view! { {head(&secret, actions)} {body(&secret, actions)} })}
        <Suspense>
            {move || {
                let (name, put) = (name.get(), actions.put);
                Suspend::new(async move { takes.await.is_ok_and(|takes| takes).then(|| put_value(name, put)) })
            }}
        </Suspense>
    }
}

fn head(detail: &SecretDetail, actions: Actions) -> AnyView {
    let secret = &detail.secret;
    let (state, word) = state_of(secret);
    let description = secret.description.clone();
    let facts = view! { <StatePill state word=word />{description.map(|text| view! { <span>{text}</span> })} };
    let buttons = match secret.deleted_at {
        None => delete(&secret.name, actions.delete),
        Some(_) => restore(&secret.name, actions.restore),
    };
    let heading = secret.name.clone();
    view! { <PageHead heading mono=true facts=facts.into_any() actions=buttons /> }.into_any()
}

fn delete(name: &str, action: ServerAction<DeleteSecret>) -> AnyView {
    let days = [("7", "7 days"), ("14", "14 days"), ("30", "30 days")];
    let options = days.map(|(value, words)| (value.to_owned(), words.to_owned())).to_vec();
    let (question, name) = (format!("Delete secret {name}?"), name.to_owned());
    view! {
        <DialogButton opens="delete" kind="danger">"Delete"</DialogButton>
        <ConfirmDialog
            id="delete"
            question
            consequence="Tasks that need it do not start from now on. Until its days are up it can be restored."
            done=done(action)
        >
            <ActionForm action attr:class="dialog-form">
                <input type="hidden" name="name" value=name />
                <SelectField name="days" label="Can be restored for" options selected="30" />
                <button class="button" data-kind="danger" type="submit">"Delete secret"</button>
                <FieldError error=error_of(action) />
            </ActionForm>
        </ConfirmDialog>
    }
    .into_any()
}

fn restore(name: &str, action: ServerAction<RestoreSecret>) -> AnyView {
    let name = name.to_owned();
    view! {
        <ActionForm action>
            <input type="hidden" name="name" value=name />
            <button class="button" data-kind="primary" type="submit">"Restore"</button>
            <FieldError error=error_of(action) />
        </ActionForm>
    }
    .into_any()
}

fn body(detail: &SecretDetail, actions: Actions) -> AnyView {
    let reference = format!(r#"{{ "name": "SECRET", "valueFrom": "{}" }}"#, detail.secret.arn);
    view! {
        {versions(detail, actions.make_current)}
        {used_by(&detail.used_by)}
        <Card title="In a task definition">
            <div class="card-body">
                <CodeBlock code=reference label="An entry of a container's secrets" />
                <p class="field-hint">
                    "Add "<code>":MEMBER::"</code>" to the ARN for one member of a JSON object. A service with the tag "
                    <code>"gantry.roll-on-secret-change=enabled"</code>" gets new tasks when the value changes."
                </p>
            </div>
        </Card>
    }
    .into_any()
}

fn versions(detail: &SecretDetail, action: ServerAction<MakeVersionCurrent>) -> AnyView {
    let name = &detail.secret.name;
    let foot =
        view! { <CommandLine command=format!("aws secretsmanager get-secret-value --secret-id {name}") /> }.into_any();
    if detail.versions.is_empty() {
        let text = "Tasks that need it do not start before it has a value.";
        return view! { <Card title="Versions" foot><EmptyState title="No value yet" text /></Card> }.into_any();
    }
    let current = detail.current().filter(|_| detail.secret.deleted_at.is_none()).map(|version| version.id.clone());
    let rows: Vec<_> =
        detail.versions.iter().map(|version| version_row(name, version, current.as_deref(), action)).collect();
    view! {
        <Card title="Versions" note=detail.versions.len().to_string() foot>
            <Table label="Versions" columns=&["Version", "Stages", "Created", "Action"]>{rows}</Table>
            <FieldError error=error_of(action) />
        </Card>
    }
    .into_any()
}

fn version_row(
    name: &str,
    version: &SecretVersion,
    current: Option<&str>,
    action: ServerAction<MakeVersionCurrent>,
) -> AnyView {
    let (id, short) = (version.id.clone(), short_id(&version.id));
    let make = current.filter(|current| *current != version.id).map(|current| {
        let (name, from, to, label) =
            (name.to_owned(), current.to_owned(), id.clone(), format!("Make current: {short}"));
        view! {
            <ActionForm action>
                <input type="hidden" name="name" value=name />
                <input type="hidden" name="from" value=from />
                <input type="hidden" name="to" value=to />
                <button class="button" data-kind="quiet" data-size="small" type="submit" aria-label=label>"Make current"</button>
            </ActionForm>
        }
    });
    view! {
        <tr>
            <td class="mono" title=version.id.clone()>{short.clone()}</td>
            <td class="fill" data-label="Stages" data-span="3">{version.stages.join(", ")}</td>
            <td class="num" data-label="Created">{version.created_at.map(date_and_clock)}</td>
            <td class="end">{make}</td>
        </tr>
    }
    .into_any()
}

/// The form for another value. It stands beside what is refreshed, so that nothing that was typed is lost.
fn put_value(name: String, action: ServerAction<PutSecretValue>) -> AnyView {
    view! {
        <ActionForm action attr:class="column">
            <input type="hidden" name="name" value=name />
            <Card title="New value">
                <div class="card-body form-part">
                    {emptied(action, value_field)}
                </div>
            </Card>
            <FieldError error=error_of(action) />
            <div class="row"><button class="button" type="submit">"Put value"</button>{saved(action)}</div>
        </ActionForm>
    }
    .into_any()
}

fn value_field() -> impl IntoView {
    let hint = "It becomes current at once; containers are given it when they are created. It is not shown again.";
    view! { <TextArea name="value" label="Value" rows=4 hint /> }
}
