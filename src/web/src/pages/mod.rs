//! Pages, one folder an area. A page owns its data and its address; looks belong to components.

pub mod boards;
pub mod clusters;
pub mod events;
pub mod home;
pub mod load_balancers;
pub mod login;
pub mod logs;
pub mod not_found;
pub mod parameters;
pub mod repositories;
pub mod schedules;
pub mod search;
pub mod secrets;
pub mod services;
pub mod status;
pub mod task_definitions;
pub mod tasks;

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use leptos_router::params::ParamsMap;

/// A part of the page's address. A resource that loads while its page goes may ask for it once more after that; a signal
/// of the page would then be gone and reading it a fault, so this one reads as empty.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    of: Memo<ParamsMap>,
    name: &'static str,
}

impl Part {
    /// The part; empty when the address does not have it.
    pub(crate) fn get(self) -> String {
        self.filled().unwrap_or_default()
    }

    /// The part, unless it is empty.
    pub(crate) fn filled(self) -> Option<String> {
        self.of.try_with(|of| of.get(self.name)).flatten().filter(|value| !value.is_empty())
    }
}

/// A part of the page's path by its name in the route table.
pub(crate) fn param(name: &'static str) -> Part {
    Part { of: use_params_map(), name }
}

/// A part of the page's query.
pub(crate) fn query(name: &'static str) -> Part {
    Part { of: use_query_map(), name }
}
