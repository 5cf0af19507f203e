//! The lines of a log group: searched, and followed as they come.
//!
//! The newest lines are in the page as it is sent. From then on the browser asks each second for what came since, a little
//! earlier than the newest line that it has, because an agent may be behind; what it has already is known by its id.

use std::collections::HashSet;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use gantry_model::logs::RETENTIONS;

use crate::api::logs::{
    AT_ONCE, KeepLines, LogGroupSummary, LogLine, LogPage, LogQuery, describe_log_group, lines_since, newest_lines,
};
use crate::components::log_lines::{log_line, source_of};
use crate::components::{
    Card, CommandLine, ConfirmDialog, DialogButton, EmptyState, FieldError, Icon, IconMark, PageHead, PageTitle,
    SelectField, done, error_of, page, panel,
};
use crate::format::{bytes, count, query_value};
use crate::pages::query;
use crate::visitor;

/// The page's path.
const LINES: &str = "/logs/lines";
/// How often what came is asked for.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How far before the newest line is looked for lines that came late, in milliseconds; where more than [`FEW`] lines came
/// within that time only what is newer is asked for, so that a flood of known lines keeps no new one away.
const LATE_MS: i64 = 5_000;
const FEW: usize = 200;
/// Lines that the page holds; the oldest go.
const MOST: usize = 5_000;
/// The element that lines scroll in.
const SCROLLER: &str = "log-lines";
/// Ranges of time to choose from: minutes, and words for them.
const RANGES: [(&str, &str); 5] =
    [("", "All time"), ("15", "15 minutes"), ("60", "1 hour"), ("1440", "1 day"), ("10080", "7 days")];

/// One log group.
#[component]
pub fn LogGroupPage() -> impl IntoView {
    let group = query("group");
    let (stream, pattern, minutes) = (query("stream"), query("q"), query("minutes"));
    let asked = Memo::new(move |_| LogQuery {
        group: group.get(),
        stream: stream.get(),
        pattern: pattern.get(),
        minutes: minutes.get().parse().ok(),
    });
    let keep = ServerAction::<KeepLines>::new();
    let summary = Resource::new(move || (group.get(), keep.version().get()), |(group, _)| describe_log_group(group));
    view! {
        <PageTitle text=Signal::derive(move || format!("Logs {}", group.get())) />
        {page(summary, "Log group", move |summary| head(summary, keep))}
        {log_view(asked.into())}
    }
}

fn head(group: LogGroupSummary, keep: ServerAction<KeepLines>) -> AnyView {
    let selected = group.retention_days.map(|days| days.to_string()).unwrap_or_default();
    let days = RETENTIONS.iter().map(|days| (days.to_string(), count(*days, "day")));
    let options: Vec<_> = std::iter::once((String::new(), "For ever".to_owned())).chain(days).collect();
    let (name, question) = (group.name.clone(), format!("How long does {} keep lines?", group.name));
    let facts = view! {
        <span>{format!("kept for {}", group.kept())}</span>
        <span>{format!("{} stored", bytes(group.stored_bytes))}</span>
    };
    let actions = view! {
        <DialogButton opens="retention">"Keep for…"</DialogButton>
        <ConfirmDialog
            id="retention"
            question
            consequence="Lines that are older go within the minute, and do not come back."
            done=done(keep)
        >
            <ActionForm action=keep attr:class="dialog-form">
                <input type="hidden" name="group" value=name />
                <SelectField name="days" label="Keep lines" options selected />
                <button class="button" data-kind="primary" type="submit">"Save"</button>
                <FieldError error=error_of(keep) />
            </ActionForm>
        </ConfirmDialog>
    };
    view! {
        <PageHead heading=group.name mono=true facts=facts.into_any() actions=actions.into_any() />
    }
    .into_any()
}

/// The address of the lines of a group's streams that begin with `stream`.
pub fn href(group: &str, stream: &str) -> String {
    format!("{LINES}?group={}&stream={}", query_value(group), query_value(stream))
}

/// The lines that are asked for, with the form that asks for others.
fn log_view(asked: Signal<LogQuery>) -> impl IntoView {
    let page = Resource::new(move || asked.get(), |asked| newest_lines(asked, None));
    view! {
        {move || search_form(&asked.get())}
        {panel(page, "Lines", move |page| lines(asked.get_untracked(), page))}
    }
}

