//! A feed of events: time, state, sentence.

use leptos::prelude::*;

use super::Shape;
use crate::format::{clock, date_and_clock, short_id};
use crate::state::State;

/// One line of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLine {
    pub id: String,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Where the tasks that the sentence names run.
    pub cluster: String,
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
                {parts(&event.text).into_iter().map(|part| shown(part, &event.cluster)).collect_view()}
            </p>
        </li>
    }
}

/// A piece of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    Words(&'a str),
    /// The id of a task: `(task 0123…)` with its 32 digits.
    Task(&'a str),
}

/// Takes a sentence apart at the tasks that it names.
fn parts(sentence: &str) -> Vec<Part<'_>> {
    const MARK: &str = "(task ";
    let (mut out, mut rest) = (Vec::new(), sentence);
    while let Some(start) = rest.find(MARK).map(|at| at + MARK.len()) {
        let (words, tail) = rest.split_at(start);
        let digits = tail.bytes().take_while(u8::is_ascii_hexdigit).count();
        let (id, after) = tail.split_at(digits);
        out.push(Part::Words(words));
        if !id.is_empty() {
            out.push(if id.len() == 32 { Part::Task(id) } else { Part::Words(id) });
        }
        rest = after;
    }
    out.push(Part::Words(rest));
    out
}

fn shown(part: Part<'_>, cluster: &str) -> AnyView {
    match part {
        Part::Words(words) => words.to_owned().into_any(),
        Part::Task(id) => {
            let href = format!("/clusters/{cluster}/tasks/{id}");
            view! { <a class="object mono" href=href>{short_id(id)}</a> }.into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tasks_of_a_sentence_are_found_and_the_rest_stays_as_it_is() {
        let (one, two) = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210");
        let sentence = format!("has started 2 tasks: (task {one}) (task {two}).");
        assert_eq!(
            parts(&sentence),
            [
                Part::Words("has started 2 tasks: (task "),
                Part::Task(one),
                Part::Words(") (task "),
                Part::Task(two),
                Part::Words(")."),
            ]
        );
        assert_eq!(parts("a (task 01)"), [Part::Words("a (task "), Part::Words("01"), Part::Words(")")]);
        assert_eq!(parts("has reached a steady state."), [Part::Words("has reached a steady state.")]);
    }
}
