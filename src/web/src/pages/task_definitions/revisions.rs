//! One family: its revisions and where each is in use.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use crate::api::task_definitions::{RevisionSummary, list_revisions};
use crate::components::{Card, CommandLine, Fresh, PageHead, PageTitle, StateWord, Table, page};
use crate::format::count;
use crate::live::refresh_on;
use crate::pages::param;
use crate::state::State;

/// One family.
#[component]
pub fn Revisions() -> impl IntoView {
    let family = param("family");
    let revisions = Resource::new(move || family.get(), list_revisions);
    refresh_on(&[EventKind::TaskDefinition, EventKind::Service], Signal::derive(|| None), move || revisions.refetch());
    let fresh = Fresh::default();
    view! {
        <PageTitle text=Signal::derive(move || format!("Task definition {}", family.get())) />
        {page(revisions, "Task definition", move |revisions| list(&family.get(), revisions, fresh))}
    }
}

fn list(family: &str, revisions: Vec<RevisionSummary>, fresh: Fresh) -> AnyView {
    let note = count(i64::try_from(revisions.len()).unwrap_or(0), "revision");
    let newest = revisions.iter().find(|r| r.active).map(|r| r.revision);
    let from = newest.map_or_else(|| family.to_owned(), |revision| format!("{family}:{revision}"));
    let rows: Vec<_> = revisions.into_iter().map(|revision| row(family, revision, fresh)).collect();
    view! {
        <PageHead
            heading=family.to_owned()
            facts=view! { <span>{note.clone()}</span> }.into_any()
            actions=view! {
                <a class="button" data-kind="primary" href=format!("/register-task-definition?from={from}")>"New revision"</a>
            }
            .into_any()
        />
        <Card
            title="Revisions"
            note
            foot=view! {
                <CommandLine command=format!("aws ecs list-task-definitions --family-prefix {family} --sort DESC") />
            }
            .into_any()
        >
            <Table label="Revisions" columns=&["Revision", "State", "In use by", ">Compare"]>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn row(family: &str, revision: RevisionSummary, fresh: Fresh) -> AnyView {
    let (state, word) = if revision.active { (State::Running, "Active") } else { (State::Stopped, "Inactive") };
    let flash = fresh.of(&revision.revision.to_string(), &revision);
    let href = format!("/task-definitions/{family}/{}", revision.revision);
    let before = revision.revision.checked_sub(1).filter(|r| *r > 0).map(|before| {
        let label = format!("Compare {} with {before}", revision.revision);
        view! { <a class="link" href=format!("{href}?against={before}") aria-label=label>{format!("with {before}")}</a> }
    });
    view! {
        <tr data-fresh=flash>
            <td><a class="object" href=href.clone()><b>{format!("{family}:{}", revision.revision)}</b></a></td>
            <td data-label="State"><StateWord state word /></td>
            <td data-label="In use by" data-wide="">{users(revision.used_by)}</td>
            <td class="end" data-label="Compare">{before.map_or_else(|| view! { <span class="muted">"–"</span> }.into_any(), IntoAny::into_any)}</td>
        </tr>
    }
    .into_any()
}

/// Links to the services that use a revision.
pub(super) fn users(used_by: Vec<(String, String)>) -> AnyView {
    if used_by.is_empty() {
        return view! { <span class="muted">"–"</span> }.into_any();
    }
    used_by
        .into_iter()
        .map(|(cluster, service)| {
            let href = format!("/clusters/{cluster}/services/{service}");
            view! { <a class="link" href=href>{format!("{cluster} / {service}")}</a>" " }
        })
        .collect_view()
        .into_any()
}