fn search_form(asked: &LogQuery) -> AnyView {
    let minutes = asked.minutes.map(|minutes| minutes.to_string()).unwrap_or_default();
    let options: Vec<_> = RANGES
        .into_iter()
        .map(|(value, words)| view! { <option value=value selected=value == minutes>{words}</option> })
        .collect();
    view! {
        <form method="get" action=LINES class="filter-bar" role="search">
            <input type="hidden" name="group" value=asked.group.clone() />
            <label class="input-group">
                <IconMark icon=Icon::Search />
                <input
                    class="input mono"
                    name="q"
                    placeholder="ERROR, ?a ?b, -word, { $.status >= 500 }"
                    aria-label="Filter pattern"
                    value=asked.pattern.clone()
                />
            </label>
            <label class="input-group">
                <IconMark icon=Icon::Filter />
                <input
                    class="input mono"
                    name="stream"
                    placeholder="Streams that begin with"
                    aria-label="Streams that begin with"
                    value=asked.stream.clone()
                />
            </label>
            <select class="input" name="minutes" aria-label="How far back">{options}</select>
            <button class="button" type="submit">"Search"</button>
        </form>
    }
    .into_any()
}

/// What the lines of a page are while it is open.
#[derive(Clone, Copy)]
struct Tail {
    lines: RwSignal<Vec<LogLine>>,
    older: RwSignal<Option<String>>,
    /// Whether new lines are asked for.
    follows: RwSignal<bool>,
    /// Whether an answer is waited for.
    asks: RwSignal<bool>,
    /// Why the last answer was none.
    failed: RwSignal<Option<String>>,
}

impl Tail {
    fn of(page: LogPage) -> Self {
        Self {
            lines: RwSignal::new(page.lines),
            older: RwSignal::new(page.older),
            follows: RwSignal::new(true),
            asks: RwSignal::new(false),
            failed: RwSignal::new(None),
        }
    }

    /// Asks for what came since the newest line. The page may be gone when the answer comes.
    fn ask(self, asked: &LogQuery) {
        let idle = self.follows.try_get_untracked() == Some(true) && self.asks.try_get_untracked() == Some(false);
        if !idle {
            return;
        }
        let asked = asked.clone();
        self.asks.try_set(true);
        spawn_local(async move {
            while let Some(since) = self.lines.try_with_untracked(|lines| since(lines)) {
                match lines_since(asked.clone(), since).await {
                    Ok(came) => {
                        self.failed.try_set(None);
                        let more = came.len() >= AT_ONCE;
                        self.add(came);
                        if more {
                            continue;
                        }
                    }
                    Err(error) => drop(self.failed.try_set(Some(error.to_string()))),
                }
                break;
            }
            self.asks.try_set(false);
        });
    }

    fn add(self, came: Vec<LogLine>) {
        let fresh = self.lines.try_with_untracked(|lines| news(lines, came)).unwrap_or_default();
        if fresh.is_empty() {
            return;
        }
        let at_end = visitor::is_at_end(SCROLLER);
        self.lines.try_update(|lines| {
            lines.extend(fresh);
            lines.sort_by(|a, b| a.id.cmp(&b.id));
            let surplus = lines.len().saturating_sub(MOST);
            lines.drain(..surplus);
        });
        if at_end {
            visitor::scroll_to_end(SCROLLER);
        }
    }

    fn load_older(self, asked: LogQuery) {
        let Some(token) = self.older.get_untracked() else { return };
        spawn_local(async move {
            match newest_lines(asked, Some(token)).await {
                Ok(page) => {
                    self.older.try_set(page.older);
                    self.lines.try_update(|lines| drop(lines.splice(0..0, page.lines)));
                }
                Err(error) => drop(self.failed.try_set(Some(error.to_string()))),
            }
        });
    }
}

/// From when on lines are asked for that are not among `lines`.
fn since(lines: &[LogLine]) -> i64 {
    let Some(newest) = lines.last().map(|line| line.at) else { return 0 };
    let late = newest - LATE_MS;
    let known = lines.iter().rev().take_while(|line| line.at >= late).take(FEW).count();
    if known < FEW { late } else { newest }
}

