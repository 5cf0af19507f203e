//! All parameters.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use crate::api::parameters::{ParameterSummary, SECRET, list_parameters};
use crate::components::{Card, CodeBlock, CommandLine, EmptyState, Icon, IconMark, PageHead, PageTitle, Table, panel};
use crate::format::date_and_clock;
use crate::live::refresh_on;

/// How a container is given a parameter.
const EXAMPLE: &str = r#""secrets": [
  { "name": "DATABASE_URL", "valueFrom": "/shop/database-url" }
]"#;

/// The page.
#[component]
pub fn Parameters() -> impl IntoView {
    let parameters = Resource::new(|| (), |()| list_parameters());
    refresh_on(&[EventKind::Parameter], Signal::stored(None), move || parameters.refetch());
    let create = view! {
        <a class="button" data-kind="primary" href="/create-parameter"><IconMark icon=Icon::Plus />"Create parameter"</a>
    };
    view! {
        <PageTitle text="Parameters" />
        <PageHead heading="Parameters" actions=create.into_any() />
        {panel(parameters, "Parameters", shown)}
    }
}

fn shown(parameters: Vec<ParameterSummary>) -> AnyView {
    let foot = view! { <CommandLine command="aws ssm describe-parameters" /> }.into_any();
    if parameters.is_empty() {
        let text = "Configuration by name, in versions. A task definition names one as it names a secret.";
        return view! {
            <Card title="Parameters" foot>
                <EmptyState title="No parameters yet" text />
                <div class="card-body"><CodeBlock code=EXAMPLE label="A container definition with a parameter" /></div>
            </Card>
        }
        .into_any();
    }
    let note = parameters.len().to_string();
    let rows: Vec<_> = parameters.into_iter().map(row).collect();
    view! {
        <Card title="Parameters" note foot>
            <Table label="Parameters" columns=&["Name", "Type", "-Description", ">Version", "Changed"]>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn row(parameter: ParameterSummary) -> AnyView {
    let href = super::href(&parameter.name);
    view! {
        <tr>
            <td><a class="object mono" href=href>{parameter.name}</a></td>
            <td data-label="Type">{kind(&parameter.kind)}</td>
            <td class="fill" data-label="Description" data-low="" data-span="3">{parameter.description}</td>
            <td class="end num" data-label="Version">{parameter.version}</td>
            <td class="num" data-label="Changed">{parameter.modified_at.map(date_and_clock)}</td>
        </tr>
    }
    .into_any()
}

/// A type in words.
pub(super) fn kind(kind: &str) -> &'static str {
    match kind {
        SECRET => "Secret",
        "StringList" => "List",
        _ => "Text",
    }
}
