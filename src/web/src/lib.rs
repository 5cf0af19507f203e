//! The dashboard: pages, components, server functions and the stream that keeps them live.
//!
//! Built twice. With `ssr` it is a library that the server links: [`server::router`] answers pages, server functions and
//! static files. With `hydrate` it is the WebAssembly module that takes the server's HTML over in the browser. What the
//! pages show comes from the public API through the AWS SDKs (see `sdk`), so nothing is possible here that is not
//! possible by API. Read [`app::App`] first: it is the route table.

#![recursion_limit = "512"]

#[cfg(all(feature = "ssr", feature = "hydrate"))]
compile_error!(
    "features `ssr` and `hydrate` exclude each other: the server and the browser build the crate separately"
);

pub mod api;
pub mod app;
pub mod components;
pub mod error;
pub mod format;
pub mod layout;
pub mod live;
pub mod pages;
pub mod state;
pub mod task_definition_form;
pub mod task_definition_json;
pub mod visitor;

#[cfg(feature = "ssr")]
pub mod sdk;
#[cfg(feature = "ssr")]
pub mod server;

#[cfg(feature = "ssr")]
pub use server::{Accounts, Boards, NewBoardLink, RuleState, Schedules, WebContext, router};

/// Takes the server's HTML over in the browser.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