/// Those lines of `came` that are not among `lines`.
fn news(lines: &[LogLine], came: Vec<LogLine>) -> Vec<LogLine> {
    let known: HashSet<&str> = lines.iter().rev().take(MOST).map(|line| line.id.as_str()).collect();
    came.into_iter().filter(|line| !known.contains(line.id.as_str())).collect()
}

fn lines(asked: LogQuery, page: LogPage) -> AnyView {
    let tail = Tail::of(page);
    let command = command(&asked);
    let (ask, older) = (asked.clone(), asked);
    Effect::new(move || {
        visitor::scroll_to_end(SCROLLER);
        let ask = ask.clone();
        if let Ok(handle) = set_interval_with_handle(move || tail.ask(&ask), ASK_EVERY) {
            on_cleanup(move || handle.clear());
        }
    });
    let shown = move || match tail.lines.with(Vec::is_empty) {
        true => {
            let text = "Lines stand here as soon as a container writes one that is asked for.";
            view! { <EmptyState title="No lines" text /> }.into_any()
        }
        false => view! {
            <div class="log-lines" id=SCROLLER tabindex="0" role="log" aria-live="off" aria-label="Lines">
                <ol>
                    <For
                        each=move || tail.lines.get()
                        key=|line| line.id.clone()
                        children=|line| { let source = source_of(&line.stream); log_line(line, Some(source)) }
                    />
                </ol>
            </div>
        }
        .into_any(),
    };
    let older_button = move || {
        let older = older.clone();
        tail.older.get().map(|_| {
            view! {
                <button type="button" class="button" data-kind="quiet" data-size="small" on:click=move |_| tail.load_older(older.clone())>
                    "Older"
                </button>
            }
        })
    };
    let tools = view! {
        {older_button}
        <button
            type="button"
            class="button"
            data-kind="quiet"
            data-size="small"
            on:click=move |_| tail.follows.update(|follows| *follows = !*follows)
        >
            {move || if tail.follows.get() { "Pause" } else { "Follow" }}
        </button>
    };
    let told = move || {
        let number = count(i64::try_from(tail.lines.with(Vec::len)).unwrap_or(0), "line");
        match tail.failed.get() {
            Some(why) => format!("{number}. Nothing new: {why}"),
            None => format!("{number}. Times are UTC"),
        }
    };
    let foot = view! { <span>{told}</span><CommandLine command /> };
    view! { <Card title="Lines" tools=tools.into_any() foot=foot.into_any()>{shown}</Card> }.into_any()
}

/// The command that shows the same.
fn command(asked: &LogQuery) -> String {
    let mut command = format!("aws logs tail {} --follow", asked.group);
    if !asked.stream.is_empty() {
        command.push_str(&format!(" --log-stream-name-prefix {}", asked.stream));
    }
    if !asked.pattern.is_empty() {
        command.push_str(&format!(" --filter-pattern '{}'", asked.pattern.replace('\'', r"'\''")));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str) -> LogLine {
        LogLine { id: id.to_owned(), at: 1, stream: "s".to_owned(), message: id.to_owned() }
    }

    #[test]
    fn lines_that_are_shown_do_not_come_twice() {
        let shown = [line("1"), line("2")];
        assert_eq!(news(&shown, vec![line("2"), line("3")]), [line("3")]);
    }

    #[test]
    fn lines_that_come_late_are_looked_for_unless_there_are_too_many_that_are_known() {
        let at = |at: i64| LogLine { at, ..line("x") };
        assert_eq!(since(&[]), 0);
        assert_eq!(since(&[at(1), at(20_000)]), 15_000);
        assert_eq!(since(&vec![at(20_000); FEW]), 20_000);
    }

    #[test]
    fn the_command_asks_for_the_same() {
        let asked = LogQuery {
            group: "/ecs/web".to_owned(),
            stream: "web/".to_owned(),
            pattern: "it's".to_owned(),
            minutes: None,
        };
        assert_eq!(
            command(&asked),
            r"aws logs tail /ecs/web --follow --log-stream-name-prefix web/ --filter-pattern 'it'\''s'"
        );
    }
}
