//! All families.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use crate::api::task_definitions::{FamilySummary, list_families};
use crate::components::{Card, CommandLine, EmptyState, Fresh, PageHead, PageTitle, StateWord, Table, panel};
use crate::format::count;
use crate::live::refresh_on;
use crate::pages::query;
use crate::state::State;

/// All families, filtered by `?q=`.
#[component]
pub fn Families() -> impl IntoView {
    let wanted = query("q");
    let families = Resource::new(|| (), |()| list_families());
    refresh_on(&[EventKind::TaskDefinition], Signal::derive(|| None), move || families.refetch());
    let fresh = Fresh::default();
    view! {
        <PageTitle text="Task definitions" />
        <PageHead
            heading="Task definitions"
            actions=view! { <a class="button" data-kind="primary" href="/register-task-definition">"Register"</a> }.into_any()
        />
        {panel(families, "Task definitions", move |families| list(families, &wanted.get(), fresh))}
    }
}

fn list(families: Vec<FamilySummary>, wanted: &str, fresh: Fresh) -> AnyView {
    if families.is_empty() {
        return view! {
            <Card title="Families">
                <EmptyState
                    title="No task definitions"
                    text="A task definition says which containers run together and what they need."
                    command="aws ecs register-task-definition --cli-input-json file://task-definition.json"
                />
            </Card>
        }
        .into_any();
    }
    let shown: Vec<_> = families.into_iter().filter(|f| f.name.contains(wanted)).collect();
    let note = count(i64::try_from(shown.len()).unwrap_or(0), "family").replace("familys", "families");
    let search = view! {
        <form class="row" method="get" action="/task-definitions" role="search">
            <label class="visually-hidden" for="q">"Filter families"</label>
            <input class="input" id="q" name="q" type="search" placeholder="Filter by name" value=wanted.to_owned() />
            <button class="button" type="submit">"Filter"</button>
        </form>
    };
    let rows: Vec<_> = shown.into_iter().map(|family| row(family, fresh)).collect();
    view! {
        <Card
            title="Families"
            note
            tools=search.into_any()
            foot=view! { <CommandLine command="aws ecs list-task-definition-families --status ALL" /> }.into_any()
        >
            <Table label="Families" columns=&["Family", "State", ">Latest", ">Active revisions"]>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn row(family: FamilySummary, fresh: Fresh) -> impl IntoView {
    let (state, word) =
        if family.latest.is_some() { (State::Running, "Active") } else { (State::Stopped, "Deregistered") };
    let flash = fresh.of(&family.name, &family);
    let href = format!("/task-definitions/{}", family.name);
    let latest = family.latest.map(|revision| {
        view! { <a class="link" href=format!("{href}/{revision}")>{revision}</a> }
    });
    view! {
        <tr data-fresh=flash>
            <td><a class="object" href=href.clone()><b>{family.name}</b></a></td>
            <td data-label="State"><StateWord state word /></td>
            <td class="end" data-label="Latest">{latest}</td>
            <td class="end" data-label="Active revisions">{family.active}</td>
        </tr>
    }
}
