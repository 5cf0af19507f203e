//! A cluster's tasks: those that are wanted, or with `?stopped=true` those that have stopped.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::frame::ClusterFrame;
use crate::api::Page;
use crate::api::task_list::{TaskFilter, TaskSummary, list_tasks};
use crate::components::{Card, CommandLine, EmptyState, Fresh, TaskTable, panel};
use crate::format::{count, query_value};
use crate::live::refresh_on;
use crate::pages::{param, query};

/// The tab.
#[component]
pub fn ClusterTasks() -> impl IntoView {
    let cluster = param("cluster");
    let which = query("stopped");
    let stopped = move || which.get() == "true";
    let filter = move || TaskFilter { cluster: cluster.get(), service: None, instance: None, stopped: stopped() };
    let tasks = Resource::new(filter, list_tasks);
    refresh_on(&[EventKind::Task], Signal::derive(move || Some(cluster.get())), move || tasks.refetch());
    let fresh = Fresh::default();
    view! {
        <ClusterFrame section="tasks" />
        {panel(tasks, "Tasks", move |tasks| list(&cluster.get(), tasks, stopped(), fresh))}
    }
}

fn list(cluster: &str, tasks: Page<TaskSummary>, stopped: bool, fresh: Fresh) -> AnyView {
    let wanted = if stopped { " --desired-status STOPPED" } else { "" };
    let foot = view! { <CommandLine command=format!("aws ecs list-tasks --cluster {cluster}{wanted}") /> }.into_any();
    let tools = which(cluster, stopped);
    let shown = count(i64::try_from(tasks.items.len()).unwrap_or(0), "task");
    let note = if tasks.more { format!("the newest {shown}") } else { shown };
    let title = if stopped { "Stopped tasks" } else { "Tasks" };
    let content = match (tasks.items.is_empty(), stopped) {
        (false, _) => view! { <TaskTable label=title tasks=tasks.items fresh stopped /> }.into_any(),
        (true, true) => {
            let text = "Tasks stay in this list for an hour after they stopped.";
            view! { <EmptyState title="None stopped lately" text /> }.into_any()
        }
        (true, false) => {
            let command = format!("aws ecs run-task --cluster {cluster} --task-definition web");
            let text = "Services start tasks by themselves; a single one is run by hand.";
            view! { <EmptyState title="No tasks" text command /> }.into_any()
        }
    };
    view! { <Card title note tools foot>{content}</Card> }.into_any()
}

/// The switch between the two lists: links, so that each has its address.
fn which(cluster: &str, stopped: bool) -> AnyView {
    let base = format!("/clusters/{}/tasks", query_value(cluster));
    let current = |yes: bool| yes.then_some("page");
    view! {
        <nav class="segmented" aria-label="Which tasks">
            <a href=base.clone() aria-current=current(!stopped)>"Current"</a>
            <a href=format!("{base}?stopped=true") aria-current=current(stopped)>"Stopped"</a>
        </nav>
    }
    .into_any()
}
