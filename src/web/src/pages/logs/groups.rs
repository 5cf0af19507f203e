//! The log groups.

use leptos::prelude::*;

use crate::api::logs::{LogGroupSummary, list_log_groups};
use crate::components::{Card, CodeBlock, CommandLine, EmptyState, PageHead, PageTitle, Table, panel};
use crate::format::{bytes, date};

/// What makes the lines of a container stay.
const EXAMPLE: &str = r#""logConfiguration": {
  "logDriver": "awslogs",
  "options": {
    "awslogs-group": "/ecs/web",
    "awslogs-region": "us-east-1",
    "awslogs-stream-prefix": "web",
    "awslogs-create-group": "true"
  }
}"#;

/// The page.
#[component]
pub fn LogGroups() -> impl IntoView {
    let groups = Resource::new(|| (), |()| list_log_groups());
    view! {
        <PageTitle text="Logs" />
        <PageHead heading="Logs" />
        {panel(groups, "Log groups", shown)}
    }
}

fn shown(groups: Vec<LogGroupSummary>) -> AnyView {
    let foot = view! { <CommandLine command="aws logs describe-log-groups" /> }.into_any();
    if groups.is_empty() {
        let text = "What containers write is kept in the group that their task definition names.";
        return view! {
            <Card title="Log groups" foot>
                <EmptyState title="No log groups yet" text />
                <div class="card-body"><CodeBlock code=EXAMPLE label="A container definition with a log" /></div>
            </Card>
        }
        .into_any();
    }
    let note = groups.len().to_string();
    let rows: Vec<_> = groups.into_iter().map(row).collect();
    view! {
        <Card title="Log groups" note foot>
            <Table label="Log groups" columns=&["Name", "Kept for", ">Stored", "Created"]>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn row(group: LogGroupSummary) -> AnyView {
    let href = super::href(&group.name, "");
    let kept = group.kept();
    view! {
        <tr>
            <td class="fill"><a class="object mono" href=href>{group.name}</a></td>
            <td data-label="Kept for">{kept}</td>
            <td class="end num" data-label="Stored">{bytes(group.stored_bytes)}</td>
            <td class="num" data-label="Created">{group.created_at.map(date)}</td>
        </tr>
    }
    .into_any()
}
