//! Nothing there yet, or not there yet.

use leptos::prelude::*;

use super::CodeBlock;

/// An empty list: what it would hold and the command that fills it.
#[component]
pub fn EmptyState(
    /// "No services yet".
    #[prop(into)]
    title: String,
    /// One sentence.
    #[prop(into)]
    text: String,
    /// The command that changes it.
    #[prop(optional, into)]
    command: Option<String>,
    /// A button or link.
    #[prop(optional, into)]
    action: Option<AnyView>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <svg viewBox="0 0 88 56" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true">
                <path d="M4 8h80M14 8v44M74 8v44M38 8v12M50 8v12" />
                <rect data-part="box" x="34" y="20" width="20" height="12" rx="1" />
                <path stroke-dasharray="3 3" d="M24 40h18v12H24zM46 40h18v12H46z" />
            </svg>
            <h3>{title}</h3>
            <p>{text}</p>
            {command.map(|code| view! { <CodeBlock code label="Command" /> })}
            {action.map(|action| view! { <div class="row">{action}</div> })}
        </div>
    }
}

/// A card of fixed size while its data is on its way.
#[component]
pub fn LoadingCard(
    /// What loads, such as "Loading services".
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let bars =
        ["60%", "90%", "75%", "82%"].map(|width| view! { <div class="skeleton" style=format!("--w:{width}")></div> });
    view! {
        <section class="card">
            <div class="card-body" role="status" aria-busy="true" aria-label=label>{bars.into_iter().collect_view()}</div>
        </section>
    }
}
