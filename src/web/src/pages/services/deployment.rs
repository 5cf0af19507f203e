//! The course of a deployment: its steps, and one bar for each revision that has tasks.

use leptos::prelude::*;

use super::staged;
use crate::api::services::{DeploymentSummary, ServiceDetail};
use crate::api::staged::ContinueDeployment;
use crate::components::{Card, CommandLine, DeployBar, StateWord, Step, StepMark, Steps, Table};
use crate::format::{clock, count, date_and_clock, duration};
use crate::state::State;

/// The newest deployment, and those that it replaces.
pub(super) fn course(service: &ServiceDetail, going_on: ServerAction<ContinueDeployment>) -> Option<AnyView> {
    let primary = service.deployments.iter().find(|deployment| deployment.is_primary())?;
    let bars: Vec<_> = service.deployments.iter().map(|d| bar(d, service.summary.desired)).collect();
    let note = service.deploys();
    let failures = view! { <span class="card-note">{breaker(service, primary)}</span> };
    let why = (primary.rollout == "FAILED").then(|| view! { <p class="field-error">{primary.reason.clone()}</p> });
    let steps = service.staged.as_ref().map_or_else(|| steps(primary), staged::steps);
    let waits = service.staged.as_ref().map(|staged| staged::waits(service, staged, going_on));
    Some(
        view! {
            <Card title="Deployment" note tools=failures.into_any()>
                <div class="card-body">
                    <div class="deploy"><Steps steps /> {bars} {waits} {why}</div>
                </div>
            </Card>
        }
        .into_any(),
    )
}

fn breaker(service: &ServiceDetail, primary: &DeploymentSummary) -> String {
    match primary.failed {
        0 => service.breaker.in_words().to_owned(),
        n => format!("{} failed to start, {}", count(n, "task"), service.breaker.in_words()),
    }
}

/// Created, first task, replacing, complete: where a deployment stands.
fn steps(deployment: &DeploymentSummary) -> Vec<Step> {
    let step = |name: &str, note: String, mark| Step { name: name.to_owned(), note, mark };
    let done = deployment.rollout == "COMPLETED";
    let failed = deployment.rollout == "FAILED";
    let has_started = deployment.running > 0 || done;
    let first = match (has_started, deployment.pending, deployment.failed) {
        (true, ..) => step("First task", "runs".to_owned(), StepMark::Done),
        (false, 0, 0) if deployment.desired == 0 => step("First task", "none wanted".to_owned(), StepMark::Ahead),
        (false, _, 0) => step("First task", "starting".to_owned(), StepMark::Current),
        (false, _, n) => step("First task", count(n, "failure"), StepMark::Bad),
    };
    let mark = match (done, failed, has_started) {
        (true, ..) => StepMark::Done,
        (false, true, _) => StepMark::Bad,
        (false, false, true) => StepMark::Current,
        (false, false, false) => StepMark::Ahead,
    };
    let replacing = step("Replacing", format!("{} of {}", deployment.running, deployment.desired), mark);
    let last = match (done, failed) {
        (true, _) => step("Complete", took(deployment), StepMark::Done),
        (_, true) => step("Failed", took(deployment), StepMark::Bad),
        _ => step("Complete", String::new(), StepMark::Ahead),
    };
    let created = step("Created", deployment.created_at.map(clock).unwrap_or_default(), StepMark::Done);
    vec![created, first, replacing, last]
}

/// How long it took from its creation to its last change.
fn took(deployment: &DeploymentSummary) -> String {
    match (deployment.created_at, deployment.updated_at) {
        (Some(from), Some(to)) if to >= from => format!("after {}", duration(to - from)),
        _ => String::new(),
    }
}

