//! The leg: where one can go. On phones the bar at the bottom stands in for it.

use gantry_model::event::EventKind;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::keys::KEYS;
use crate::api::clusters::list_clusters;
use crate::components::{Icon, IconMark, Shape};
use crate::format::query_value;
use crate::live::refresh_on;

/// The navigation on the left.
#[component]
pub fn SideNav() -> impl IntoView {
    view! {
        <nav class="sidenav" aria-label="Main">
            <div class="sidenav-group">
                <Item icon=Icon::Home title="Overview" href="/" />
                <Item icon=Icon::Events title="Events" href="/events" />
                <Item icon=Icon::Logs title="Logs" href="/logs" />
            </div>
            <div class="sidenav-group">
                <p class="sidenav-title caps">"Run"</p>
                <Item icon=Icon::Cluster title="Clusters" href="/clusters" />
                <ClusterItems />
                <Item icon=Icon::TaskDefinition title="Task definitions" href="/task-definitions" />
                <Item icon=Icon::Clock title="Schedules" href="/schedules" />
                <Item icon=Icon::LoadBalancer title="Load balancers" href="/load-balancers" />
            </div>
            <div class="sidenav-group">
                <p class="sidenav-title caps">"Store"</p>
                <Item icon=Icon::Repository title="Repositories" href="/repositories" />
                <Item icon=Icon::Lock title="Secrets" href="/secrets" />
                <Item icon=Icon::Settings title="Parameters" href="/parameters" />
            </div>
            <div class="sidenav-group">
                <p class="sidenav-title caps">"Share"</p>
                <Item icon=Icon::Board title="Status boards" href="/boards" />
            </div>
            <p class="sidenav-foot">
                <span>"Gantry "{env!("CARGO_PKG_VERSION")}</span>
                <button type="button" class="keys-trigger" popovertarget=KEYS><kbd class="kbd">"?"</kbd>" keys"</button>
            </p>
        </nav>
    }
}

/// Whether a page at `path` belongs to the item `href`.
fn is_current(path: &str, href: &str) -> bool {
    match href {
        "/" => path == "/",
        "/clusters" => path == "/clusters" || path == "/create-cluster",
        "/task-definitions" => path.starts_with(href) || path == "/register-task-definition",
        "/boards" => path.starts_with(href) || path == "/create-board",
        "/schedules" => path.starts_with(href) || path == "/create-schedule",
        "/load-balancers" => path.starts_with(href) || path == "/create-load-balancer",
        "/secrets" => path.starts_with(href) || path == "/create-secret",
        "/parameters" => path.starts_with(href) || path == "/create-parameter",
        "/repositories" => path.starts_with(href) || path == "/create-repository",
        _ => path.strip_prefix(href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    }
}

#[component]
fn Item(icon: Icon, title: &'static str, href: &'static str) -> impl IntoView {
    let path = use_location().pathname;
    let current = move || path.with(|path| is_current(path, href)).then_some("page");
    view! {
        <a class="sidenav-item" href=href title=title aria-current=current><IconMark icon /><span>{title}</span></a>
    }
}

/// The clusters, with the shape of their state.
#[component]
fn ClusterItems() -> impl IntoView {
    let clusters = Resource::new(|| (), |()| list_clusters());
    refresh_on(&[EventKind::Cluster, EventKind::Service, EventKind::Task], Signal::stored(None), move || {
        clusters.refetch()
    });
    let path = use_location().pathname;
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let clusters = clusters.await.unwrap_or_default();
                clusters.into_iter().map(|cluster| {
                    let href = format!("/clusters/{}", query_value(&cluster.name));
                    let own = href.clone();
                    let current = move || path.with(|path| is_current(path, &own)).then_some("page");
                    let (state, word) = cluster.health();
                    view! {
                        <a class="sidenav-item" data-depth="2" href=href aria-current=current>
                            <span class="truncate">{cluster.name}</span>
                            <span class="sidenav-count">
                                <Shape state />
                                <span class="visually-hidden">{word}</span>
                            </span>
                        </a>
                    }
                }).collect_view()
            })}
        </Transition>
    }
}

/// The bar at the bottom of phones.
#[component]
pub fn BottomBar() -> impl IntoView {
    let path = use_location().pathname;
    let item = move |icon: Icon, title: &'static str, href: &'static str| {
        let current = move || {
            let here =
                path.with(|path| is_current(path, href) || (href == "/clusters" && path.starts_with("/clusters/")));
            here.then_some("page")
        };
        view! { <a href=href aria-current=current><IconMark icon />{title}</a> }
    };
    view! {
        <nav class="bottombar" aria-label="Main, short">
            {item(Icon::Home, "Home", "/")}
            {item(Icon::Cluster, "Clusters", "/clusters")}
            {item(Icon::TaskDefinition, "Definitions", "/task-definitions")}
            {item(Icon::Repository, "Images", "/repositories")}
            {item(Icon::Events, "Events", "/events")}
        </nav>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_item_is_current() {
        assert!(is_current("/clusters/prod/services/api", "/clusters/prod"));
        assert!(!is_current("/clusters/production", "/clusters/prod"));
        assert!(!is_current("/clusters/prod", "/clusters"));
        assert!(!is_current("/clusters", "/"));
        assert!(is_current("/create-repository", "/repositories"));
    }
}
