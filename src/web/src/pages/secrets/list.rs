//! All secrets.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use crate::api::secrets::{SecretSummary, list_secrets};
use crate::components::{
    Card, CodeBlock, CommandLine, EmptyState, Icon, IconMark, PageHead, PageTitle, StateWord, Table, panel,
};
use crate::format::{date, date_and_clock};
use crate::live::refresh_on;
use crate::state::State;

/// How a container is given a secret.
const EXAMPLE: &str = r#""secrets": [
  {
    "name": "PASSWORD",
    "valueFrom": "arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf:password::"
  }
]"#;

/// The page.
#[component]
pub fn Secrets() -> impl IntoView {
    let secrets = Resource::new(|| (), |()| list_secrets());
    refresh_on(&[EventKind::Secret], Signal::stored(None), move || secrets.refetch());
    let create = view! {
        <a class="button" data-kind="primary" href="/create-secret"><IconMark icon=Icon::Plus />"Create secret"</a>
    };
    let facts = view! { <span>"Given to containers when they are created, and shown to nobody."</span> };
    view! {
        <PageTitle text="Secrets" />
        <PageHead heading="Secrets" facts=facts.into_any() actions=create.into_any() />
        {panel(secrets, "Secrets", shown)}
    }
}

fn shown(secrets: Vec<SecretSummary>) -> AnyView {
    let foot = view! { <CommandLine command="aws secretsmanager list-secrets" /> }.into_any();
    if secrets.is_empty() {
        let text = "A task definition names a secret, and its containers find the value in their environment.";
        return view! {
            <Card title="Secrets" foot>
                <EmptyState title="No secrets yet" text />
                <div class="card-body"><CodeBlock code=EXAMPLE label="A container definition with a secret" /></div>
            </Card>
        }
        .into_any();
    }
    let note = secrets.len().to_string();
    let rows: Vec<_> = secrets.into_iter().map(row).collect();
    view! {
        <Card title="Secrets" note foot>
            <Table label="Secrets" columns=&["Name", "Description", "State", "Changed", "-Last read"]>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn row(secret: SecretSummary) -> AnyView {
    let href = super::href(&secret.name);
    let (state, word) = state_of(&secret);
    view! {
        <tr>
            <td><a class="object mono" href=href>{secret.name}</a></td>
            <td class="fill" data-label="Description" data-span="3">{secret.description}</td>
            <td data-label="State"><StateWord state word=word /></td>
            <td class="num" data-label="Changed">{secret.changed_at.map(date_and_clock)}</td>
            <td class="num" data-label="Last read" data-low="">{secret.accessed_on.map_or_else(|| "never".to_owned(), date)}</td>
        </tr>
    }
    .into_any()
}

/// Whether a secret can be had, or is in its last days.
pub(super) fn state_of(secret: &SecretSummary) -> (State, &'static str) {
    match secret.deleted_at {
        None => (State::Running, "Available"),
        Some(_) => (State::Draining, "To be deleted"),
    }
}
