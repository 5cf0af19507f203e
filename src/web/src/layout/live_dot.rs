//! The dot that says whether what is shown is current.

use leptos::prelude::*;

use crate::live::{Live, LiveState};
use crate::state::State;

/// Live, Reconnecting, or Stale since when.
#[component]
pub fn LiveDot() -> impl IntoView {
    let state = use_context::<Live>().map(|live| live.0);
    let now = move || state.map_or(LiveState::Connecting, |state| state.get());
    let shape = move || match now() {
        LiveState::Live => State::Running,
        LiveState::Connecting => State::Stopped,
        LiveState::Reconnecting => State::Draining,
        LiveState::Stale { .. } => State::Unknown,
    };
    let word = move || match now() {
        LiveState::Live => "Live".to_owned(),
        LiveState::Connecting => "Connecting".to_owned(),
        LiveState::Reconnecting => "Reconnecting".to_owned(),
        LiveState::Stale { since } => format!("Stale since {since}"),
    };
    view! { <span class="live" data-state=move || shape().as_str() role="status">{word}</span> }
}
