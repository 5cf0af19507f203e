//! The head of a page, its title, and the card that panels stand in.

use leptos::prelude::*;
use leptos_meta::Title;

/// The document's title, `Service web · prod · Gantry`.
#[component]
pub fn PageTitle(
    /// What comes before `· Gantry`.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    view! { <Title text=move || format!("{} · Gantry", text.get()) /> }
}

/// The head: heading with what follows it (state pills), a line of facts, and actions.
#[component]
pub fn PageHead(
    /// The heading: the page's answer.
    #[prop(into)]
    heading: String,
    /// Pills beside the heading.
    #[prop(optional, into)]
    beside: Option<AnyView>,
    /// The line of facts below it, `<span>`s.
    #[prop(optional, into)]
    facts: Option<AnyView>,
    /// Buttons on the right; one primary at most.
    #[prop(optional, into)]
    actions: Option<AnyView>,
    /// Set the heading in the mono face (ids).
    #[prop(optional)]
    mono: bool,
) -> impl IntoView {
    let class = mono.then_some("mono-title");
    view! {
        <div class="page-head">
            <div>
                <div class="page-title"><h1 class=class>{heading}</h1>{beside}</div>
                {facts.map(|facts| view! { <p class="fact-line">{facts}</p> })}
            </div>
            {actions.map(|actions| view! { <div class="page-actions">{actions}</div> })}
        </div>
    }
}

/// A panel with a head: title, a muted count or note, and tools on the right.
#[component]
pub fn Card(
    /// The heading of the panel.
    #[prop(into)]
    title: String,
    /// A count or note in muted text beside the heading.
    #[prop(optional, into)]
    note: Option<String>,
    /// What stands on the right of the head.
    #[prop(optional, into)]
    tools: Option<AnyView>,
    /// `failed` draws the border in that state's colour.
    #[prop(optional)]
    tone: Option<&'static str>,
    /// What stands at the bottom.
    #[prop(optional, into)]
    foot: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    let label = title.clone();
    view! {
        <section class="card" data-tone=tone aria-label=label>
            <header class="card-head">
                <h2>{title}</h2>
                {note.map(|note| view! { <span class="muted">{note}</span> })}
                {tools.map(|tools| view! { <div class="push">{tools}</div> })}
            </header>
            {children()}
            {foot.map(|foot| view! { <footer class="card-foot">{foot}</footer> })}
        </section>
    }
}
