//! Messages: panels in place of data that could not be had, banners above a page, toasts in its corner.

use leptos::prelude::*;

use super::{CopyButton, Shape, StateWord};
use crate::error::ApiError;
use crate::state::State;

/// A failed panel: plain sentence, code, request id. The frame of the page stays.
#[component]
#[expect(clippy::needless_pass_by_value, reason = "a component owns its props")]
pub fn ErrorPanel(
    /// What could not be loaded: "Could not load services".
    #[prop(into)]
    title: String,
    /// Why.
    error: ApiError,
) -> impl IntoView {
    let details = match error.request_id() {
        Some(id) => format!("{} · request {id}", error.code()),
        None => error.code().to_owned(),
    };
    let signed_out = error == ApiError::SignedOut;
    view! {
        <div class="error-panel" role="alert">
            <StateWord state=State::Failed word=title />
            <p>{error.to_string()}</p>
            <p class="row"><span class="mono">{details.clone()}</span><CopyButton text=details label="Copy error" /></p>
            {signed_out.then(|| view! { <a class="link" href="/login" rel="external">"Sign in"</a> })}
        </div>
    }
}

/// A message above a page.
#[component]
pub fn Banner(
    /// The state that gives shape and tint.
    state: State,
    /// The message.
    #[prop(into)]
    title: String,
    /// A second, quieter line.
    #[prop(optional, into)]
    detail: Option<String>,
) -> impl IntoView {
    view! {
        <div class="banner" data-state=state.as_str() role="status">
            <Shape state />
            <p><b>{title}</b>{detail.map(|detail| view! { <small>{detail}</small> })}</p>
        </div>
    }
}

/// A message in the corner; the children are its button.
#[component]
pub fn Toast(
    /// The state that gives the shape.
    state: State,
    /// The message.
    #[prop(into)]
    text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="toast-region">
            <div class="toast" role="status"><Shape state /><span>{text}</span>{children.map(|children| children())}</div>
        </div>
    }
}
