//! All schedules.

use gantry_model::event::EventKind;
use leptos::prelude::*;

use crate::api::schedules::{ScheduleOutcome, ScheduleRun, ScheduleSummary, list_schedules};
use crate::components::{Card, CommandLine, EmptyState, Icon, IconMark, PageHead, PageTitle, StateWord, Table, panel};
use crate::format::date_and_clock;
use crate::live::refresh_on;
use crate::state::State;

/// The page.
#[component]
pub fn Schedules() -> impl IntoView {
    let schedules = Resource::new(|| (), |()| list_schedules());
    refresh_on(&[EventKind::Rule], Signal::stored(None), move || schedules.refetch());
    let create = view! {
        <a class="button" data-kind="primary" href="/create-schedule"><IconMark icon=Icon::Plus />"Create schedule"</a>
    };
    view! {
        <PageTitle text="Schedules" />
        <PageHead heading="Schedules" actions=create.into_any() />
        {panel(schedules, "Schedules", shown)}
    }
}

fn shown(schedules: Vec<ScheduleSummary>) -> AnyView {
    let foot = view! { <CommandLine command="aws events list-rules" /> }.into_any();
    if schedules.is_empty() {
        let text = "A schedule runs a task every so often, or at the times of a cron expression.";
        return view! { <Card title="Schedules" foot><EmptyState title="No schedules yet" text /></Card> }.into_any();
    }
    let note = schedules.len().to_string();
    let rows: Vec<_> = schedules.into_iter().map(row).collect();
    view! {
        <Card title="Schedules" note foot>
            <Table label="Schedules" columns=&["Name", "Schedule", "State", "Next, UTC", "Last time"]>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn row(schedule: ScheduleSummary) -> AnyView {
    let href = super::href(&schedule.name);
    let (state, word) = state_of(&schedule);
    let last = match &schedule.last {
        None => view! { <span class="muted">"not yet"</span> }.into_any(),
        Some(run) => {
            let (state, word) = outcome(run);
            view! { <StateWord state word=word /> }.into_any()
        }
    };
    view! {
        <tr>
            <td><a class="object" href=href><b>{schedule.name}</b></a></td>
            <td class="fill mono" data-label="Schedule" data-span="3">{schedule.expression}</td>
            <td data-label="State"><StateWord state word=word /></td>
            <td class="num" data-label="Next, UTC">{schedule.next_at.map_or_else(|| "never".to_owned(), date_and_clock)}</td>
            <td data-label="Last time">{last}</td>
        </tr>
    }
    .into_any()
}

/// Whether a schedule is in force.
pub(super) fn state_of(schedule: &ScheduleSummary) -> (State, &'static str) {
    if schedule.enabled { (State::Running, "Enabled") } else { (State::Stopped, "Disabled") }
}

/// What came of a time.
pub(super) fn outcome(run: &ScheduleRun) -> (State, &'static str) {
    match run.outcome {
        ScheduleOutcome::Started => (State::Running, "Started"),
        ScheduleOutcome::Trying => (State::Pending, "Being tried"),
        ScheduleOutcome::GivenUp => (State::Failed, "Given up"),
    }
}
