//! Making a board.

use leptos::prelude::*;

use super::tiles::choose;
use crate::api::boards::{CreateBoard as CreateBoardCall, board_choices};
use crate::components::{Card, Field, FieldError, PageHead, PageTitle, error_of, panel};

/// The page.
#[component]
pub fn CreateBoard() -> impl IntoView {
    let action = ServerAction::<CreateBoardCall>::new();
    let choices = Resource::new(|| (), |()| board_choices());
    view! {
        <PageTitle text="Create board" />
        <PageHead
            heading="Create board"
            facts=view! { <span>"It shows what you choose here and nothing else."</span> }.into_any()
        />
        <ActionForm action attr:class="column narrow">
            <Card title="Board">
                <div class="card-body form-part">
                    <Field name="name" label="Name" required=true hint="Letters, digits, hyphens and underscores. It stands in the address." />
                    <Field name="title" label="Title" hint="What stands on the screen; the name when it is empty." />
                </div>
            </Card>
            {panel(choices, "Shows", |choices| {
                view! { <Card title="Shows"><div class="card-body form-part">{choose(&choices, &[])}</div></Card> }
            })}
            <FieldError error=error_of(action) />
            <div class="row">
                <button class="button" data-kind="primary" type="submit">"Create board"</button>
                <a class="button" data-kind="quiet" href="/boards">"Cancel"</a>
            </div>
        </ActionForm>
    }
}
