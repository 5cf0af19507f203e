//! A feed of events: time, state, sentence.

use leptos::prelude::*;

use super::Shape;
use crate::format::{clock, date_and_clock};
use crate::state::State;

/// One line of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLine {
    pub id: String,
    /// Milliseconds since 1970.
    pub at: i64,
    pub state: State,
    /// Whose event it is, with its page.
    pub subject: Option<(String, String)>,
    pub text: String,
}

/// The feed, newest first as given.
#[component]
pub fn EventFeed(
    /// The lines.
    events: Vec<EventLine>,
) -> impl IntoView {
    let lines: Vec<_> = events.into_iter().map(line).collect();
    view! { <ol class="events">{lines}</ol> }
}

fn line(event: EventLine) -> impl IntoView {
    let at = date_and_clock(event.at);
    view! {
        <li class="event">
            <time datetime=at.clone() title=at>{clock(event.at)}</time>
            <Shape state=event.state />
            <p>
                {event.subject.map(|(name, href)| view! { <a class="object" href=href><b>{name}</b></a>" " })}
                {event.text}
            </p>
        </li>
    }
}
