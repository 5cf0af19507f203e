//! Sign in: by the one-time link of the first start, or with an access key. Plain form posts; a GET changes nothing.

mod art;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use art::gate_art;

use crate::components::{BrandMark, Field, Icon, IconMark, PageTitle, Shape};
use crate::layout::ThemeToggle;
use crate::state::State;

/// The page.
#[component]
pub fn Login() -> impl IntoView {
    let query = use_query_map();
    let get = move |name: &'static str| query.with(|query| query.get(name)).filter(|value| !value.is_empty());
    view! {
        <PageTitle text="Sign in" />
        <main class="gate" id="main">
            <div class="gate-form">
                <p class="row gate-brand"><BrandMark />"Gantry"</p>
                <div class="gate-card">
                    <div>
                        <h1>"Sign in"</h1>
                        <p class="page-lead">"Your containers, your hosts, the API you know."</p>
                    </div>
                    {move || get("failed").map(|why| view! { <FailedSignIn why /> })}
                    {move || get("token").map(|token| view! { <TokenForm token next=get("next") /> })}
                    <KeyForm
                        next=Signal::derive(move || get("next"))
                        kind=Signal::derive(move || get("token").is_none().then_some("primary"))
                    />
                    <p class="field-hint">"First start? The one-time link is in the terminal that runs "<code>"gantry serve"</code>"."</p>
                </div>
                <div class="gate-foot row">"Gantry "{env!("CARGO_PKG_VERSION")}<span class="push"><ThemeToggle /></span></div>
            </div>
            {gate_art()}
        </main>
    }
}

#[component]
fn FailedSignIn(why: String) -> impl IntoView {
    let text = match why.as_str() {
        "token" => {
            "This link has been used or is not valid. Every start of the server makes a new one; an access key works, too."
        }
        "key" => "This access key is not known, or the secret is wrong.",
        _ => "The sign-in could not be checked. The server's log says why.",
    };
    view! { <p class="field-error" role="alert"><Shape state=State::Failed /><span>{text}</span></p> }
}

#[component]
fn TokenForm(token: String, next: Option<String>) -> impl IntoView {
    view! {
        <form class="gate-card" method="post" action="/ui/sign-in">
            <input type="hidden" name="token" value=token />
            <input type="hidden" name="next" value=next />
            <button class="button" data-kind="primary"><IconMark icon=Icon::Key />"Sign in with this link"</button>
        </form>
        <p class="gate-or">"or with an access key"</p>
    }
}

#[component]
fn KeyForm(
    next: Signal<Option<String>>,
    /// The button is the page's primary one unless a link is there to sign in with.
    kind: Signal<Option<&'static str>>,
) -> impl IntoView {
    view! {
        <form class="gate-card" method="post" action="/ui/sign-in">
            <input type="hidden" name="next" value=move || next.get() />
            <Field name="access_key_id" label="Access key ID" autocomplete="username" required=true />
            <Field name="secret_access_key" label="Secret access key" kind="password" autocomplete="current-password" required=true />
            <button class="button" data-kind=kind>"Sign in"</button>
        </form>
    }
}
