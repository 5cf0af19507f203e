//! The life of a task as a course of steps, and why it stopped.

use leptos::prelude::*;

use crate::api::tasks::TaskDetail;
use crate::components::{Banner, Card, Step, StepMark, Steps};
use crate::format::{clock, duration};
use crate::state::State;

/// The card.
pub(super) fn life(task: &TaskDetail) -> AnyView {
    let steps = steps(task);
    let lived = match (task.summary.started_at, task.summary.stopped_at) {
        (Some(from), Some(to)) if to >= from => Some(format!("ran {}", duration(to - from))),
        _ => None,
    };
    let note = lived.map(|lived| view! { <span class="card-note">{lived}</span> });
    view! {
        <Card title="Life" tools=note.into_any()>
            <div class="card-body"><Steps steps /></div>
        </Card>
    }
    .into_any()
}

/// Why a stopped task stopped.
pub(super) fn why(task: &TaskDetail) -> Option<AnyView> {
    let summary = &task.summary;
    if summary.stopped_reason.is_none() && summary.stop_code.is_none() {
        return None;
    }
    let state = if summary.failed() { State::Failed } else { State::Stopped };
    let title = summary.stopped_reason.clone().unwrap_or_else(|| "Stopped".to_owned());
    let mut details: Vec<String> = summary.stop_code.iter().cloned().collect();
    for container in &task.containers {
        let mut told = Vec::new();
        told.extend(container.exit_code.map(|code| format!("exit code {code}")));
        told.extend(container.reason.clone());
        if !told.is_empty() {
            details.push(format!("{}: {}", container.name, told.join(", ")));
        }
    }
    Some(view! { <Banner state title detail=details.join(" · ") /> }.into_any())
}

/// Created, pulled, running, stopping, stopped: those that came, and those that are to come.
fn steps(task: &TaskDetail) -> Vec<Step> {
    let summary = &task.summary;
    let ended = summary.last_status == "STOPPED";
    let pulled = match (task.pull_started_at, task.pull_stopped_at) {
        (Some(from), Some(to)) if to >= from => format!("in {}", duration(to - from)),
        _ => String::new(),
    };
    let mut steps = vec![
        came("Created", summary.created_at, String::new()),
        came("Images pulled", task.pull_stopped_at, pulled),
        came("Running", summary.started_at, String::new()),
    ];
    if ended || task.stopping_at.is_some() || summary.desired_status == "STOPPED" {
        steps.push(came("Stopping", task.stopping_at, String::new()));
        steps.push(came("Stopped", summary.stopped_at, String::new()));
    }
    if ended {
        // What a task that has ended never came to is left out.
        steps.retain(|step| step.mark == StepMark::Done);
        if let Some(last) = steps.last_mut().filter(|_| summary.failed()) {
            last.mark = StepMark::Bad;
        }
    } else if let Some(next) = steps.iter_mut().find(|step| step.mark == StepMark::Ahead) {
        next.mark = StepMark::Current;
    } else if let Some(last) = steps.last_mut() {
        last.mark = StepMark::Current;
    }
    steps
}

/// A step with the time at which it came; one that did not come is ahead.
fn came(name: &str, at: Option<i64>, note: String) -> Step {
    let at_clock = at.map(clock);
    let note = [at_clock.unwrap_or_default(), note].join(" ").trim().to_owned();
    let mark = if at.is_some() { StepMark::Done } else { StepMark::Ahead };
    Step { name: name.to_owned(), note, mark }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::task_list::TaskSummary;

    fn task(last_status: &str, times: [Option<i64>; 5], stop_code: Option<&str>) -> TaskDetail {
        let [created_at, pull_stopped_at, started_at, stopping_at, stopped_at] = times;
        let summary = TaskSummary {
            id: "1".into(),
            cluster: "prod".into(),
            service: None,
            task_definition: "web:1".into(),
            last_status: last_status.into(),
            desired_status: if stopping_at.is_some() { "STOPPED" } else { "RUNNING" }.into(),
            health_status: "UNKNOWN".into(),
            instance: None,
            availability_zone: None,
            launch_type: "EC2".into(),
            created_at,
            started_at,
            stopped_at,
            stop_code: stop_code.map(str::to_owned),
            stopped_reason: None,
            containers: Vec::new(),
        };
        TaskDetail {
            summary,
            arn: String::new(),
            group: String::new(),
            capacity_provider: None,
            started_by: None,
            cpu: None,
            memory_mib: None,
            network_mode: "bridge".into(),
            network: Vec::new(),
            pull_started_at: None,
            pull_stopped_at,
            stopping_at,
            containers: Vec::new(),
            tags: Vec::new(),
        }
    }

    #[test]
    fn a_life_is_told_by_what_came_and_what_comes_next() {
        let at = Some(1_000);
        for (last_status, times, stop_code, expected) in [
            ("PENDING", [at, None, None, None, None], None, "Created Done, Images pulled Current, Running Ahead"),
            ("RUNNING", [at, at, at, None, None], None, "Created Done, Images pulled Done, Running Current"),
            (
                "STOPPING",
                [at, at, at, at, None],
                Some("UserInitiated"),
                "Created Done, Images pulled Done, Running Done, Stopping Done, Stopped Current",
            ),
            (
                "STOPPED",
                [at, None, None, at, at],
                Some("TaskFailedToStart"),
                "Created Done, Stopping Done, Stopped Bad",
            ),
        ] {
            let steps = steps(&task(last_status, times, stop_code));
            let told: Vec<_> = steps.iter().map(|step| format!("{} {:?}", step.name, step.mark)).collect();
            assert_eq!(told.join(", "), expected, "{last_status}");
        }
    }
}
