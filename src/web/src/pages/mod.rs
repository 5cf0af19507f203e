//! Pages, one folder an area. A page owns its data and its address; looks belong to components.

pub mod clusters;
pub mod events;
pub mod home;
pub mod login;
pub mod not_found;
pub mod repositories;
pub mod services;
pub mod task_definitions;
pub mod tasks;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// A part of the page's address by its name in the route table.
pub(crate) fn param(name: &'static str) -> Signal<String> {
    let params = use_params_map();
    Signal::derive(move || params.with(|params| params.get(name).unwrap_or_default()))
}
