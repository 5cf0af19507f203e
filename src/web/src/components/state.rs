//! A state as shape and word: tinted in the head of a page, bare in tables.

use leptos::prelude::*;

use super::Shape;
use crate::state::State;

/// The tinted form, for heads of pages.
#[component]
pub fn StatePill(
    /// The state that gives shape and colour.
    state: State,
    /// The word.
    #[prop(into)]
    word: String,
) -> impl IntoView {
    view! { <span class="state-pill" data-state=state.as_str()><Shape state />{word}</span> }
}

/// The bare form, for tables and lines.
#[component]
pub fn StateWord(
    /// The state that gives shape and colour.
    state: State,
    /// The word.
    #[prop(into)]
    word: String,
) -> impl IntoView {
    view! { <span class="state-word" data-state=state.as_str()><Shape state />{word}</span> }
}
