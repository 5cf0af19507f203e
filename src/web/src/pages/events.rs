//! Events of all clusters, by search: what their services told, newest first.

use gantry_model::event::EventKind;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::api::cluster_events::{ServiceEvent, list_events};
use crate::components::{Card, EmptyState, EventFeed, Icon, IconMark, PageHead, PageTitle, panel};
use crate::format::count;
use crate::live::refresh_on;

/// The page.
#[component]
pub fn Events() -> impl IntoView {
    let events = Resource::new(|| (), |()| list_events());
    refresh_on(&[EventKind::ServiceMessage, EventKind::Service], Signal::stored(None), move || events.refetch());
    let search = RwSignal::new(use_query_map().with_untracked(|query| query.get("q").unwrap_or_default()));
    view! {
        <PageTitle text="Events" />
        <PageHead heading="Events" />
        {panel(events, "Events", move |events| view! { <Found events search /> })}
    }
}

#[component]
fn Found(events: Vec<ServiceEvent>, search: RwSignal<String>) -> impl IntoView {
    let events = StoredValue::new(events);
    let matching = move || {
        let search = search.get().to_lowercase();
        events.with_value(|events| {
            events.iter().filter(|event| matches(event, &search)).map(|e| e.line(true)).collect::<Vec<_>>()
        })
    };
    let shown = move || {
        let lines = matching();
        let foot = format!("{} of the newest that services keep. Times are UTC", count(lines.len() as i64, "event"));
        if lines.is_empty() {
            view! { <EmptyState title="No events" text="Nothing that services told matches." /> }.into_any()
        } else {
            view! { <EventFeed events=lines /><footer class="card-foot">{foot}</footer> }.into_any()
        }
    };
    let tools = view! {
        <form method="get" action="/events" class="filter-bar" role="search">
            <label class="input-group">
                <IconMark icon=Icon::Search />
                <input
                    class="input"
                    name="q"
                    placeholder="Search events"
                    aria-label="Search events"
                    prop:value=move || search.get()
                    value=search.get_untracked()
                    on:input:target=move |event| search.set(event.target().value())
                />
            </label>
        </form>
    };
    view! { <Card title="What services told" tools=tools.into_any()>{shown}</Card> }
}

/// Whether all words of `search` occur in the event.
fn matches(event: &ServiceEvent, search: &str) -> bool {
    let text = format!("{} {} {}", event.cluster, event.service, event.message).to_lowercase();
    search.split_whitespace().all(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_takes_words_in_any_order() {
        let event = ServiceEvent {
            id: "1".into(),
            at: 0,
            cluster: "prod".into(),
            service: "web".into(),
            message: "(service web) has reached a steady state.".into(),
        };
        assert!(matches(&event, "steady prod"));
        assert!(matches(&event, ""));
        assert!(!matches(&event, "steady staging"));
    }
}
