//! Tasks: one, and running one.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::param;
use crate::api::tasks::describe_task;
use crate::components::{PageHead, PageTitle, StatePill, panel};
use crate::live::refresh_on;

/// One task.
#[component]
pub fn TaskPage() -> impl IntoView {
    let (cluster, id) = (param("cluster"), param("task"));
    let task = Resource::new(move || (cluster.get(), id.get()), |(cluster, id)| describe_task(cluster, id));
    refresh_on(&[EventKind::Task], Signal::derive(move || Some(cluster.get())), move || task.refetch());
    view! {
        <PageTitle text=Signal::derive(move || format!("Task {} · {}", crate::format::short_id(&id.get()), cluster.get())) />
        {panel(task, "Task", |task| {
            let (state, word) = task.health();
            view! { <PageHead heading=task.id.clone() mono=true beside=view! { <StatePill state word /> }.into_any() /> }
        })}
    }
}

/// Running a task.
#[component]
pub fn RunTask() -> impl IntoView {
    view! {
        <PageTitle text="Run a task" />
        <PageHead heading="Run a task" />
    }
}
