//! The frame itself: skip link, landmarks, and the page in the middle.

use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;

use super::keys::{Keys, listen_for_keys};
use super::palette::Palette;
use super::sidenav::{BottomBar, SideNav};
use super::topbar::TopBar;

/// Everything around a page.
#[component]
pub fn Frame() -> impl IntoView {
    focus_on_navigation();
    listen_for_keys();
    view! {
        <a class="skip-link" href="#main" rel="external">"Skip to content"</a>
        <div class="app">
            <TopBar />
            <SideNav />
            <main class="page" id="main" tabindex="-1">
                <Outlet />
            </main>
            <BottomBar />
        </div>
        <Palette />
        <Keys />
    }
}

/// After a navigation inside the application the focus moves to the new page, as a full load would have moved it.
fn focus_on_navigation() {
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now) {
            focus_main();
        }
        now
    });
}

#[cfg(feature = "hydrate")]
fn focus_main() {
    use wasm_bindgen::JsCast;
    let main = document().get_element_by_id("main").and_then(|main| main.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(main) = main {
        // An element that cannot take the focus is left alone.
        let _focused = main.focus();
    }
}

#[cfg(not(feature = "hydrate"))]
fn focus_main() {}
