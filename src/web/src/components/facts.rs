//! Label and value pairs.

use leptos::prelude::*;

/// A list of [`Fact`]s.
#[component]
pub fn Facts(children: Children) -> impl IntoView {
    view! { <dl class="facts">{children()}</dl> }
}

/// One pair; the children are the value.
#[component]
pub fn Fact(
    /// The label.
    #[prop(into)]
    label: String,
    children: Children,
) -> impl IntoView {
    view! { <dt>{label}</dt><dd>{children()}</dd> }
}
