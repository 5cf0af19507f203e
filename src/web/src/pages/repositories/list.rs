//! All repositories.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use crate::api::repositories::{RepositorySummary, list_repositories};
use crate::components::{
    Card, CommandLine, CopyButton, EmptyState, Fresh, Icon, IconMark, PageHead, PageTitle, Table, panel,
};
use crate::format::{bytes, date_and_clock, query_value};
use crate::live::refresh_on;
use crate::pages::query;

/// The page; `?q=` filters by name.
#[component]
pub fn Repositories() -> impl IntoView {
    let wanted = query("q");
    let repositories = Resource::new(|| (), |()| list_repositories());
    refresh_on(&[EventKind::Repository, EventKind::Image], Signal::stored(None), move || repositories.refetch());
    let fresh = Fresh::default();
    let create = view! { <a class="button" data-kind="primary" href="/create-repository"><IconMark icon=Icon::Plus />"Create repository"</a> };
    view! {
        <PageTitle text="Repositories" />
        <PageHead heading="Repositories" actions=create.into_any() />
        {panel(repositories, "Repositories", move |found| list(found, &wanted.get(), fresh))}
    }
}

fn list(repositories: Vec<RepositorySummary>, wanted: &str, fresh: Fresh) -> AnyView {
    let foot = view! { <CommandLine command="aws ecr describe-repositories" /> }.into_any();
    if repositories.is_empty() {
        let action = view! { <a class="button" data-kind="primary" href="/create-repository">"Create repository"</a> };
        return view! {
            <Card title="Repositories" foot>
                <EmptyState
                    title="No repositories yet"
                    text="A repository keeps the images of one program. Create one, then push with docker."
                    command="aws ecr create-repository --repository-name hello"
                    action=action.into_any()
                />
            </Card>
        }
        .into_any();
    }
    let shown: Vec<_> = repositories.into_iter().filter(|repository| repository.name.contains(wanted)).collect();
    let note = shown.len().to_string();
    let search = view! {
        <form class="row" method="get" action="/repositories" role="search">
            <label class="visually-hidden" for="q">"Filter repositories"</label>
            <input class="input" id="q" name="q" type="search" placeholder="Filter by name" value=wanted.to_owned() />
            <button class="button" type="submit">"Filter"</button>
        </form>
    };
    let rows: Vec<_> = shown.into_iter().map(|repository| row(repository, fresh)).collect();
    view! {
        <Card title="Repositories" note tools=search.into_any() foot>
            <Table label="Repositories" columns=&["Repository", "Address", "Tags", ">Images", ">Size", "->Last push"]>
                {rows}
            </Table>
        </Card>
    }
    .into_any()
}

fn row(repository: RepositorySummary, fresh: Fresh) -> AnyView {
    let flash = fresh.of(&repository.name, &repository);
    let href = format!("/repositories/{}", query_value(&repository.name));
    let copy = format!("Copy the address of {}", repository.name);
    view! {
        <tr data-fresh=flash>
            <td><a class="object" href=href><b>{repository.name}</b></a></td>
            <td class="fill" data-label="Address" data-wide="">
                <span class="row"><span class="mono truncate">{repository.uri.clone()}</span><CopyButton text=repository.uri label=copy /></span>
            </td>
            <td data-label="Tags">{if repository.immutable { "immutable" } else { "mutable" }}</td>
            <td class="end num value" data-label="Images">{repository.images}</td>
            <td class="end num" data-label="Size">{bytes(repository.size)}</td>
            <td class="end num muted" data-label="Last push" data-low="" data-span="4">
                {repository.pushed_at.map_or_else(|| "never".to_owned(), date_and_clock)}
            </td>
        </tr>
    }
    .into_any()
}
