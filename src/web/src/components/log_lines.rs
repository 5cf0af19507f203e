//! Lines of logs: time, whose line it is, and what it says.

use leptos::prelude::*;

use crate::api::logs::LogLine;
use crate::format::{clock_millis, date_and_clock};

/// One line. `source` is shown before it, where lines of several stand together.
pub fn log_line(line: LogLine, source: Option<String>) -> AnyView {
    let at = date_and_clock(line.at);
    view! {
        <li class="log-line">
            <time datetime=at.clone() title=at>{clock_millis(line.at)}</time>
            {source.map(|source| view! { <span class="log-source" title=line.stream.clone()>{source}</span> })}
            <span class="log-message">{line.message}</span>
        </li>
    }
    .into_any()
}

/// Whose line it is, short enough to stand before it: the container and the first digits of the task of
/// `PREFIX/CONTAINER/TASK`, else the name of the stream.
#[must_use]
pub fn source_of(stream: &str) -> String {
    let mut parts = stream.rsplitn(3, '/');
    match (parts.next(), parts.next()) {
        (Some(task), Some(container)) if task.len() == 32 => {
            format!("{container} {}", task.get(..8).unwrap_or(task))
        }
        _ => stream.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_of_a_container_of_a_task() {
        assert_eq!(source_of("web/app/0123456789abcdef0123456789abcdef"), "app 01234567");
        assert_eq!(source_of("lambda/1"), "lambda/1");
        assert_eq!(source_of("one"), "one");
    }
}
