//! The beam: brand, context, the way, live dot, theme, account.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::breadcrumbs::Breadcrumbs;
use super::live_dot::LiveDot;
use super::palette::PaletteTrigger;
use crate::api::session::load_about;
use crate::components::{BrandMark, Icon, IconMark};

/// The top bar.
#[component]
pub fn TopBar() -> impl IntoView {
    let about = Resource::new(|| (), |()| load_about());
    view! {
        <header class="topbar">
            <a class="topbar-brand" href="/" aria-label="Gantry, overview"><BrandMark /><span>"Gantry"</span></a>
            <Suspense>
                {move || Suspend::new(async move {
                    about.await.ok().map(|about| view! {
                        <span class="context">"this Gantry "<span class="mono">{about.region}</span></span>
                    })
                })}
            </Suspense>
            <Breadcrumbs />
            <div class="topbar-tools">
                <PaletteTrigger />
                <LiveDot />
                <ThemeToggle />
                <Suspense>
                    {move || Suspend::new(async move { about.await.ok().map(|about| view! { <Account name=about.user /> }) })}
                </Suspense>
            </div>
        </header>
    }
}

/// Switches between light and dark: a form post, or at once when WebAssembly runs.
#[component]
pub fn ThemeToggle() -> impl IntoView {
    let location = use_location();
    let back = move || {
        format!(
            "{}{}",
            location.pathname.get(),
            location.search.with(|q| if q.is_empty() { String::new() } else { format!("?{q}") })
        )
    };
    view! {
        <form method="post" action="/ui/theme" on:submit=switch_here>
            <input type="hidden" name="back" value=back />
            <button class="button theme-toggle" data-kind="quiet" data-shape="square" aria-label="Switch theme">
                <IconMark icon=Icon::Moon /><IconMark icon=Icon::Sun />
            </button>
        </form>
    }
}

#[cfg(feature = "hydrate")]
fn switch_here(event: leptos::ev::SubmitEvent) {
    use wasm_bindgen::JsCast;
    let Some(root) = document().document_element() else { return };
    let system_dark =
        window().match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|query| query.matches());
    let dark = root.get_attribute("data-theme").map_or(system_dark, |theme| theme == "dark");
    let theme = if dark { "light" } else { "dark" };
    let Ok(page) = document().dyn_into::<web_sys::HtmlDocument>() else { return };
    let cookie = format!("theme={theme}; Path=/; Max-Age=31536000; SameSite=Lax");
    if page.set_cookie(&cookie).is_ok() && root.set_attribute("data-theme", theme).is_ok() {
        event.prevent_default();
    }
}

#[cfg(not(feature = "hydrate"))]
fn switch_here(_: leptos::ev::SubmitEvent) {}

/// Who is signed in, and the way out.
#[component]
fn Account(name: String) -> impl IntoView {
    let badge: String = name.chars().take(2).flat_map(char::to_uppercase).collect();
    view! {
        <span class="account">
            <span class="account-badge" aria-hidden="true">{badge}</span>
            <span class="account-name">{name}</span>
        </span>
        <form method="post" action="/ui/sign-out">
            <button class="button" data-kind="quiet" data-size="small">"Sign out"</button>
        </form>
    }
}
