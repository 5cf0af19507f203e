//! An address that leads nowhere.

use leptos::prelude::*;

use crate::components::panel::set_status;
use crate::components::{EmptyState, PageTitle};

/// The page for it.
#[component]
pub fn NotFound() -> impl IntoView {
    set_status(404);
    view! {
        <PageTitle text="Not found" />
        <main class="page lost" id="main">
            <h1>"There is nothing here"</h1>
            <section class="card">
                <EmptyState
                    title="No page has this address"
                    text="It may have been deleted, or the link is mistyped."
                    action=view! { <a class="button" data-kind="primary" href="/">"Go to the overview"</a> }.into_any()
                />
            </section>
        </main>
    }
}
