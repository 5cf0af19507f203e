//! The last lines that the containers of a task wrote.

use std::time::Duration;

use gantry_model::event::EventKind;
use leptos::prelude::*;

use crate::api::logs::{ContainerLines, task_lines};
use crate::components::log_lines::log_line;
use crate::components::{Card, EmptyState, panel};
use crate::error::ApiResult;
use crate::live::refresh_on;
use crate::pages::{Part, logs};

const ASK_EVERY: Duration = Duration::from_secs(2);

/// The lines of the task's containers, asked for again as long as the page is open.
pub(super) fn last_lines(cluster: Part, task: Part) -> Resource<ApiResult<Vec<ContainerLines>>> {
    let lines = Resource::new(move || (cluster.get(), task.get()), |(cluster, task)| task_lines(cluster, task));
    refresh_on(&[EventKind::Task], Signal::derive(move || Some(cluster.get())), move || lines.refetch());
    Effect::new(move || {
        let ask = move || {
            // Without a log there is nothing to ask for.
            if lines.try_get_untracked().flatten().is_some_and(|found| found.is_ok_and(|all| !all.is_empty())) {
                lines.refetch();
            }
        };
        if let Ok(handle) = set_interval_with_handle(ask, ASK_EVERY) {
            on_cleanup(move || handle.clear());
        }
    });
    lines
}

/// A card for each container whose lines are kept.
pub(super) fn lines_of(lines: Resource<ApiResult<Vec<ContainerLines>>>) -> impl IntoView {
    panel(lines, "Last lines", |all| all.into_iter().map(card).collect_view())
}

fn card(container: ContainerLines) -> AnyView {
    let ContainerLines { source, lines } = container;
    let href = logs::href(&source.group, &source.stream);
    let tools = view! { <a class="button" data-kind="quiet" data-size="small" href=href>"Open logs"</a> };
    let shown = if lines.is_empty() {
        view! { <EmptyState title="No lines" text="The container has written nothing yet." /> }.into_any()
    } else {
        let label = format!("Last lines of {}", source.container);
        let lines: Vec<_> = lines.into_iter().map(|line| log_line(line, None)).collect();
        view! { <div class="log-lines" tabindex="0" role="log" aria-live="off" aria-label=label><ol>{lines}</ol></div> }
            .into_any()
    };
    view! { <Card title=format!("Last lines of {}", source.container) tools=tools.into_any()>{shown}</Card> }.into_any()
}
