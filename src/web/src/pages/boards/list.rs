//! All boards.

use leptos::prelude::*;

use crate::api::boards::{BoardSummary, list_boards};
use crate::components::{Card, EmptyState, Icon, IconMark, PageHead, PageTitle, Table, panel};

/// The page.
#[component]
pub fn BoardList() -> impl IntoView {
    let boards = Resource::new(|| (), |()| list_boards());
    let facts = view! { <span>"Read-only screens, opened by a link without signing in."</span> };
    view! {
        <PageTitle text="Status boards" />
        <PageHead heading="Status boards" facts=facts.into_any() actions=create().into_any() />
        {panel(boards, "Status boards", list)}
    }
}

fn create() -> impl IntoView {
    view! { <a class="button" data-kind="primary" href="/create-board"><IconMark icon=Icon::Plus />"Create board"</a> }
}

fn list(boards: Vec<BoardSummary>) -> AnyView {
    if boards.is_empty() {
        let text = "A board shows the services, capacity and deployments that you choose, on a wall or to people without an account.";
        return view! { <Card title="Boards"><EmptyState title="No status boards" text /></Card> }.into_any();
    }
    let note = boards.len().to_string();
    let rows: Vec<_> = boards.into_iter().map(row).collect();
    let columns = &["Board", "Title", ">Tiles", ">Open links", "Screen"];
    view! { <Card title="Boards" note><Table label="Boards" columns>{rows}</Table></Card> }.into_any()
}

fn row(board: BoardSummary) -> impl IntoView {
    let screen = format!("/status/{}", board.name);
    let href = format!("/boards/{}", board.name);
    let label = format!("Open the screen of {}", board.name);
    view! {
        <tr>
            <td><a class="object" href=href><b>{board.name}</b></a></td>
            <td data-label="Title" data-span="3">{board.title}</td>
            <td class="end num" data-label="Tiles">{board.tiles}</td>
            <td class="end num" data-label="Open links">{board.links}</td>
            <td data-label="Screen"><a class="link" href=screen rel="external" aria-label=label>"Open"</a></td>
        </tr>
    }
}
