//! What a cluster's services told; `?q=` filters by service.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::frame::ClusterFrame;
use super::services::search;
use crate::api::cluster_events::{ServiceEvent, list_cluster_events};
use crate::components::{Card, EmptyState, EventFeed, panel};
use crate::format::{count, query_value};
use crate::live::refresh_on;
use crate::pages::{param, query};

/// The feed ends here.
const MOST_EVENTS: u32 = 300;

/// The tab.
#[component]
pub fn ClusterEvents() -> impl IntoView {
    let cluster = param("cluster");
    let wanted = query("q");
    let events = Resource::new(move || cluster.get(), |cluster| list_cluster_events(cluster, MOST_EVENTS));
    refresh_on(&[EventKind::ServiceMessage], Signal::derive(move || Some(cluster.get())), move || events.refetch());
    view! {
        <ClusterFrame section="events" />
        {panel(events, "Events", move |events| feed(&cluster.get(), &events, &wanted.get()))}
    }
}

fn feed(cluster: &str, events: &[ServiceEvent], wanted: &str) -> AnyView {
    let shown = events.iter().filter(|event| event.service.contains(wanted));
    let lines: Vec<_> = shown.map(|event| event.line(true)).collect();
    let note = count(i64::try_from(lines.len()).unwrap_or(0), "event");
    let tools = search(&format!("/clusters/{}/events", query_value(cluster)), "Filter by service", wanted);
    let content = if lines.is_empty() {
        view! { <EmptyState title="No events" text="What services do is told here as it happens." /> }.into_any()
    } else {
        view! { <EventFeed events=lines /> }.into_any()
    };
    view! { <Card title="Events" note tools>{content}</Card> }.into_any()
}
