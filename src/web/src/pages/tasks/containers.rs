//! The containers of a task: a table of all, and for each what it was started with. Values of the environment stay hidden
//! until they are asked for.

use leptos::prelude::*;

use crate::api::tasks::{ContainerDetail, TaskDetail, Variable};
use crate::components::{Card, CopyButton, Fact, Facts, StateWord, Table};
use crate::format::{count, mebibytes, sentence};
use crate::state::State;

/// The details of each.
pub(super) fn all_details(task: &TaskDetail) -> AnyView {
    task.containers.iter().map(details).collect_view().into_any()
}

/// The table.
pub(super) fn containers(task: &TaskDetail) -> AnyView {
    let note = task.containers.len().to_string();
    let rows: Vec<_> = task.containers.iter().map(row).collect();
    let columns = &["Name", "Image", "State", ">Exit", ">CPU units", ">Memory", "Ports"];
    view! {
        <Card title="Containers" note><Table label="Containers" columns>{rows}</Table></Card>
    }
    .into_any()
}

fn health(container: &ContainerDetail) -> (State, String) {
    let failed = container.exit_code.is_some_and(|code| code != 0) || container.reason.is_some();
    let state = State::of_task(&container.last_status, failed);
    match (state, container.health.as_str()) {
        (State::Running, "HEALTHY") => (state, "Healthy".to_owned()),
        (State::Running, "UNHEALTHY") => (State::Failed, "Unhealthy".to_owned()),
        _ => (state, sentence(&container.last_status)),
    }
}

fn row(container: &ContainerDetail) -> AnyView {
    let (state, word) = health(container);
    let none = || "–".to_owned();
    let essential = if container.essential { "essential" } else { "" };
    let ports = if container.ports.is_empty() { none() } else { container.ports.join(", ") };
    view! {
        <tr>
            <td><b>{container.name.clone()}</b>" "<span class="muted">{essential}</span></td>
            <td class="mono fill" data-label="Image" data-wide="">{container.image.clone()}</td>
            <td data-label="State"><StateWord state word /></td>
            <td class="end num value" data-label="Exit code">{container.exit_code.map_or_else(none, |code| code.to_string())}</td>
            <td class="end num" data-label="CPU units">{container.cpu.map_or_else(none, |units| units.to_string())}</td>
            <td class="end num" data-label="Memory">{container.memory_mib.map_or_else(none, mebibytes)}</td>
            <td class="num" data-label="Ports" data-wide="">{ports}</td>
        </tr>
    }
    .into_any()
}

fn details(container: &ContainerDetail) -> AnyView {
    let list = |label: &'static str, items: &[String], join: &str| {
        let text = items.join(join);
        (!items.is_empty()).then(|| view! { <Fact label><span class="mono">{text}</span></Fact> })
    };
    let copied = |label: &'static str, text: &Option<String>| {
        text.clone().map(|text| {
            view! {
                <Fact label>
                    <span class="mono">{text.clone()}</span>
                    <CopyButton text=text label=format!("Copy {}", label.to_lowercase()) />
                </Fact>
            }
        })
    };
    let facts = (
        copied("Image digest", &container.digest),
        copied("Container id", &container.runtime_id),
        list("Entry point", &container.entry_point, " "),
        list("Command", &container.command, " "),
        list("Waits until", &container.depends_on, ", "),
        list("Volumes", &container.mounts, ", "),
        container.reason.clone().map(|reason| view! { <Fact label="Reason">{reason}</Fact> }),
    );
    let environment = environment(&container.environment);
    view! {
        <Card title=format!("Container {}", container.name)>
            <div class="card-body"><Facts>{facts}</Facts>{environment}</div>
        </Card>
    }
    .into_any()
}

fn environment(variables: &[Variable]) -> Option<AnyView> {
    if variables.is_empty() {
        return None;
    }
    let words = format!("Environment: show {}", count(i64::try_from(variables.len()).unwrap_or(0), "value"));
    let rows: Vec<_> = variables
        .iter()
        .cloned()
        .map(|variable| {
            let value = variable.value.unwrap_or_else(|| "not shown".to_owned());
            view! {
                <tr>
                    <td class="mono value">{variable.name}</td>
                    <td class="mono fill" data-label="Value" data-wide="">{value}</td>
                    <td class="muted" data-label="From">{variable.from}</td>
                </tr>
            }
        })
        .collect();
    Some(
        view! {
            <details>
                <summary>{words}</summary>
                <Table label="Environment" columns=&["Name", "Value", "From"]>{rows}</Table>
            </details>
        }
        .into_any(),
    )
}
