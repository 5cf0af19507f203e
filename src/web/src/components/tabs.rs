//! Tabs as links: each has its own address.

use leptos::prelude::*;

/// One tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    pub title: &'static str,
    pub href: String,
    pub count: Option<u32>,
    pub current: bool,
}

/// The bar of tabs.
#[component]
pub fn Tabs(
    /// What a reader hears: "Cluster prod".
    #[prop(into)]
    label: String,
    /// The tabs.
    tabs: Vec<Tab>,
) -> impl IntoView {
    let tabs: Vec<_> = tabs
        .into_iter()
        .map(|tab| {
            let current = tab.current.then_some("page");
            view! {
                <a class="tab" href=tab.href aria-current=current>
                    {tab.title}
                    {tab.count.map(|count| view! { <span class="tab-count">{count}</span> })}
                </a>
            }
        })
        .collect();
    view! { <nav class="tabs" aria-label=label>{tabs}</nav> }
}
