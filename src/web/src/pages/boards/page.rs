//! One board: what it shows, and who may open it.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::tiles::choose;
use crate::api::boards::{
    BoardDetail, ChangeBoard, CreateBoardLink, DeleteBoard, LinkSummary, RevokeBoardLink, describe_board,
};
use crate::api::session::load_about;
use crate::components::{
    Card, CodeBlock, ConfirmDialog, DialogButton, EmptyState, Field, FieldError, Icon, IconMark, PageHead, PageTitle,
    SelectField, Table, done, error_of, page, saved,
};
use crate::format::{count, date, query_value};
use crate::pages::param;

#[derive(Clone, Copy)]
struct Actions {
    change: ServerAction<ChangeBoard>,
    delete: ServerAction<DeleteBoard>,
    add_link: ServerAction<CreateBoardLink>,
    revoke: ServerAction<RevokeBoardLink>,
}

/// The page.
#[component]
pub fn BoardPage() -> impl IntoView {
    let name = param("board");
    let actions = Actions {
        change: ServerAction::new(),
        delete: ServerAction::new(),
        add_link: ServerAction::new(),
        revoke: ServerAction::new(),
    };
    let changes =
        move || (actions.change.version().get(), actions.add_link.version().get(), actions.revoke.version().get());
    let board = Resource::new(move || (name.get(), changes()), |(name, _)| describe_board(name));
    view! {
        <PageTitle text=Signal::derive(move || format!("Board {}", name.get())) />
        {page(board, "Status board", move |board| view! { {head(&board, actions)} {body(&board, actions)} })}
    }
}

fn head(detail: &BoardDetail, actions: Actions) -> AnyView {
    let name = detail.board.name.to_string();
    let screen = format!("/status/{}", query_value(&name));
    let kiosk = format!("{screen}?kiosk=1");
    let tiles = i64::try_from(detail.board.tiles.len()).unwrap_or(i64::MAX);
    let links = i64::try_from(detail.links.len()).unwrap_or(i64::MAX);
    let facts = view! { <span>{count(tiles, "tile")}</span><span>{count(links, "open link")}</span> };
    let heading = name.clone();
    let buttons = view! {
        <DialogButton opens="delete" kind="danger">"Delete"</DialogButton>
        <a class="button" href=kiosk rel="external"><IconMark icon=Icon::Board />"Kiosk"</a>
        <a class="button" data-kind="primary" href=screen rel="external">"Open the screen"</a>
        <ConfirmDialog
            id="delete"
            question=format!("Delete board {name}?")
            consequence="Its links open nothing from then on. What it shows is not touched."
            done=done(actions.delete)
        >
            <ActionForm action=actions.delete attr:class="dialog-form">
                <input type="hidden" name="board" value=name />
                <button class="button" data-kind="danger" type="submit">"Delete board"</button>
                <FieldError error=error_of(actions.delete) />
            </ActionForm>
        </ConfirmDialog>
    };
    view! { <PageHead heading facts=facts.into_any() actions=buttons.into_any() /> }.into_any()
}

fn body(detail: &BoardDetail, actions: Actions) -> AnyView {
    view! {
        <div class="split">
            <div class="column">{shows(detail, actions.change)}</div>
            <div class="column">{new_link(detail, actions.add_link)}{links(detail, actions.revoke)}</div>
        </div>
    }
    .into_any()
}

fn shows(detail: &BoardDetail, action: ServerAction<ChangeBoard>) -> AnyView {
    let (name, title) = (detail.board.name.to_string(), detail.board.title.clone());
    let choice = choose(&detail.choices, &detail.board.tiles);
    view! {
        <ActionForm action attr:class="column">
            <input type="hidden" name="board" value=name />
            <Card title="Shows">
                <div class="card-body form-part">
                    <Field name="title" label="Title" value=title hint="What stands on the screen; the name when it is empty." />
                    {choice}
                </div>
            </Card>
            <FieldError error=error_of(action) />
            <div class="row"><button class="button" data-kind="primary" type="submit">"Save"</button>{saved(action)}</div>
        </ActionForm>
    }
    .into_any()
}

/// The form for a link; after it was made, the link, which is told this once.
fn new_link(detail: &BoardDetail, action: ServerAction<CreateBoardLink>) -> AnyView {
    let name = detail.board.name.to_string();
    let query = use_query_map();
    let own = name.clone();
    let made = move || {
        let key = query.with(|query| query.get("key")).filter(|key| !key.is_empty())?;
        Some(view! { <MadeLink path=format!("/status/{}?key={}", query_value(&own), query_value(&key)) /> })
    };
    let days = [("1", "A day"), ("7", "A week"), ("30", "30 days"), ("90", "90 days"), ("365", "A year")];
    let days = days.map(|(value, words)| (value.to_owned(), words.to_owned())).to_vec();
    view! {
        <Card title="New link">
            <div class="card-body">
                {made}
                <ActionForm action attr:class="form-part">
                    <input type="hidden" name="board" value=name />
                    <Field name="label" label="For" hint="Where it hangs, or who has it: it is how you find it again." />
                    <SelectField name="days" label="Opens the board for" options=days selected="30" />
                    <FieldError error=error_of(action) />
                    <div class="row"><button class="button" type="submit"><IconMark icon=Icon::Key />"Make a link"</button></div>
                </ActionForm>
            </div>
        </Card>
    }
    .into_any()
}

#[component]
fn MadeLink(path: String) -> impl IntoView {
    let about = Resource::new(|| (), |()| load_about());
    view! {
        <Suspense>
            {move || {
                let path = path.clone();
                Suspend::new(async move {
                    let base = about.await.map(|about| about.endpoint_url).unwrap_or_default();
                    let code = format!("{base}{path}");
                    view! {
                        <div class="made-link" role="status">
                            <p><b>"Copy the link now: it is not shown again."</b></p>
                            <CodeBlock code=code label="Link" />
                            <p class="field-hint">"Add "<code>"&kiosk=1"</code>" for a screen on a wall."</p>
                        </div>
                    }
                })
            }}
        </Suspense>
    }
}

fn links(detail: &BoardDetail, action: ServerAction<RevokeBoardLink>) -> AnyView {
    if detail.links.is_empty() {
        let text = "Only people who are signed in can open the board.";
        return view! { <Card title="Links"><EmptyState title="No links" text /></Card> }.into_any();
    }
    let board = detail.board.name.to_string();
    let rows: Vec<_> = detail.links.iter().cloned().map(|link| row(&board, link, action)).collect();
    view! {
        <Card title="Links" note=detail.links.len().to_string()>
            <Table label="Links" columns=&["For", "Until", "Made by", ""]>{rows}</Table>
            <FieldError error=error_of(action) />
        </Card>
    }
    .into_any()
}

fn row(board: &str, link: LinkSummary, action: ServerAction<RevokeBoardLink>) -> AnyView {
    let label = if link.label.is_empty() { link.id.clone() } else { link.label.clone() };
    let board = board.to_owned();
    let revoke = format!("Revoke the link for {label}");
    view! {
        <tr>
            <td><b>{label}</b></td>
            <td data-label="Until" class="num">{date(link.expires_at)}</td>
            <td data-label="Made by">{link.made_by}</td>
            <td>
                <ActionForm action>
                    <input type="hidden" name="board" value=board />
                    <input type="hidden" name="link" value=link.id />
                    <button class="button" data-kind="danger" data-size="small" type="submit" aria-label=revoke>"Revoke"</button>
                </ActionForm>
            </td>
        </tr>
    }
    .into_any()
}
