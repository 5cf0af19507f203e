//! Live status: one event stream a browser, shared by its tabs, from the sequence that the server put into its HTML.
//!
//! A page says which kinds of events concern it ([`refresh_on`]); when one arrives it asks the server again, at most once
//! in 150 ms. Components never open streams. On the server nothing of this runs.

#[cfg(feature = "hydrate")]
mod source;
#[cfg(feature = "hydrate")]
mod stream;

use gantry_model::event::EventKind;
use leptos::prelude::*;

/// How the stream is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveState {
    /// Before the browser has taken over, and while the first connection is made.
    Connecting,
    Live,
    Reconnecting,
    /// Nothing came for 40 s; since when, as the visitor's clock says.
    Stale {
        since: String,
    },
}

/// The state of the stream, for the dot in the top bar.
#[derive(Clone, Copy)]
pub struct Live(pub RwSignal<LiveState>);

/// Makes the stream known to everything below. Call it once, at the root.
pub fn provide_live() -> Live {
    let live = Live(RwSignal::new(LiveState::Connecting));
    provide_context(live);
    #[cfg(feature = "hydrate")]
    Effect::new(move || stream::start(live.0));
    live
}

/// Calls `refetch` when an event of one of `kinds` arrives, in `cluster` when that is given. Ends with the page.
///
/// ```ignore
/// let services = Resource::new(move || cluster.get(), list_services);
/// refresh_on(&[EventKind::Service, EventKind::Task], cluster.into(), move || services.refetch());
/// ```
#[cfg_attr(not(feature = "hydrate"), expect(unused_variables, reason = "only a browser is live"))]
pub fn refresh_on(kinds: &'static [EventKind], cluster: Signal<Option<String>>, refetch: impl Fn() + 'static) {
    #[cfg(feature = "hydrate")]
    {
        let refetch = std::rc::Rc::new(refetch);
        Effect::new(move || {
            let id = stream::subscribe(kinds, cluster.get(), refetch.clone());
            on_cleanup(move || stream::unsubscribe(id));
        });
    }
}