fn bar(deployment: &DeploymentSummary, desired: u32) -> AnyView {
    let running = if deployment.is_primary() { State::Running } else { State::Draining };
    let parts = vec![(running, deployment.running), (State::Pending, deployment.pending)];
    let mut words = vec![format!("{} running", deployment.running)];
    if deployment.pending > 0 {
        words.push(format!("{} pending", deployment.pending));
    }
    let words = words.join(", ");
    let label = format!("{}: {words} of {desired}", deployment.task_definition);
    let role = match (deployment.is_primary(), deployment.rollout.as_str()) {
        (true, "COMPLETED") => "now",
        (true, _) => "new",
        (false, _) => "before",
    };
    view! {
        <div class="deploy-revision">
            <span class="truncate"><b>{deployment.task_definition.clone()}</b>" "<span class="muted">{role}</span></span>
            <DeployBar parts total=desired label />
            <span class="num">{words}</span>
        </div>
    }
    .into_any()
}

/// Every deployment that the service still has tasks of.
pub(super) fn deployments(service: &ServiceDetail, going_on: ServerAction<ContinueDeployment>) -> AnyView {
    let (cluster, name) = (&service.summary.cluster, &service.summary.name);
    let command =
        format!("aws ecs describe-services --cluster {cluster} --services {name} --query 'services[0].deployments'");
    let rows: Vec<_> = service.deployments.iter().map(row).collect();
    let columns =
        &["Deployment", "State", "Task definition", ">Running", ">Pending", ">Failed", "-Reason", "->Changed"];
    view! {
        {course(service, going_on)}
        <Card
            title="Deployments"
            note=service.deployments.len().to_string()
            foot=view! { <CommandLine command /> }.into_any()
        >
            <Table label="Deployments" columns>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn row(deployment: &DeploymentSummary) -> AnyView {
    let (state, word) = match deployment.rollout.as_str() {
        "COMPLETED" => (State::Running, "Completed"),
        "FAILED" => (State::Failed, "Failed"),
        _ if deployment.is_primary() => (State::Pending, "In progress"),
        _ => (State::Draining, "Being replaced"),
    };
    let href = format!("/task-definitions/{}", deployment.task_definition.replace(':', "/"));
    view! {
        <tr>
            <td class="mono">{deployment.id.clone()}</td>
            <td data-label="State"><StateWord state word /></td>
            <td data-label="Task definition"><a class="object" href=href>{deployment.task_definition.clone()}</a></td>
            <td class="end num" data-label="Running">{format!("{} of {}", deployment.running, deployment.desired)}</td>
            <td class="end num" data-label="Pending">{deployment.pending}</td>
            <td class="end num" data-label="Failed">{deployment.failed}</td>
            <td class="fill tall" data-label="Reason" data-wide="" data-low="">{deployment.reason.clone()}</td>
            <td class="end num muted" data-label="Changed" data-low="" data-span="4">
                {deployment.updated_at.map_or_else(|| "–".to_owned(), date_and_clock)}
            </td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(rollout: &str, running: u32, pending: u32, failed: u32) -> DeploymentSummary {
        DeploymentSummary {
            id: "ecs-svc/1".into(),
            status: "PRIMARY".into(),
            task_definition: "web:2".into(),
            desired: 4,
            running,
            pending,
            failed,
            rollout: rollout.into(),
            reason: String::new(),
            created_at: Some(0),
            updated_at: Some(14_000),
        }
    }

    #[test]
    fn the_steps_say_where_a_deployment_stands() {
        use StepMark::{Ahead, Bad, Current, Done};
        for (rollout, running, pending, failed, marks) in [
            ("IN_PROGRESS", 0, 2, 0, [Done, Current, Ahead, Ahead]),
            ("IN_PROGRESS", 0, 1, 3, [Done, Bad, Ahead, Ahead]),
            ("IN_PROGRESS", 2, 2, 0, [Done, Done, Current, Ahead]),
            ("COMPLETED", 4, 0, 0, [Done, Done, Done, Done]),
            ("FAILED", 0, 0, 3, [Done, Bad, Bad, Bad]),
        ] {
            let found: Vec<_> = steps(&deployment(rollout, running, pending, failed)).iter().map(|s| s.mark).collect();
            assert_eq!(found, marks, "{rollout} {running} {pending} {failed}");
        }
    }
}
