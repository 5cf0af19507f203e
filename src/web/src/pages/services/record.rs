//! What a service has been through: its last days, what failed and why, and every deployment of the last 90 days.

use leptos::prelude::*;

use crate::api::Page;
use crate::api::service_record::{PastDeployment, ServiceRecord, StopDeployment};
use crate::api::task_list::{FailureGroup, TaskSummary, failures_by_reason};
use crate::components::{
    Card, CommandLine, ConfirmDialog, Days, DialogButton, EmptyState, FieldError, StateWord, Table, done, error_of,
    panel,
};
use crate::error::ApiResult;
use crate::format::{date_and_clock, duration};

/// Where the record comes from.
pub(super) type Record = Resource<ApiResult<ServiceRecord>>;

/// The bars of the last days.
pub(super) fn last_days(record: Record) -> AnyView {
    panel(record, "Last days", |record| {
        if record.health.availability.is_none() {
            let text = "Days are counted from when the service first runs as it should.";
            return view! { <Card title="Last days"><EmptyState title="No record yet" text /></Card> }.into_any();
        }
        view! { <Card title="Last days"><div class="card-body"><Days history=record.health /></div></Card> }.into_any()
    })
    .into_any()
}

/// What tasks that stopped lately failed of; nothing when none did.
pub(super) fn failures(stopped: Resource<ApiResult<Page<TaskSummary>>>) -> AnyView {
    panel(stopped, "Failures", |tasks| {
        let groups = failures_by_reason(&tasks.items);
        if groups.is_empty() {
            return ().into_any();
        }
        let note = format!("of {} tasks that stopped lately", tasks.items.len());
        let rows: Vec<_> = groups.into_iter().map(failure).collect();
        view! {
            <Card title="Failures by reason" note tone="failed">
                <Table label="Failures by reason" columns=&["Reason", ">Tasks", ">Exit code", ">Last"]>{rows}</Table>
            </Card>
        }
        .into_any()
    })
    .into_any()
}

fn failure(group: FailureGroup) -> impl IntoView {
    let none = || "–".to_owned();
    let last = group.last_at.map_or_else(none, date_and_clock);
    view! {
        <tr>
            <td data-wide="">{group.reason}</td>
            <td class="end num" data-label="Tasks">{group.tasks}</td>
            <td class="end num" data-label="Exit code">{group.exit_code.map_or_else(none, |code| code.to_string())}</td>
            <td class="end" data-label="Last" data-span="3"><a class="link num" href=group.href>{last}</a></td>
        </tr>
    }
}

/// Every deployment that is remembered; one that runs can be stopped.
pub(super) fn history(cluster: &str, service: &str, record: Record, stop: ServerAction<StopDeployment>) -> AnyView {
    let command = format!("aws ecs list-service-deployments --cluster {cluster} --service {service}");
    panel(record, "History", move |record| {
        let foot = view! { <CommandLine command=command.clone() /> }.into_any();
        if record.deployments.is_empty() {
            let text = "Deployments are remembered for 90 days.";
            return view! { <Card title="History" foot><EmptyState title="No deployments" text /></Card> }.into_any();
        }
        let tools =
            record.deployments.iter().find(|deployment| deployment.is_open()).map(|open| stop_button(open, stop));
        let rows: Vec<_> = record.deployments.into_iter().map(row).collect();
        view! {
            <Card title="History" note="90 days" tools=tools.into_any() foot>
                <Table label="History" columns=&["Started", "State", "From", "To", ">Took", "Reason"]>{rows}</Table>
            </Card>
        }
        .into_any()
    })
    .into_any()
}

fn row(deployment: PastDeployment) -> impl IntoView {
    let (state, word) = deployment.health();
    let none = || "–".to_owned();
    let took = match (deployment.created_at, deployment.finished_at) {
        (Some(from), Some(to)) => duration(to - from),
        _ => none(),
    };
    let from = if deployment.from.is_empty() { none() } else { deployment.from.join(", ") };
    view! {
        <tr>
            <td class="num">{deployment.created_at.map_or_else(none, date_and_clock)}</td>
            <td data-label="State"><StateWord state word /></td>
            <td data-label="From">{from}</td>
            <td data-label="To">{deployment.to}</td>
            <td class="end num" data-label="Took">{took}</td>
            <td data-label="Reason" data-wide="">{deployment.reason}</td>
        </tr>
    }
}

fn stop_button(deployment: &PastDeployment, stop: ServerAction<StopDeployment>) -> AnyView {
    let (arn, to) = (deployment.arn.clone(), deployment.to.clone());
    let consequence = match deployment.from.first() {
        Some(from) => format!("Tasks of {from} take the place of those of {to} again."),
        None => "There is nothing to go back to: its tasks are left as they are.".to_owned(),
    };
    view! {
        <DialogButton opens="stop-deployment" kind="danger" size="small">"Stop deployment"</DialogButton>
        <ConfirmDialog id="stop-deployment" question=format!("Stop the deployment of {to}?") consequence done=done(stop)>
            <ActionForm action=stop attr:class="dialog-form">
                <input type="hidden" name="deployment" value=arn />
                <label class="visually-hidden" for="how">"How"</label>
                <select class="select" id="how" name="how">
                    <option value="ROLLBACK">"and roll back"</option>
                    <option value="ABORT">"and leave everything as it is"</option>
                </select>
                <button class="button" data-kind="danger" type="submit">"Stop"</button>
                <FieldError error=error_of(stop) />
            </ActionForm>
        </ConfirmDialog>
    }
    .into_any()
}
