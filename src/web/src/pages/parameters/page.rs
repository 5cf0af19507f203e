//! One parameter: its versions, who is given it, and what is done with it.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::list::kind;
use crate::api::parameters::{
    DeleteParameter, ParameterDetail, ParameterVersion, PutParameterValue, describe_parameter, parameter_takes_values,
};
use crate::components::{
    Card, CodeBlock, CommandLine, ConfirmDialog, DialogButton, FieldError, PageHead, PageTitle, Table, TextArea, done,
    emptied, error_of, page, saved,
};
use crate::format::{date_and_clock, last_part};
use crate::live::refresh_on;
use crate::pages::query;
use crate::pages::secrets::used_by::used_by;

/// The page.
#[component]
pub fn ParameterPage() -> impl IntoView {
    let name = query("name");
    let put = ServerAction::<PutParameterValue>::new();
    let delete = ServerAction::<DeleteParameter>::new();
    let parameter = Resource::new(move || name.get(), describe_parameter);
    let takes = Resource::new(move || name.get(), parameter_takes_values);
    refresh_on(&[EventKind::Parameter, EventKind::Service], Signal::stored(None), move || parameter.refetch());
    view! {
        <PageTitle text=Signal::derive(move || format!("Parameter {}", name.get())) />
        {page(parameter, "Parameter", move |parameter| view! { {head(&parameter, delete)} {body(&parameter)} })}
        <Suspense>
            {move || {
                let name = name.get();
                Suspend::new(async move { takes.await.is_ok_and(|takes| takes).then(|| put_value(name, put)) })
            }}
        </Suspense>
    }
}

fn head(detail: &ParameterDetail, action: ServerAction<DeleteParameter>) -> AnyView {
    let parameter = &detail.parameter;
    let (heading, name, description) = (parameter.name.clone(), parameter.name.clone(), parameter.description.clone());
    let facts = view! {
        <span>{kind(&parameter.kind)}</span>
        <span>{format!("version {}", parameter.version)}</span>
        {description.map(|text| view! { <span>{text}</span> })}
    };
    let buttons = view! {
        <DialogButton opens="delete" kind="danger">"Delete"</DialogButton>
        <ConfirmDialog
            id="delete"
            question=format!("Delete parameter {name}?")
            consequence="Its values are gone with it. Tasks that need it do not start from now on."
            done=done(action)
        >
            <ActionForm action attr:class="dialog-form">
                <input type="hidden" name="name" value=name />
                <button class="button" data-kind="danger" type="submit">"Delete parameter"</button>
                <FieldError error=error_of(action) />
            </ActionForm>
        </ConfirmDialog>
    };
    view! { <PageHead heading mono=true facts=facts.into_any() actions=buttons.into_any() /> }.into_any()
}

fn body(detail: &ParameterDetail) -> AnyView {
    let name = &detail.parameter.name;
    let reference = format!(r#"{{ "name": "PARAMETER", "valueFrom": "{name}" }}"#);
    let foot = view! {
        <CommandLine command=format!("aws ssm get-parameter --name {name} --with-decryption") />
    };
    let rows: Vec<_> = detail.versions.iter().map(version_row).collect();
    view! {
        <Card title="Versions" note=detail.versions.len().to_string() foot=foot.into_any()>
            <Table label="Versions" columns=&[">Version", "Value", "Labels", "-By", "Written"]>{rows}</Table>
        </Card>
        {used_by(&detail.used_by)}
        <Card title="In a task definition">
            <div class="card-body">
                <CodeBlock code=reference label="An entry of a container's secrets" />
                <p class="field-hint">
                    "A service with the tag "<code>"gantry.roll-on-secret-change=enabled"</code>
                    " gets new tasks when the value changes."
                </p>
            </div>
        </Card>
    }
    .into_any()
}

fn version_row(version: &ParameterVersion) -> AnyView {
    let value = match version.value.clone() {
        Some(value) => view! { <span class="mono">{value}</span> }.into_any(),
        None => view! { <span class="muted">"not shown"</span> }.into_any(),
    };
    view! {
        <tr>
            <td class="end num">{version.version}</td>
            <td class="fill" data-label="Value" data-span="3">{value}</td>
            <td data-label="Labels">{version.labels.join(", ")}</td>
            <td data-label="By" data-low="">{last_part(&version.modified_by).to_owned()}</td>
            <td class="num" data-label="Written">{version.modified_at.map(date_and_clock)}</td>
        </tr>
    }
    .into_any()
}

/// The form for another value. It stands beside what is refreshed, so that nothing that was typed is lost.
fn put_value(name: String, action: ServerAction<PutParameterValue>) -> AnyView {
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
    view! { <TextArea name="value" label="Value" rows=3 hint="It becomes the newest version at once." /> }
}
