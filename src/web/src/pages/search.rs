//! Everything by its name, on a page: what the palette is where there are scripts.

use leptos::prelude::*;

use crate::api::search::{Found, search};
use crate::components::{Card, EmptyState, IconMark, PageHead, PageTitle, panel};
use crate::pages::query;

/// The page; `?q=` is what is looked for.
#[component]
pub fn Search() -> impl IntoView {
    let wanted = query("q");
    let found = Resource::new(move || wanted.get(), search);
    view! {
        <PageTitle text="Search" />
        <PageHead heading="Search" />
        <form class="filter-bar" method="get" action="/search" role="search">
            <label class="visually-hidden" for="q">"Search"</label>
            <input class="input" id="q" name="q" type="search" placeholder="A name, or what to do" value=move || wanted.get() />
            <button class="button" data-kind="primary" type="submit">"Search"</button>
        </form>
        {panel(found, "Found", list)}
    }
}

fn list(found: Vec<Found>) -> AnyView {
    if found.is_empty() {
        let text = "No cluster, service, task definition, repository or page has such a name.";
        return view! { <Card title="Found"><EmptyState title="Nothing found" text /></Card> }.into_any();
    }
    let rows: Vec<_> = found
        .into_iter()
        .map(|found| {
            view! {
                <li>
                    <a class="palette-option" href=found.href>
                        <IconMark icon=found.kind.icon() /><span>{found.title}</span><span class="muted">{found.about}</span>
                    </a>
                </li>
            }
        })
        .collect();
    view! { <Card title="Found"><ul class="palette-list">{rows}</ul></Card> }.into_any()
}
