//! One schedule: when, what, and what came of it.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use super::list::{outcome, state_of};
use crate::api::schedules::{
    ChangeSchedule, DeleteSchedule, EnableSchedule, ScheduleDetail, ScheduleRun, ScheduleTarget, describe_schedule,
};
use crate::components::{
    Card, CommandLine, ConfirmDialog, DialogButton, EmptyState, Field, FieldError, PageHead, PageTitle, StatePill,
    StateWord, Table, done, error_of, page,
};
use crate::format::{date_and_clock, query_value, short_id};
use crate::live::refresh_on;
use crate::pages::param;

#[derive(Clone, Copy)]
struct Actions {
    change: ServerAction<ChangeSchedule>,
    enable: ServerAction<EnableSchedule>,
    delete: ServerAction<DeleteSchedule>,
}

/// The page.
#[component]
pub fn SchedulePage() -> impl IntoView {
    let name = param("schedule");
    let actions = Actions { change: ServerAction::new(), enable: ServerAction::new(), delete: ServerAction::new() };
    let schedule = Resource::new(move || name.get(), describe_schedule);
    refresh_on(&[EventKind::Rule], Signal::stored(None), move || schedule.refetch());
    view! {
        <PageTitle text=Signal::derive(move || format!("Schedule {}", name.get())) />
        {page(schedule, "Schedule", move |schedule| view! { {head(&schedule, actions)} {body(&schedule)} })}
    }
}

fn head(detail: &ScheduleDetail, actions: Actions) -> AnyView {
    let schedule = &detail.summary;
    let (state, word) = state_of(schedule);
    let next = schedule.next_at.map(|at| view! { <span>{format!("next at {}", date_and_clock(at))}</span> });
    let missed = if detail.skips_missed { "missed times are left out" } else { "of missed times the last is run" };
    let description = schedule.description.clone().map(|text| view! { <span>{text}</span> });
    let facts = view! {
        <StatePill state word=word />
        <span class="mono">{schedule.expression.clone()}</span>
        {next}
        <span>{missed}</span>
        {description}
    };
    let buttons = view! {
        {delete(&schedule.name, actions.delete)}
        {enable(&schedule.name, schedule.enabled, actions.enable)}
        {change(&schedule.name, &schedule.expression, actions.change)}
    };
    let heading = schedule.name.clone();
    view! { <PageHead heading facts=facts.into_any() actions=buttons.into_any() /> }.into_any()
}

fn delete(name: &str, action: ServerAction<DeleteSchedule>) -> AnyView {
    let (question, name) = (format!("Delete schedule {name}?"), name.to_owned());
    view! {
        <DialogButton opens="delete" kind="danger">"Delete"</DialogButton>
        <ConfirmDialog
            id="delete"
            question
            consequence="It runs nothing from now on. Tasks that it started go on."
            done=done(action)
        >
            <ActionForm action attr:class="dialog-form">
                <input type="hidden" name="name" value=name />
                <button class="button" data-kind="danger" type="submit">"Delete schedule"</button>
                <FieldError error=error_of(action) />
            </ActionForm>
        </ConfirmDialog>
    }
    .into_any()
}

fn enable(name: &str, enabled: bool, action: ServerAction<EnableSchedule>) -> AnyView {
    let (name, word) = (name.to_owned(), if enabled { "Disable" } else { "Enable" });
    view! {
        <ActionForm action>
            <input type="hidden" name="name" value=name />
            <input type="hidden" name="enabled" value=(!enabled).to_string() />
            <button class="button" type="submit">{word}</button>
            <FieldError error=error_of(action) />
        </ActionForm>
    }
    .into_any()
}

fn change(name: &str, expression: &str, action: ServerAction<ChangeSchedule>) -> AnyView {
    let (question, name, value) = (format!("When does {name} run?"), name.to_owned(), expression.to_owned());
    view! {
        <DialogButton opens="change">"Change…"</DialogButton>
        <ConfirmDialog
            id="change"
            question
            consequence="A rate counts from now on; the times of a cron expression are UTC."
            done=done(action)
        >
            <ActionForm action attr:class="dialog-form">
                <input type="hidden" name="name" value=name />
                <Field name="expression" label="Schedule" value required=true autocomplete="off" />
                <button class="button" data-kind="primary" type="submit">"Save"</button>
                <FieldError error=error_of(action) />
            </ActionForm>
        </ConfirmDialog>
    }
    .into_any()
}

fn body(detail: &ScheduleDetail) -> AnyView {
    view! { {targets(detail)} {runs(&detail.runs)} }.into_any()
}

fn targets(detail: &ScheduleDetail) -> AnyView {
    let command = format!("aws events list-targets-by-rule --rule {}", detail.summary.name);
    let foot = view! { <CommandLine command /> }.into_any();
    if detail.targets.is_empty() {
        let text = "It is due and runs nothing: it has no target.";
        return view! { <Card title="What runs" foot><EmptyState title="No targets" text /></Card> }.into_any();
    }
    let rows: Vec<_> = detail.targets.iter().cloned().map(target_row).collect();
    view! {
        <Card title="What runs" note=detail.targets.len().to_string() foot>
            <Table label="What runs" columns=&["Target", "Task definition", "Cluster", ">Tasks", "Overrides"]>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn target_row(target: ScheduleTarget) -> AnyView {
    let family = target.task_definition.split(':').next().unwrap_or_default();
    let definition = format!("/task-definitions/{}", query_value(family));
    let cluster = format!("/clusters/{}", query_value(&target.cluster));
    let overrides = if target.overridden { "yes" } else { "none" };
    view! {
        <tr>
            <td class="mono">{target.id}</td>
            <td class="fill" data-label="Task definition"><a class="link" href=definition>{target.task_definition.clone()}</a></td>
            <td data-label="Cluster"><a class="link" href=cluster>{target.cluster.clone()}</a></td>
            <td class="end num" data-label="Tasks">{target.count}</td>
            <td data-label="Overrides">{overrides}</td>
        </tr>
    }
    .into_any()
}

fn runs(runs: &[ScheduleRun]) -> AnyView {
    if runs.is_empty() {
        let text = "What comes of each time that it is due is shown here.";
        return view! { <Card title="Times"><EmptyState title="Not due yet" text /></Card> }.into_any();
    }
    let rows: Vec<_> = runs.iter().cloned().map(run_row).collect();
    view! {
        <Card title="Times" note="the newest first">
            <Table label="Times" columns=&["Due, UTC", "Target", "Outcome", "Tasks, or why none"]>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn run_row(run: ScheduleRun) -> AnyView {
    let (state, word) = outcome(&run);
    let tasks: Vec<_> = run
        .tasks
        .iter()
        .map(|(cluster, id)| {
            let href = format!("/clusters/{}/tasks/{id}", query_value(cluster));
            view! { <a class="link mono" href=href>{short_id(id)}</a>" " }
        })
        .collect();
    view! {
        <tr>
            <td class="num">{date_and_clock(run.due_at)}</td>
            <td class="mono" data-label="Target">{run.target}</td>
            <td data-label="Outcome"><StateWord state word=word /></td>
            <td class="fill" data-label="Tasks, or why none" data-span="3">{tasks}{run.reason}</td>
        </tr>
    }
    .into_any()
}
