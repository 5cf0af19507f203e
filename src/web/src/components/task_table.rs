//! Tasks in a table: those that are wanted, or those that have stopped, with the reason.

use leptos::prelude::*;

use super::{Fresh, StateWord, Table};
use crate::api::task_list::TaskSummary;
use crate::format::{date_and_clock, short_id};

/// The table. Stopped tasks show why, the others where.
#[component]
pub fn TaskTable(
    /// What a reader hears.
    #[prop(into)]
    label: String,
    /// The rows.
    tasks: Vec<TaskSummary>,
    /// What the rows looked like before; create it in the page.
    fresh: Fresh,
    /// Whether these have stopped.
    #[prop(optional)]
    stopped: bool,
) -> impl IntoView {
    if stopped {
        let rows: Vec<_> = tasks.into_iter().map(move |task| stopped_row(&task, fresh)).collect();
        let columns = &["Task", "State", "Service", "Reason", ">Exit", ">Stopped"];
        return view! { <Table label columns>{rows}</Table> }.into_any();
    }
    let rows: Vec<_> = tasks.into_iter().map(move |task| row(task, fresh)).collect();
    let columns = &["Task", "State", "Service", "Task definition", "Host", "-Zone", "->Started"];
    view! { <Table label columns>{rows}</Table> }.into_any()
}

fn row(task: TaskSummary, fresh: Fresh) -> impl IntoView {
    let flash = fresh.of(&task.id, &task);
    let (state, word) = task.health();
    let host = task.instance.as_deref().map(|id| (short_id(id), format!("/clusters/{}/instances/{id}", task.cluster)));
    view! {
        <tr data-fresh=flash>
            <td><a class="object mono" href=task.href()>{short_id(&task.id)}</a></td>
            <td data-label="State"><StateWord state word /></td>
            <td data-label="Service">{service_link(&task)}</td>
            <td data-label="Task definition">{definition_link(&task)}</td>
            <td data-label="Host">
                {match host {
                    Some((name, href)) => view! { <a class="object mono" href=href>{name}</a> }.into_any(),
                    None => view! { <span class="muted">{if task.launch_type == "FARGATE" { "Fargate" } else { "–" }}</span> }.into_any(),
                }}
            </td>
            <td data-label="Zone" data-low="">{task.availability_zone.unwrap_or_else(|| "–".to_owned())}</td>
            <td class="end num muted" data-label="Started" data-low="" data-span="4">
                {task.started_at.map_or_else(|| "–".to_owned(), date_and_clock)}
            </td>
        </tr>
    }
}

fn stopped_row(task: &TaskSummary, fresh: Fresh) -> impl IntoView + use<> {
    let flash = fresh.of(&task.id, task);
    let (state, word) = task.health();
    view! {
        <tr data-fresh=flash>
            <td><a class="object mono" href=task.href()>{short_id(&task.id)}</a></td>
            <td data-label="State"><StateWord state word /></td>
            <td data-label="Service">{service_link(task)}</td>
            <td class="fill tall" data-label="Reason" data-wide="">{task.why_stopped()}</td>
            <td class="end num" data-label="Exit">{task.exit_code().map_or_else(|| "–".to_owned(), |code| code.to_string())}</td>
            <td class="end num muted" data-label="Stopped" data-span="4">
                {task.stopped_at.map_or_else(|| "–".to_owned(), date_and_clock)}
            </td>
        </tr>
    }
}

fn service_link(task: &TaskSummary) -> AnyView {
    match &task.service {
        Some(name) => {
            let href = format!("/clusters/{}/services/{name}", task.cluster);
            view! { <a class="object" href=href>{name.clone()}</a> }.into_any()
        }
        None => view! { <span class="muted">"–"</span> }.into_any(),
    }
}

fn definition_link(task: &TaskSummary) -> impl IntoView + use<> {
    let href = format!("/task-definitions/{}", task.task_definition.replace(':', "/"));
    view! { <a class="object" href=href>{task.task_definition.clone()}</a> }
}
