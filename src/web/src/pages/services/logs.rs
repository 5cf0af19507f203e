//! Where the containers of a service write to.

use leptos::prelude::*;

use crate::api::logs::{LogSource, log_sources};
use crate::api::services::ServiceDetail;
use crate::components::{Card, CommandLine, EmptyState, Table, panel};
use crate::pages::logs::href;

/// The tab.
pub(super) fn logs(service: &ServiceDetail) -> AnyView {
    let definition = service.summary.task_definition.clone();
    let sources = Resource::new(move || definition.clone(), log_sources);
    panel(sources, "Logs", shown).into_any()
}

fn shown(sources: Vec<LogSource>) -> AnyView {
    let Some(first) = sources.first() else {
        let text =
            "None of its containers has the log driver awslogs with a stream prefix, so their lines stay on the hosts.";
        return view! { <Card title="Logs"><EmptyState title="No lines are kept" text /></Card> }.into_any();
    };
    let command = format!("aws logs tail {} --follow --log-stream-name-prefix {}", first.group, first.stream);
    let rows: Vec<_> = sources.into_iter().map(row).collect();
    view! {
        <Card title="Logs of all tasks" foot=view! { <CommandLine command /> }.into_any()>
            <Table label="Logs" columns=&["Container", "Log group", "Streams that begin with"]>{rows}</Table>
        </Card>
    }
    .into_any()
}

fn row(source: LogSource) -> AnyView {
    let href = href(&source.group, &source.stream);
    view! {
        <tr>
            <td><a class="object" href=href><b>{source.container}</b></a></td>
            <td class="mono" data-label="Log group">{source.group}</td>
            <td class="mono fill" data-label="Streams" data-wide="">{source.stream}</td>
        </tr>
    }
    .into_any()
}
